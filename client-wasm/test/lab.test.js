import assert from "node:assert/strict";
import { test } from "node:test";
import { lab } from "../js/lab.js";
import { HELD_BACK_MS, Lane, MAX_DATAGRAMS, MAX_TEXTS } from "../js/lab/lane.js";
import { checked } from "../js/lab/conditions.js";
import { ManualClock } from "./manual-clock.js";

/** A socket whose other end is the test. */
class FarSocket {
  url = "ws://relay/ws";
  protocol = "mp-relay.v1";
  extensions = "";
  bufferedAmount = 0;
  binaryType = "blob";
  readyState = 0;
  /** @type {any} */
  onopen = null;
  /** @type {any} */
  onmessage = null;
  /** @type {any} */
  onclose = null;
  /** @type {any} */
  onerror = null;
  /** @type {any[]} */
  sent = [];
  /** @type {any[]} */
  closed = [];

  open() {
    this.readyState = 1;
    this.onopen?.({});
  }

  /** @param {any} data */
  say(data) {
    this.onmessage?.({ data });
  }

  /** @param {any} data */
  send(data) {
    this.sent.push(typeof data === "string" ? data : new Uint8Array(data)[0]);
  }

  /** @param {any[]} args */
  close(...args) {
    this.closed.push(args);
  }
}

/**
 * @param {import("../js/lab.js").Conditions | null} conditions
 */
function setUp(conditions) {
  const clock = new ManualClock();
  /** @type {FarSocket[]} */
  const far = [];
  const network = lab(conditions, {
    clock,
    webSocket: () => {
      far.push(new FarSocket());
      return /** @type {any} */ (far[far.length - 1]);
    },
  });
  const connect = () => {
    const near = /** @type {any} */ (network.webSocket("ws://relay/ws", ["mp-relay.v1"]));
    /** @type {Array<[atMs: number, what: any]>} */
    const heard = [];
    near.onopen = () => heard.push([clock.now(), "open"]);
    near.onmessage = (/** @type {any} */ { data }) =>
      heard.push([clock.now(), typeof data === "string" ? data : new Uint8Array(data)[0]]);
    near.onclose = (/** @type {any} */ { code, wasClean }) => heard.push([clock.now(), { code, wasClean }]);
    return { near, heard, socket: far[far.length - 1] };
  };
  return { clock, network, connect };
}

/** @param {number} number */
const datagram = (number) => new Uint8Array([number]).buffer;

test("a network without trouble passes every frame at once, and looks like a WebSocket", () => {
  const { clock, connect } = setUp({ disconnectAfterMs: 1000 });
  const { near, heard, socket } = connect();
  near.onerror = () => heard.push([0, "error"]);
  assert.throws(() => near.send("early"), { name: "InvalidStateError" });
  socket.open();
  near.send("PING");
  near.send(datagram(7));
  socket.say("PONG");
  socket.bufferedAmount = 123;
  assert.deepEqual(socket.sent, ["PING", 7]);
  assert.deepEqual(heard, [
    [0, "open"],
    [0, "PONG"],
  ]);
  const { url, protocol, bufferedAmount, binaryType, readyState, OPEN } = near;
  assert.deepEqual([url, protocol, bufferedAmount], ["ws://relay/ws", "mp-relay.v1", 123]);
  assert.deepEqual([binaryType, readyState, OPEN], ["arraybuffer", 1, 1]);
  assert.throws(() => near.close(1001), { name: "InvalidAccessError" });
  near.close(1000, "done");
  assert.deepEqual(socket.closed, [[1000, "done"]]);
  socket.onclose({ code: 1000, reason: "done", wasClean: true });
  assert.deepEqual(heard[2], [0, { code: 1000, wasClean: true }]);
  assert.deepEqual([heard.length, clock.timers], [3, 0]);
});

test("a socket in use goes on through the lab, and its user notices nothing", async () => {
  const { clock, network } = setUp(null);
  const socket = new FarSocket();
  socket.open();
  /** @type {any[]} */
  const heard = [];
  const handlers = {
    onmessage: (/** @type {any} */ { data }) => heard.push(data),
    onclose: (/** @type {any} */ { code }) => heard.push(code),
  };
  Object.assign(socket, handlers);
  network.adopt(/** @type {any} */ (socket));
  network.set({ latencyMs: 50 });
  socket.say("PONG");
  socket.send(/** @type {any} */ ("PING"));
  await clock.pass(49);
  assert.deepEqual([heard, socket.sent], [[], []]);
  await clock.pass(1);
  assert.deepEqual([heard, socket.sent], [["PONG"], ["PING"]]);
  socket.say("late");
  socket.onmessage = null;
  socket.onclose = (/** @type {any} */ { code }) => heard.push(`closed ${code}`);
  socket.close(1000);
  await clock.pass(50);
  assert.deepEqual(socket.closed, [[1000, undefined]]);
  assert.equal(network.connections, 1);
  socket.onclose({ code: 1000, wasClean: true });
  await clock.pass(50);
  assert.deepEqual(
    heard,
    ["PONG", "closed 1000"],
    "what was put in place of a handler is called, and nothing else",
  );
  assert.deepEqual([network.connections, clock.timers], [0, 0]);
});

test("a socket in use breaks as long after it was told as any other, and one that ends is left alone", async () => {
  const { clock, network } = setUp({ disconnectAfterMs: 100 });
  const [socket, ended] = [new FarSocket(), new FarSocket()];
  socket.open();
  ended.readyState = 2;
  /** @type {number[]} */
  const codes = [];
  socket.onclose = (/** @type {any} */ { code }) => codes.push(code);
  network.adopt(/** @type {any} */ (socket));
  network.adopt(/** @type {any} */ (ended));
  assert.equal(network.connections, 1);
  await clock.pass(99);
  assert.deepEqual(codes, []);
  await clock.pass(1);
  assert.deepEqual([codes, socket.closed], [[1006], [[]]]);
  socket.onclose({ code: 1000, wasClean: true });
  assert.deepEqual([codes, clock.timers], [[1006], 0], "it says no more than once that it broke");
});

test("latency is each way, and jitter never changes the order of text", async () => {
  const { clock, connect } = setUp({ latencyMs: 100, jitterMs: 90, seed: 3 });
  const { near, heard, socket } = connect();
  socket.open();
  for (let number = 0; number < 50; number += 1) socket.say(`line ${number}`);
  await clock.pass(9);
  assert.equal(heard.length, 0);
  await clock.pass(182);
  assert.deepEqual(
    heard.slice(1).map(([, line]) => line),
    Array.from({ length: 50 }, (_, number) => `line ${number}`),
  );
  const times = new Set(heard.map(([atMs]) => atMs));
  assert.ok(times.size > 3, `arrived at ${[...times]}`);
  near.send("up");
  assert.deepEqual(socket.sent, []);
  await clock.pass(190);
  assert.deepEqual(socket.sent, ["up"]);
});

test("what is sent later is what it was when it was sent", async () => {
  const { clock, connect } = setUp({ latencyMs: 50 });
  const { near, socket } = connect();
  socket.open();
  await clock.pass(50);
  const memory = new Uint8Array([9, 1, 2]);
  near.send(memory.subarray(1, 2));
  memory.fill(255);
  await clock.pass(50);
  assert.deepEqual(socket.sent, [1]);
});

test("datagrams get lost and overtake each other, lines do neither, and a seed repeats it", async () => {
  const run = async (/** @type {number} */ seed) => {
    const { clock, connect } = setUp({ latencyMs: 20, lossPercent: 30, reorderPercent: 20, seed });
    const { heard, socket } = connect();
    socket.open();
    for (let number = 0; number < 200; number += 1) {
      socket.say(datagram(number));
      socket.say(String(number));
      await clock.pass(50);
    }
    await clock.pass(1000);
    const came = heard.slice(1).map(([, what]) => what);
    return {
      lines: came.filter((what) => typeof what === "string"),
      datagrams: came.filter((what) => typeof what === "number"),
    };
  };
  const [first, again, other] = [await run(42), await run(42), await run(43)];
  assert.equal(first.lines.join(), Array.from({ length: 200 }, (_, number) => number).join());
  assert.ok(first.datagrams.length > 110 && first.datagrams.length < 170, `${first.datagrams.length} came`);
  const overtaken = first.datagrams.filter((number, at) => number < first.datagrams[at - 1]).length;
  assert.ok(overtaken > 10, `${overtaken} overtaken`);
  assert.deepEqual(first, again);
  assert.notDeepEqual(first.datagrams, other.datagrams);
});

test("without reordering datagrams keep their order in spite of jitter", () => {
  const lane = new Lane(5);
  const conditions = checked({ latencyMs: 100, jitterMs: 100 }, 1);
  for (let number = 0; number < 100; number += 1) lane.datagram(number, number, conditions);
  const came = [];
  for (let next; (next = lane.take(1000));) came.push(next.frame);
  assert.deepEqual(
    came,
    Array.from({ length: 100 }, (_, number) => number),
  );
});

test("one that is held back comes behind those sent after it", () => {
  const lane = new Lane(5);
  lane.datagram("held back", 0, checked({ latencyMs: 10, reorderPercent: 100 }, 1));
  lane.datagram("next", 50, checked({ latencyMs: 10 }, 1));
  assert.equal(lane.dueMs(), 60);
  assert.equal(lane.take(59), undefined);
  assert.deepEqual(lane.take(60), { frame: "next" });
  assert.equal(lane.take(9 + HELD_BACK_MS), undefined);
  assert.deepEqual(lane.take(10 + HELD_BACK_MS), { frame: "held back" });
  assert.equal(lane.waiting, 0);
});

test("what waits is bounded: the oldest datagram goes, too many lines break the connection", async () => {
  const lane = new Lane(1);
  const slow = checked({ latencyMs: 10_000 }, 1);
  for (let number = 0; number <= MAX_DATAGRAMS; number += 1) lane.datagram(number, number, slow);
  assert.deepEqual([lane.waiting, lane.lost], [MAX_DATAGRAMS, 1]);
  assert.deepEqual(lane.take(1e6), { frame: 1 });
  assert.equal(lane.text("long", 9 * 1024 * 1024, 0, slow), false);

  const { clock, connect } = setUp({ latencyMs: 10_000 });
  const { near, heard, socket } = connect();
  socket.open();
  await clock.pass(10_000);
  for (let number = 0; number <= MAX_TEXTS; number += 1) near.send("line");
  assert.equal(heard.length, 1, "a close is never heard while one sends");
  await clock.pass(0);
  assert.deepEqual(heard.at(-1), [10_000, { code: 1006, wasClean: false }]);
  assert.equal(clock.timers, 0);
});

test("nothing is heard while one sends", async () => {
  const { clock, connect } = setUp({ latencyMs: 100 });
  const { near, socket } = connect();
  socket.open();
  await clock.pass(100);
  for (const line of ["one", "two", "three"]) socket.say(line);
  /** @type {string[]} */
  const heard = [];
  let sending = false;
  near.onmessage = (/** @type {any} */ { data }) => {
    assert.equal(sending, false, `${data} was heard while one sent`);
    heard.push(data);
    sending = true;
    near.send(`answer to ${data}`);
    sending = false;
  };
  await clock.pass(300);
  assert.deepEqual(heard, ["one", "two", "three"]);
  assert.equal(socket.sent.length, 3);
});

test("a connection breaks without a word, and leaves no timer", async () => {
  const { clock, network, connect } = setUp({ latencyMs: 10, disconnectAfterMs: 500 });
  const { near, heard, socket } = connect();
  let errors = 0;
  near.addEventListener("error", () => (errors += 1));
  socket.open();
  await clock.pass(505);
  socket.say("under way");
  await clock.pass(1000);
  assert.deepEqual(heard, [
    [10, "open"],
    [510, { code: 1006, wasClean: false }],
  ]);
  assert.deepEqual([near.readyState, errors, socket.closed.length], [3, 1, 1]);
  near.send("nobody hears it");
  near.close();
  socket.say("nor this");
  assert.deepEqual([heard.length, clock.timers, network.connections], [2, 0, 0]);
});

test("conditions change while it runs", async () => {
  const { clock, network, connect } = setUp({ latencyMs: 1000, seed: 1 });
  const { heard, socket } = connect();
  socket.open();
  socket.say("slow");
  network.set({ latencyMs: 0, disconnectAfterMs: 3000 });
  socket.say("behind the slow one");
  await clock.pass(1500);
  socket.say("fast");
  const lines = heard.map(([atMs, what]) => [atMs, what]);
  assert.deepEqual(lines, [
    [1000, "open"],
    [1000, "slow"],
    [1000, "behind the slow one"],
    [1500, "fast"],
  ]);
  assert.equal(network.conditions.seed, 1);
  network.set(null);
  await clock.pass(5000);
  assert.equal(network.connections, 1);
  network.set({ disconnectAfterMs: 100 });
  await clock.pass(100);
  assert.equal(network.connections, 0);
});

test("closing waits behind what was sent, and what arrived before the close is heard first", async () => {
  const { clock, network, connect } = setUp({ latencyMs: 100 });
  const { near, heard, socket } = connect();
  socket.open();
  await clock.pass(100);
  near.send("BYE");
  near.close(1000);
  near.send("too late");
  await clock.pass(50);
  assert.equal(socket.sent.length + socket.closed.length, 0);
  await clock.pass(50);
  assert.deepEqual([socket.sent, socket.closed], [["BYE"], [[1000, undefined]]]);
  socket.say("BYE_OK");
  socket.onclose({ code: 4000, reason: "", wasClean: true });
  await clock.pass(100);
  assert.deepEqual(heard.slice(1), [
    [300, "BYE_OK"],
    [300, { code: 4000, wasClean: true }],
  ]);
  assert.equal(clock.timers, 0);
  connect();
  network.close();
  assert.equal(network.connections, 0);
});

test("what is no condition is refused with what is allowed", () => {
  /** @type {Array<[any, RegExp]>} */
  const wrong = [
    [{ latency: 5 }, /no network condition latency; there are latencyMs, jitterMs/],
    [{ latencyMs: -1 }, /latencyMs must be a number from 0 to 10000/],
    [{ lossPercent: 101 }, /lossPercent must be a number from 0 to 100/],
    [{ reorderPercent: Number.NaN }, /reorderPercent must be/],
    [{ disconnectAfterMs: "5" }, /disconnectAfterMs must be a number from 0 to 3600000/],
    [{ seed: 1.5 }, /seed must be a whole number from 0 to 4294967295/],
    [7, /must be an object/],
  ];
  const network = lab();
  for (const [conditions, message] of wrong) {
    assert.throws(() => lab(conditions), { name: "RaceError", code: "invalid_argument", message });
    assert.throws(() => network.set(conditions), { code: "invalid_argument" });
  }
});
