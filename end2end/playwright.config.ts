// How the tests run: Debian's Chromium, two workers, one file after another in each. Only CI, whose machines
// stand still at times, tries a test that failed once more; what passes then is told as flaky (xtask/src/summary.rs).
import { defineConfig } from "@playwright/test";

/** Set by `npm run shots`: take pictures instead of testing. */
const shots = process.env.SHOTS;

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  workers: 2,
  fullyParallel: false,
  retries: process.env.CI ? 1 : 0,
  forbidOnly: true,
  timeout: 90_000,
  // Nothing is slower for it where all goes well, and a busy machine has its time.
  expect: { timeout: 20_000 },
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    headless: true,
    screenshot: "only-on-failure",
    trace: "off",
    locale: "en-GB",
    timezoneId: "UTC",
    viewport: { width: 1280, height: 800 },
    contextOptions: { reducedMotion: "reduce" },
    launchOptions: {
      executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects: shots
    ? [{ name: "shots", testMatch: "shots.spec.ts" }]
    : [{ name: "chromium", testIgnore: "shots.spec.ts" }],
});
