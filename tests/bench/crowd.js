// The part of the frame measurement that runs in the page: a WebSocket with a simulated room full of cars that drive in a circle.
// Each car's position comes as a datagram of its own, 20 times a second, as through a relay. Not a module: it runs before the page.

{
  const UPDATE_HZ = 20;
  const LINE_METRES = 60;
  const METRES_PER_SECOND = 40;
  const ROOM = "11111111111111111111111111111111";
  /** @param {number} number */
  const hexadecimal = (number) => number.toString(16).padStart(32, "0");
  const OWN = hexadecimal(1);
  const OwnWebSocket = WebSocket;
  const encoder = new TextEncoder();

  /** @param {number} cars */
  const makeCrowd = (cars) =>
    class Crowd extends EventTarget {
      readyState = 1;
      bufferedAmount = 0;
      binaryType = "arraybuffer";
      /** @type {((event: Event) => void) | null} */
      onopen = null;
      /** @type {((event: MessageEvent) => void) | null} */
      onmessage = null;
      /** @type {((event: CloseEvent) => void) | null} */
      onclose = null;
      others = Array.from({ length: cars - 1 }, (_, index) => hexadecimal(2 + index));
      sent = 0;

      constructor() {
        super();
        setTimeout(() => {
          this.onopen?.(new Event("open"));
          this.tell({ relay: "ready", resumed: false, received: 0, resumeSeconds: 0 });
          this.deliver(`CONNECTED|${OWN}`);
        });
        const beganMs = performance.now();
        this.timer = setInterval(
          () => this.drive((performance.now() - beganMs) / 1000),
          1000 / UPDATE_HZ / 5,
        );
      }

      /** Send the positions that are due, evenly over the time. @param {number} seconds */
      drive(seconds) {
        for (const due = seconds * UPDATE_HZ * this.others.length; this.sent < due; this.sent += 1) {
          const car = this.sent % this.others.length;
          const angle = (seconds * METRES_PER_SECOND) / LINE_METRES + (2 * Math.PI * car) / cars;
          const position = { x: LINE_METRES * Math.cos(angle), y: 0, z: LINE_METRES * Math.sin(angle) };
          const rotation = { x: 0, y: Math.sin(-angle / 2), z: 0, w: Math.cos(-angle / 2) };
          const update = { command: "UPDATE", sessionId: this.others[car], position, rotation };
          this.deliver(encoder.encode(JSON.stringify(update)).buffer);
        }
      }

      /** @param {unknown} data */
      deliver(data) {
        this.onmessage?.(new MessageEvent("message", { data }));
      }

      /** @param {object} line */
      tell(line) {
        this.deliver(JSON.stringify(line));
      }

      /** @param {unknown} data */
      send(data) {
        if (typeof data !== "string") return;
        const { command, ...asked } = JSON.parse(data);
        queueMicrotask(() => this.answer(command, asked));
      }

      /** @param {string} command @param {any} asked */
      answer(command, asked) {
        const room = { id: ROOM, name: "Crowd", playerCount: cars, isActive: false, hostId: OWN };
        const players = [
          { id: OWN, name: "Ann" },
          ...this.others.map((id, index) => ({ id, name: `Car ${index}` })),
        ];
        if (command === "NAME") {
          this.tell({ command: "NAME_OK", name: asked.name, authenticated: true, udpEncryption: true });
        } else if (command === "LIST_ROOMS") this.tell({ command: "ROOM_LIST", rooms: [room] });
        else if (command === "CREATE_ROOM") {
          this.tell({ command: "ROOM_CREATED", roomId: ROOM, name: asked.name });
        } else if (command === "GET_ROOM_PLAYERS") {
          this.tell({ command: "ROOM_PLAYERS", roomId: ROOM, players });
        } else if (command === "START_GAME") this.start();
        else if (command === "PING") this.tell({ command: "PONG" });
      }

      start() {
        const spawnPositions = { [OWN]: { x: 66, y: -2, z: 0.8 } };
        this.tell({ command: "GAME_STARTED", roomId: ROOM, hostId: OWN, spawnPositions });
        this.tell({ command: "GAME_STARTED", roomId: ROOM, spawnPositions });
      }

      close() {
        clearInterval(this.timer);
        this.readyState = 3;
        queueMicrotask(() => this.onclose?.(new CloseEvent("close", { code: 1000 })));
      }
    };

  /** @type {any} */ (globalThis).crowd = (/** @type {number} */ cars) => {
    const Crowd = makeCrowd(cars);
    globalThis.WebSocket = /** @type {any} */ (
      function open(/** @type {string} */ url, /** @type {string[]} */ protocols) {
        return new URL(url).pathname.endsWith("/ws") ? new Crowd() : new OwnWebSocket(url, protocols);
      }
    );
  };
}
