// A club shows a race in its own page: the element taken from the relay, or the relay's page in a frame.
import { once } from "node:events";
import http from "node:http";

import { listen } from "./complaints.js";
import { expect, test } from "./fixture.js";

/**
 * The club's page in a browser of its own, from a server of its own: another origin than the relay's.
 *
 * @param {import("@playwright/test").Browser} browser
 * @param {string} body
 */
async function clubPage(browser, body) {
  const html = `<!doctype html><html lang="en"><title>Club</title><link rel="icon" href="data:,">${body}`;
  const server = http.createServer((_, response) => {
    response.setHeader("content-type", "text/html");
    response.end(html);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  // A dark system: a frame with colours of its own would not let the page through.
  const context = await browser.newContext({ colorScheme: "dark" });
  const page = await context.newPage();
  const complaints = listen(page);
  await page.goto(`http://localhost:${port}/`);
  const close = async () => {
    await context.close();
    server.close();
  };
  return { page, complaints, close };
}

/** @param {import("./fixture.js").Enter} enter */
async function driver(enter) {
  const ann = await enter("Ann");
  await ann.signIn();
  await ann.createRoom("Sunday");
  await ann.element("start-race").click();
  await ann.expectScreen("race");
  return { ann, roomId: (await ann.state()).roomId };
}

test("a page of another site shows a race with the element", async ({ browser, enter, site }) => {
  const { roomId } = await driver(enter);
  const club = await clubPage(
    browser,
    `<race-viewer src="${site.url}" room="${roomId}" style="height: 400px"></race-viewer>
     <script type="module">
       import { defineRaceViewer } from "${site.url}src/viewer/race-viewer.js";
       defineRaceViewer();
     </script>`,
  );
  await expect(club.page.getByTestId("viewer-row")).toContainText("Ann");
  await expect(club.page.getByTestId("viewer-badge")).toHaveText("Live");
  await club.page.screenshot({ path: "tests/browser/screenshots/embedded-element.png" });
  expect(club.complaints).toEqual([]);
  await club.close();
});

test("a page of another site shows a race in a frame, over its own ground", async ({
  browser,
  enter,
  site,
}) => {
  const { roomId } = await driver(enter);
  const club = await clubPage(
    browser,
    `<style>body { background: rgb(0, 90, 160) }</style>
     <iframe title="Race" width="900" height="500" style="border: 0" src="${site.url}watch/${roomId}?embed=1"></iframe>`,
  );
  const frame = club.page.frameLocator("iframe");
  await expect(frame.getByTestId("viewer-row")).toContainText("Ann");
  await expect(frame.getByTestId("theme-toggle")).toBeHidden();
  // Where nothing is drawn the page behind is seen.
  const picture = await club.page.screenshot({ path: "tests/browser/screenshots/embedded-frame.png" });
  const corner = await club.page.evaluate(async (base64) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
    const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
    context?.drawImage(image, 0, 0);
    return [...(context?.getImageData(600, 470, 1, 1).data ?? [])];
  }, picture.toString("base64"));
  expect(corner).toEqual([0, 90, 160, 255]);
  expect(club.complaints).toEqual([]);
  await club.close();
});

test("no other page of the relay can be put in a frame", async ({ browser, site }) => {
  const club = await clubPage(browser, `<iframe title="Race" src="${site.url}"></iframe>`);
  await expect
    .poll(() => club.complaints.join(), { message: "the browser refuses" })
    .toMatch(/frame-ancestors/);
  await club.close();
});
