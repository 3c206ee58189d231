// What the browser's client takes to open and to seal a datagram, to sample all cars and to read a long list of rooms.
// Measures builds of the wasm module in turns in one page of Chromium, and prints microseconds and sizes. Run it on a
// machine that does nothing else; compare only figures of the same run.
//
//   node tests/bench/datagrams.js                                        the module in www/pkg/wasm
//   node tests/bench/datagrams.js before=FOLDER after=FOLDER --rounds 60  two builds; a folder has client_wasm.js
import { readFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs, promisify } from "node:util";
import { fileURLToPath, pathToFileURL } from "node:url";
import zlib from "node:zlib";

import { chromium } from "@playwright/test";

import config from "../browser/playwright.config.js";
import { open, seal } from "./sealed.js";
import { RADIUS_METRES, TASKS } from "./trial.js";

/** @typedef {import("./trial.js").Input} Input */
/** @typedef {import("./trial.js").Outcome} Outcome */
/** @typedef {{ name: string, folder: string }} Build  a folder with `client_wasm.js` and `client_wasm_bg.wasm` */
/** @typedef {{ laps: number, updates: number, samples: number, lists: number }} Batch  see `Input` of `trial.js` */

const HERE = fileURLToPath(new URL("./", import.meta.url));
const SITE = "http://localhost/";
const SESSION = "0123456789abcdef0123456789abcdef";
const ROOM = "11111111111111111111111111111111";
/** The secret that clients use when they are told no other. */
const SECRET = "RacingServerUDP2024!";
const CARS = 19;
const TICKS = 100;
const ROOMS = 500;
/** @type {Batch} */
const BATCH = { laps: 1, updates: 1000, samples: 2000, lists: 20 };
const DEFAULT_ROUNDS = 40;
/** @type {Record<string, string>} */
const TITLES = {
  sealed: "datagram opened, sealed",
  plain: "datagram opened, plain",
  sent: "position sealed and sent",
  sample: `${CARS} cars sampled`,
  rooms: `list of ${ROOMS} rooms`,
};

/** @param {number} number */
const hexadecimal = (number) => number.toString(16).padStart(32, "0");

/** Where a car is, as game servers say it. @param {number} car @param {number} tick */
function position(car, tick) {
  const angle = (2 * Math.PI * tick) / TICKS;
  const round = (/** @type {number} */ number) => Math.fround(Number(number.toFixed(4)));
  return JSON.stringify({
    command: "UPDATE",
    sessionId: hexadecimal(0xca00 + car),
    position: {
      x: round(RADIUS_METRES * Math.cos(angle)),
      y: car,
      z: round(RADIUS_METRES * Math.sin(angle)),
    },
    rotation: { x: 0, y: round(Math.sin(-angle / 2)), z: 0, w: round(Math.cos(-angle / 2)) },
  });
}

/** @param {(text: string) => Buffer} pack @returns {string[][]} */
function lap(pack) {
  const numbers = (/** @type {number} */ length) => Array.from({ length }, (_, number) => number);
  return numbers(TICKS).map((tick) =>
    numbers(CARS).map((car) => pack(position(car, tick)).toString("base64")),
  );
}

/** @returns {string} */
function roomList() {
  const rooms = Array.from({ length: ROOMS }, (_, number) => ({
    id: hexadecimal(number + 1),
    name: `Race ${number} of the evening`,
    playerCount: number % 20,
    isActive: number % 3 === 0,
    hostId: hexadecimal(0xb000 + number),
  }));
  return JSON.stringify({ command: "ROOM_LIST", rooms });
}

/** @param {Batch} batch @param {string} secret @returns {Input} */
const inputOf = (batch, secret) => ({
  sessionId: SESSION,
  roomId: ROOM,
  roomList: roomList(),
  rooms: ROOMS,
  sealed: lap((text) => seal(SESSION, secret, text)),
  plain: lap((text) => Buffer.from(`${text}\n`)),
  ...batch,
});

/**
 * Measure builds in one page.
 * @param {import("@playwright/test").Page} page
 * @param {Build[]} builds
 * @param {{ rounds: number, batch: Batch, secret?: string }} plan  `secret` is for what other cars send
 * @returns {Promise<Outcome["times"]>}
 */
export async function measure(page, builds, { rounds, batch, secret = SECRET }) {
  await page.route(`${SITE}**`, async (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === "/") return route.fulfill({ contentType: "text/html", body: "<title>bench</title>" });
    const [, folder, name] = pathname.split("/");
    const file = folder === "bench" ? path.join(HERE, name) : path.join(builds[Number(folder)].folder, name);
    const contentType = name.endsWith(".wasm") ? "application/wasm" : "text/javascript";
    return route.fulfill({ contentType, body: await readFile(file) });
  });
  await page.goto(SITE);
  const variants = builds.map(({ name }, number) => ({ name, folder: `/${number}` }));
  const { times, sent } = await page.evaluate(
    async ({ address, ...given }) => {
      /** @type {typeof import("./trial.js")} */
      const trial = await import(address);
      return trial.measure(given.variants, given.input, given.rounds);
    },
    { address: "/bench/trial.js", variants, input: inputOf(batch, secret), rounds },
  );
  for (const { name } of variants) checkSent(name, sent[name]);
  return times;
}

/** What was sealed last is the position that was given last. @param {string} name @param {string} packet */
function checkSent(name, packet) {
  const sent = open(SESSION, SECRET, Buffer.from(packet, "base64"));
  const { command, sessionId, position: at } = JSON.parse(sent);
  const isRight =
    command === "UPDATE" && sessionId === SESSION && at.x === 12.5 && at.y === 0.5 && at.z === -7.25;
  if (!isRight) throw new Error(`${name} sent ${sent}`);
}

/** @param {number[]} values @param {number} share */
function quantile(values, share) {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(share * (sorted.length - 1))];
}

/** @param {Build[]} builds @param {Outcome["times"]} times */
function* table(builds, times) {
  const line = (/** @type {string} */ title, /** @type {string[]} */ cells) =>
    title.padEnd(28) + cells.map((cell) => cell.padStart(36)).join("");
  yield line(
    "µs each: median (10–90 %)",
    builds.map(({ name }) => name),
  );
  for (const task of TASKS) {
    const cells = builds.map(({ name }, number) => {
      const [low, middle, high] = [0.1, 0.5, 0.9].map((share) =>
        quantile(times[name][task], share).toFixed(1),
      );
      const ratio = number > 0 ? ` ×${ratioTo(times[builds[0].name][task], times[name][task])}` : "";
      return `${middle} (${low}–${high})${ratio}`;
    });
    yield line(TITLES[task], cells);
  }
}

/** The median of each round's ratio, which a machine that gets slower or faster meanwhile does not change. @param {number[]} first @param {number[]} times */
function ratioTo(first, times) {
  const ratios = times.map((time, round) => time / first[round]);
  return quantile(ratios, 0.5).toFixed(2);
}

/** @param {Build[]} builds */
async function sizes(builds) {
  const brotli = promisify(zlib.brotliCompress);
  return Promise.all(
    builds.map(async ({ name, folder }) => {
      const files = ["client_wasm_bg.wasm", "client_wasm.js"].map(async (file) => {
        const bytes = await readFile(path.join(folder, file));
        return `${file} ${bytes.length} bytes, ${(await brotli(bytes)).length} brotli`;
      });
      return `${name}: ${(await Promise.all(files)).join("; ")}`;
    }),
  );
}

async function main() {
  const options = /** @type {const} */ ({ rounds: { type: "string", default: String(DEFAULT_ROUNDS) } });
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const given = positionals.map((word) => {
    const [name, folder = ""] = word.split("=", 2);
    return { name, folder: path.resolve(folder) };
  });
  const builds =
    given.length > 0 ? given : [{ name: "www/pkg/wasm", folder: path.join(HERE, "../../www/pkg/wasm") }];
  const lines = await sizes(builds);
  const browser = await chromium.launch(config.use?.launchOptions);
  try {
    const page = await browser.newPage();
    const times = await measure(page, builds, { rounds: Number(values.rounds), batch: BATCH });
    lines.push("", ...table(builds, times));
  } finally {
    await browser.close();
  }
  process.stdout.write(`${lines.join("\n")}\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main();
