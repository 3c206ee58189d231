// The page in a real browser. Two files run at a time, one for each core. Files with races or several players run one by one,
// after the others: each of their tests draws several pages at once, and some compare frames with the way that a car drove.
import { defineConfig } from "@playwright/test";

const ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const RACES = [
  "generations.test.js",
  "race.test.js",
  "resume.test.js",
  "spectator.test.js",
  "trouble.test.js",
  "watching.test.js",
];

export default defineConfig({
  testDir: ".",
  projects: [
    { name: "pages", testMatch: "*.test.js", testIgnore: RACES, workers: 2 },
    { name: "races", testMatch: RACES, workers: 1 },
  ],
  outputDir: "test-results",
  workers: 2,
  fullyParallel: false,
  forbidOnly: Boolean(process.env.CI),
  // A test that passes only the second time is a defect, so there is no second time.
  retries: 0,
  // Generous: the two cores may be busy with a build. No test waits for it to pass.
  timeout: 180_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    headless: true,
    viewport: { width: 1280, height: 800 },
    // Pictures and page copies in the trace cost two thirds of the frames, and a race is about frames.
    trace: { mode: "retain-on-failure", screenshots: false, snapshots: false },
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ARGUMENTS,
    },
  },
});
