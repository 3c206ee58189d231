// A spectator at the watching page: what a person does with it, and what the viewer shows while they do.
import { expect } from "@playwright/test";

import { listen } from "./complaints.js";

/** @typedef {import("@playwright/test").Page} Page */

export class Watcher {
  name = "the spectator";

  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.complaints = listen(page);
  }

  /** Inside the viewer's shadow too: Playwright looks through it. @param {string} id */
  element(id) {
    return this.page.getByTestId(id);
  }

  /** What the viewer shows now, or as soon as the page has one: until then its element answers to the name. */
  async state() {
    await this.page.waitForFunction(() => typeof window.viewer?.state === "function");
    return this.page.evaluate(() => window.viewer.state());
  }

  /** @param {string[]} names */
  async expectCars(...names) {
    const shown = async () => (await this.state()).cars.map((car) => car.name).sort();
    await expect.poll(shown, { message: "cars that the spectator sees" }).toEqual(names.sort());
  }

  async close() {
    await this.page.context().close();
  }
}
