// A player at the page: what a person does with it, and what the page knows while they do.
import { expect } from "@playwright/test";

import { listen } from "./complaints.js";
import { Driver } from "./driver.js";

/** @typedef {import("@playwright/test").Page} Page */

export class Player {
  /**
   * @param {Page} page
   * @param {string} name
   * @param {boolean} [hasAccounts]  the game server has accounts: signing in creates one
   */
  constructor(page, name, hasAccounts = false) {
    this.page = page;
    this.hasAccounts = hasAccounts;
    this.name = name;
    this.driver = new Driver(page);
    this.complaints = listen(page);
  }

  /** @param {string} id */
  element(id) {
    return this.page.getByTestId(id);
  }

  /** What the page knows now. */
  state() {
    return this.page.evaluate(() => window.race.state());
  }

  /** @param {RaceState["screen"]} screen */
  async expectScreen(screen) {
    await expect
      .poll(async () => (await this.state()).screen, { message: `${this.name}'s screen` })
      .toBe(screen);
  }

  /**
   * The page tells the player what happened and what to do next.
   *
   * @param {RegExp} happened
   */
  async expectNotice(happened) {
    await expect(this.element("notice")).toContainText(happened);
    await expect(this.element("notice").locator("span")).not.toBeEmpty();
  }

  /** @param {string} [password] */
  async submitSignIn(password = this.hasAccounts ? `the password of ${this.name}` : "") {
    if (this.hasAccounts) await this.choose("Create account");
    await this.element("signin-name").fill(this.name);
    await this.element("signin-password").fill(password);
    await this.element("signin-submit").click();
  }

  /** Choose what to do with the form, where there are accounts. @param {"Sign in" | "Create account"} what */
  async choose(what) {
    const choice = this.element("signin-choose");
    await expect(choice).toBeVisible();
    if ((await choice.textContent()) === what) await choice.click();
    await expect(this.element("signin-submit")).toHaveText(what);
  }

  /** @param {string} [password] */
  async signIn(password) {
    await this.submitSignIn(password);
    await this.expectScreen("lobby");
  }

  /** @param {string} name */
  async createRoom(name) {
    await this.element("create-name").fill(name);
    await this.element("create-submit").click();
    await this.expectScreen("room");
  }

  /**
   * The room's entry in the list, once the list has it.
   *
   * @param {string} name
   */
  room(name) {
    return this.element("room-list").getByRole("listitem").filter({ hasText: name });
  }

  /** @param {string} name */
  async joinRoom(name) {
    await this.room(name).getByRole("button").click();
    await this.expectScreen("room");
  }

  /** @param {string[]} names */
  async expectPlayers(...names) {
    const known = async () => (await this.state()).players.map((player) => player.name).sort();
    await expect.poll(known, { message: `players that ${this.name} sees` }).toEqual(names.sort());
  }

  async close() {
    await this.driver.stop();
    await this.page.context().close();
  }
}
