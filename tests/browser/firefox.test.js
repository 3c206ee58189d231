// Sign in, race and watch in Firefox, a stock one that is driven over WebDriver BiDi.
import puppeteer from "puppeteer-core";

import { expect, test } from "./fixture.js";

const FIREFOX = process.env.FIREFOX ?? "/usr/bin/firefox-esr";

/**
 * Type into an element, or press it: by the keyboard, because the driver's own locators need a script that the page's policy
 * forbids.
 * @param {import("puppeteer-core").Page} page
 * @param {string} id
 * @param {string} [text]
 */
async function use(page, id, text = "") {
  const focus = (/** @type {string} */ wanted) => {
    const element = /** @type {HTMLElement | null} */ (document.querySelector(`[data-testid="${wanted}"]`));
    element?.focus();
    return element !== null && document.activeElement === element;
  };
  await expect.poll(() => page.evaluate(focus, id), { message: `${id} can be used` }).toBe(true);
  await page.keyboard.type(text);
  await page.keyboard.press("Enter");
}

test("one signs in, drives and watches in Firefox", async ({ site }) => {
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: FIREFOX,
    headless: true,
    defaultViewport: null,
    args: ["--width=1100", "--height=800"],
  });
  try {
    const page = await browser.newPage();
    /** @type {string[]} */
    const complaints = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    await page.goto(site.url);
    const state = () => page.evaluate(() => window.race.state());
    await use(page, "signin-name", "Ann");
    await use(page, "create-name", "Firefox cup");
    await use(page, "start-race");
    await expect.poll(async () => (await state()).screen).toBe("race");
    await page.keyboard.down("ArrowUp");
    await expect.poll(async () => (await state()).car?.speed ?? 0).toBeGreaterThan(5);

    const watching = await browser.newPage();
    const [room] = await page.evaluate(async () => (await fetch("/api/rooms")).json());
    await watching.goto(`${site.url}watch/${room.id}`);
    const drivers = () =>
      watching.evaluate(() => {
        const element = /** @type {any} */ (document.querySelector("race-viewer"));
        return element.state?.().standings.map((/** @type {any} */ { name }) => name);
      });
    await expect.poll(drivers).toEqual(["Ann"]);
    expect(complaints).toEqual([]);
  } finally {
    await browser.close();
  }
});
