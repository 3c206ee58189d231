// A function that makes a WebSocket which calls back at once: when a handler is set, and inside `send` and `close`. Behind it
// are a relay and a small game server. `sent` collects what is sent. The tests evaluate this file, so it is one expression.
(url, protocols, sent) => {
  const player = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
  const other = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
  const roomId = "11111111111111111111111111111111";
  const answers = {
    NAME: ({ name }) => ({ command: "NAME_OK", name, authenticated: true, udpEncryption: false }),
    CREATE_ROOM: ({ name }) => ({ command: "ROOM_CREATED", roomId, name }),
    LIST_ROOMS: () => ({
      command: "ROOM_LIST",
      rooms: [{ id: roomId, name: "go", playerCount: 2, isActive: false, hostId: "" }],
    }),
    GET_ROOM_PLAYERS: () => ({ command: "ROOM_PLAYERS", roomId, players: [{ id: player, name: "Ann" }] }),
    LEAVE_ROOM: () => ({ command: "LEAVE_OK", roomId }),
    START_GAME: () => ({
      command: "GAME_STARTED",
      roomId,
      spawnPositions: { [player]: { x: 0.5, y: 1, z: -2 }, [other]: { spawnIndex: 3 } },
    }),
    PING: () => ({ command: "PONG" }),
    PLAYER_INFO: () => ({ command: "PLAYER_INFO", playerInfo: { id: player, name: "Ann" } }),
  };
  const socket = {
    readyState: 1,
    bufferedAmount: 0,
    say(frame) {
      this.message?.({ data: typeof frame === "string" ? frame : JSON.stringify(frame) });
    },
    move(x) {
      const position = { x, y: 2, z: 3 };
      const rotation = { x: 0, y: 0, z: 0, w: 1 };
      const text = JSON.stringify({ command: "UPDATE", sessionId: other, position, rotation });
      this.message?.({ data: new TextEncoder().encode(text).buffer });
    },
    set onopen(handler) {
      handler?.({});
    },
    set onclose(handler) {
      this.closed = handler;
    },
    set onmessage(handler) {
      this.message = handler;
      if (url.includes("/spectate/")) {
        this.say({
          room: "r1",
          name: "go",
          hostId: null,
          isActive: true,
          players: [{ index: 7, id: "p", name: "Ann" }],
        });
      } else {
        this.say({ relay: "ready", resumed: false, received: 0, resumeSeconds: 0 });
        this.say(`CONNECTED|${player}`);
      }
    },
    send(data) {
      sent.push(data);
      if (typeof data !== "string") return;
      const command = JSON.parse(data);
      if (command.command === "BYE") this.close(1000);
      else if (answers[command.command]) this.say(answers[command.command](command));
    },
    close(code) {
      const { closed } = this;
      this.closed = null;
      closed?.({ code, reason: "" });
    },
  };
  return socket;
};
