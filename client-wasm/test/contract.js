// What a client does alike in every mode: over a real relay, over a mock, in a Worker, under a network lab, while it is recorded.
// It runs in Node and in a page, so it imports nothing.

/** @typedef {import("../js/index.js").RaceClient} RaceClient */
/** @typedef {{ connect: (name: string) => Promise<RaceClient> }} Site  Where clients of one mode meet. */

/** Longer than this nothing takes in any mode. */
const PATIENCE_MS = 20_000;

/**
 * Wait until something holds.
 * @param {string} what
 * @param {() => unknown} holds
 */
async function until(what, holds) {
  for (const end = Date.now() + PATIENCE_MS; !holds();) {
    if (Date.now() > end) throw new Error(`it never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** @param {string} what @param {unknown} is @param {unknown} expected */
function equal(what, is, expected) {
  const [shown, wanted] = [JSON.stringify(is), JSON.stringify(expected)];
  if (shown !== wanted) throw new Error(`${what}: ${shown} instead of ${wanted}`);
}

/** @param {Promise<unknown>} promise */
async function codeOf(promise) {
  try {
    await promise;
    return "resolved";
  } catch (error) {
    return /** @type {any} */ (error).code;
  }
}

/** @param {import("../js/index.js").Room} room */
const namesIn = (room) => [...room.players.values()].map(({ name }) => name).sort();

/**
 * Two players in a room of the first.
 * @param {Site} site
 */
async function pair({ connect }) {
  const [ann, ben] = [await connect("Ann"), await connect("Ben")];
  const own = await ann.createRoom("Friday");
  const joined = await ben.joinRoom(own.id);
  await until("both know each other", () => own.players.size === 2 && joined.players.size === 2);
  return { ann, ben, own, joined };
}

/** The cases, by what they say. @type {Record<string, (site: Site) => Promise<void>>} */
export const CONTRACT = {
  async "a player signs in, makes a room, is its host, and leaves it"({ connect }) {
    const ann = await connect("Ann");
    equal("state", [ann.state, ann.name, ann.room], ["connected", "Ann", null]);
    const room = await ann.createRoom("Friday");
    equal("room", [room.name, room.isHost, room.isActive, room.isOpen], ["Friday", true, false, true]);
    equal("player", [...room.players.values()], [{ id: ann.id, name: "Ann", isHost: true, isMe: true }]);
    const listed = (await ann.listRooms()).find(({ id }) => id === room.id);
    equal("listed", [listed?.name, listed?.playerCount, listed?.hostId], ["Friday", 1, ann.id]);
    await room.leave();
    equal("left", [ann.room, room.isOpen], [null, false]);
    const rooms = await ann.listRooms();
    equal(
      "an empty room is gone",
      rooms.some(({ id }) => id === room.id),
      false,
    );
  },

  async "players of a room see each other come, and hear who is the host when one goes"({ connect }) {
    const ann = await connect("Ann");
    const own = await ann.createRoom("Friday");
    /** @type {string[]} */
    const heard = [];
    own.on("joined", ({ name }) => heard.push(`${name} joined`));
    const ben = await connect("Ben");
    const joined = await ben.joinRoom(own.id);
    await until("Ann hears that Ben joined", () => heard.includes("Ben joined"));
    await until("Ben knows the room", () => joined.name === "Friday" && joined.hostId === ann.id);
    equal(
      "names",
      [namesIn(own), namesIn(joined)],
      [
        ["Ann", "Ben"],
        ["Ann", "Ben"],
      ],
    );
    await own.leave();
    await until("Ben is the host", () => joined.isHost && joined.players.size === 1);
  },

  async "a pose comes as a car with its name and its place"(site) {
    const { ann, own, joined } = await pair(site);
    // A server passes positions on to those it knows an address of, so both drive.
    await until("Ben sees Ann's car", () => {
      own.sendPose({ x: 12, z: 34, yaw: 0.5 });
      joined.sendPose({ x: 0, z: 0, yaw: 0 });
      return [...joined.cars()].some(({ id, x }) => id === ann.id && Math.abs(x - 12) < 0.01);
    });
    const [car] = [...joined.cars()].map(({ name, z, yaw }) => [name, Math.round(z), Math.round(yaw * 10)]);
    equal("car", car, ["Ann", 34, 5]);
  },

  async "a text and a message of the page's own reach the other player"(site) {
    const { ann, own, joined } = await pair(site);
    /** @type {unknown[]} */
    const heard = [];
    joined.on("message", ({ senderName, text }) => heard.push([senderName, text]));
    joined.on("message:lap", ({ senderId, payload }) => heard.push([senderId === ann.id, payload]));
    await own.say("hello");
    await own.send("lap", { seconds: 71.5 });
    await until("Ben hears both", () => heard.length === 2);
    equal("heard", heard, [
      ["Ann", "hello"],
      [true, { seconds: 71.5 }],
    ]);
  },

  async "the host starts the race, and both learn where they start"(site) {
    const { ben, own, joined } = await pair(site);
    /** @type {unknown[]} */
    const started = [];
    own.on("started", ({ mine }) => started.push(mine !== null));
    joined.on("started", ({ mine }) => started.push(mine !== null));
    equal("a guest's start", await codeOf(joined.start()), "not_host");
    await own.start();
    await until("both hear it", () => started.length === 2);
    equal("started", [started, own.isActive, joined.isActive], [[true, true], true, true]);
    equal("still connected", ben.state, "connected");
  },

  async "what cannot be done is refused with a code, and disturbs nothing"({ connect }) {
    const ann = await connect("Ann");
    equal("no such room", await codeOf(ann.joinRoom("0".repeat(32))), "room_not_found");
    equal("no text", await codeOf(ann.createRoom(/** @type {any} */ (5))), "invalid_argument");
    const room = await ann.createRoom("Friday");
    equal("still works", [ann.state, room.isHost], ["connected", true]);
  },

  async "a closed client says so, and takes no more commands"({ connect }) {
    const ann = await connect("Ann");
    const room = await ann.createRoom("Friday");
    /** @type {string[]} */
    const states = [];
    ann.on("state", ({ state }) => states.push(state));
    await ann.close();
    equal("states", [states, ann.state, room.isOpen], [["closed"], "closed", false]);
    equal("afterwards", await codeOf(ann.listRooms()), "closed");
  },
};
