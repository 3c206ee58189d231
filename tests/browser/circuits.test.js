// Circuits of the operator's own: the page takes everything from the file, says what is wrong with it, and makes circuits of
// other formats.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { expect, test } from "./fixture.js";

/** @typedef {import("@playwright/test").Page} Page */

const CIRCUITS = fileURLToPath(new URL("../../track/tests/circuits/", import.meta.url));
const TRACKS = fileURLToPath(new URL("../../www/tracks/", import.meta.url));

/** Give this as the relay's circuit. @param {string} body */
const serving = (body) => async (/** @type {Page} */ page) => {
  await page.route("**/track.json", (route) => route.fulfill({ contentType: "application/json", body }));
};

for (const [path, name, facts] of [
  [`${CIRCUITS}minimal.json`, "Plain ring", "1366 m, anticlockwise, grid start"],
  [`${CIRCUITS}closed.json`, "Closed ring", "1366 m, anticlockwise, grid start"],
  [`${TRACKS}street.json`, "Harbour Streets", "1887 m, anticlockwise, grid start"],
]) {
  test(`drives on ${name} from the grid, with its name and its length`, async ({ enter }) => {
    const ann = await enter("Ann", {}, serving(readFileSync(path, "utf8")));
    await expect(ann.page.locator("#hero-name")).toHaveText(name);
    await expect(ann.page.locator("#hero-facts")).toHaveText(facts);
    await ann.signIn();
    await expect(ann.page.locator("#track-name")).toHaveText(name);
    await expect(ann.page.locator("#track-facts")).toHaveText(facts);
    await ann.createRoom("Sunday");
    await ann.element("start-race").click();
    await ann.expectScreen("race");
    const car = async () => (await ann.state()).car;
    await expect.poll(async () => (await car())?.surface).toBe("asphalt");
    // On the grid the line is straight ahead: the first lap begins there.
    await ann.page.keyboard.down("KeyW");
    await expect.poll(async () => (await ann.state()).laps?.lap).toBe(1);
    await ann.page.keyboard.up("KeyW");
    await ann.page.keyboard.press("Escape");
    await expect(ann.element("menu-garage")).toHaveText("Back to the grid");
  });
}

test(
  "a file that is not a circuit is refused on the screen, with the reason",
  { tag: "@quick" },
  async ({ enter }) => {
    const ann = await enter("Ann", {}, serving(readFileSync(`${CIRCUITS}raw.geojson`, "utf8")));
    await ann.expectNotice(/circuit of this relay cannot be used.*"centreline" is not a list of points/);
    await ann.submitSignIn();
    await ann.expectNotice(/"centreline" is not a list of points; give it as/);
    await ann.expectScreen("signin");
  },
);

for (const [format, name] of [
  ["geojson", "Made-up ring"],
  ["gpx", "Made-up ring"],
  ["csv", "Raw"],
]) {
  test(`makes a circuit of ${format} that is dropped`, async ({ watch }) => {
    const { page, element } = await converter(watch);
    await drop(page, `raw.${format}`);
    await expect(element("name")).toHaveValue(name);
    await expect(element("facts")).toContainText(/^136\d m, anticlockwise/);
    await element("start").fill("300");
    await element("width").fill("9");
    await page.getByText("Reversed").click();
    await expect(element("facts")).toContainText(/^136\d m, clockwise, 9 m wide/);
    const [download] = await Promise.all([page.waitForEvent("download"), element("download").click()]);
    expect(download.suggestedFilename()).toBe(`${name.toLowerCase().replace(" ", "-")}.track.json`);
    const circuit = JSON.parse(readFileSync(await download.path(), "utf8"));
    expect(circuit).toMatchObject({ name, widthMetres: 9 });
    expect(circuit.centreline.length).toBeGreaterThan(400);
  });
}

test("the start line is moved by dragging it", async ({ watch }) => {
  const { page, element } = await converter(watch);
  await element("file").setInputFiles(`${CIRCUITS}raw.csv`);
  await expect(element("drawing")).toBeVisible();
  await expect(element("start")).toHaveValue("0");
  const box = await element("drawing").boundingBox();
  if (!box) throw new Error("no drawing");
  // The first point of this circuit is the one farthest to the right, halfway up.
  const [right, middle] = [box.x + box.width - 34, box.y + box.height / 2];
  await page.mouse.move(right, middle);
  await page.mouse.down();
  await page.mouse.move(right - 60, box.y + 40, { steps: 8 });
  await page.mouse.up();
  await expect.poll(async () => Number(await element("start").inputValue())).toBeGreaterThan(20);
});

test("an empty width is the file's own, and one that is no number is refused", async ({ watch }) => {
  const { page, element } = await converter(watch);
  const downloaded = async () => {
    const [download] = await Promise.all([page.waitForEvent("download"), element("download").click()]);
    return JSON.parse(readFileSync(await download.path(), "utf8")).widthMetres;
  };
  const circuit = JSON.parse(readFileSync(`${CIRCUITS}minimal.json`, "utf8"));
  const buffer = Buffer.from(JSON.stringify({ ...circuit, widthMetres: 12.34 }));
  await element("file").setInputFiles({ name: "own.json", mimeType: "application/json", buffer });
  await expect(element("width")).toHaveValue("12.3");
  expect(await downloaded(), "not the rounded one of the field").toBe(12.34);
  await element("width").fill("");
  await expect(element("track-error")).toBeHidden();
  expect(await downloaded()).toBe(12.34);
  await element("width").press("e");
  await expect(element("track-error")).toHaveText("This circuit is not valid: the width is not a number.");
  await expect(element("download")).toBeHidden();
  await element("width").fill("9.5");
  await expect(element("track-error")).toBeHidden();
  expect(await downloaded()).toBe(9.5);
});

test("says which file is being read, takes only the newest, and reads none that is too large", async ({
  watch,
}) => {
  const { page, element } = await converter(watch);
  let release = () => {};
  const held = new Promise((resolve) => (release = () => resolve(undefined)));
  await page.route("**/*.wasm", async (route) => {
    await held;
    await route.continue();
  });
  await drop(page, "raw.gpx");
  await expect(element("reading")).toHaveText("Reading raw.gpx…");
  await drop(page, "raw.csv");
  await expect(element("reading")).toHaveText("Reading raw.csv…");
  release();
  await expect(element("name")).toHaveValue("Raw");
  await expect(element("reading")).toBeHidden();
  await page.evaluate(() => {
    const large = new File([new Uint8Array(9 * 1024 * 1024)], "large.csv");
    large.arrayBuffer = () => Promise.reject(new Error("it was read"));
    const files = new DataTransfer();
    files.items.add(large);
    document.dispatchEvent(new DragEvent("drop", { dataTransfer: files }));
  });
  await expect(element("download"), "the circuit before is not what was asked for").toBeHidden();
  await expect(element("track-error")).toHaveText("large.csv can't be converted: it is larger than 8 MB.");
});

test("a file without a lap is refused on the screen, and the next one taken", async ({ watch }) => {
  const { page, element } = await converter(watch);
  await element("file").setInputFiles({
    name: "notes.txt",
    mimeType: "text/plain",
    buffer: Buffer.from("hello"),
  });
  await expect(element("track-error")).toContainText(
    "notes.txt can't be converted: its format is unknown: give GeoJSON",
  );
  await drop(page, "raw.gpx");
  await expect(element("track-error")).toBeHidden();
  await element("width").fill("1");
  await expect(element("track-error")).toContainText('"widthMetres" is 1; give a number from 3 to 60');
});

/** Open the page that makes circuits. @param {import("./fixture.js").Watch} watch */
async function converter(watch) {
  const { page } = await watch("track.html");
  return { page, element: (/** @type {string} */ id) => page.getByTestId(id) };
}

/** Drop a file on the page. @param {Page} page @param {string} name */
async function drop(page, name) {
  const text = readFileSync(CIRCUITS + name, "utf8");
  const transfer = await page.evaluateHandle(([content, called]) => {
    const files = new DataTransfer();
    files.items.add(new File([content], called));
    return files;
  }, /** @type {const} */ ([text, name]));
  await page.dispatchEvent("main", "drop", { dataTransfer: transfer });
}
