// Pictures of a page at every width and in every scheme, and what eyes miss on them: what sticks out of the screen.
import path from "node:path";

import { expect } from "@playwright/test";

import type { Tab } from "./tab";

const FOLDER = path.resolve(process.env.SHOTS ?? "test-results/shots");

const VIEWS = [
  { width: 320, height: 640 },
  { width: 360, height: 780 },
  { width: 768, height: 1024 },
  { width: 1280, height: 800 },
  { width: 1920, height: 1080 },
];

const SCHEMES = {
  light: { colorScheme: "light", forcedColors: "none" },
  dark: { colorScheme: "dark", forcedColors: "none" },
  forced: { colorScheme: "dark", forcedColors: "active" },
} as const;

/** Takes all pictures of what a tab shows now; `ready` brings it there again at each width, for what a resize closes. */
export async function shoot(tab: Tab, name: string, ready?: () => Promise<void>): Promise<void> {
  for (const view of VIEWS) {
    await tab.page.setViewportSize(view);
    await ready?.();
    const widest = await tab.page.evaluate(() => document.documentElement.scrollWidth);
    expect.soft(widest, `${name} at ${view.width}`).toBeLessThanOrEqual(view.width);
    for (const [scheme, media] of Object.entries(SCHEMES)) {
      await tab.page.emulateMedia(media);
      const file = path.join(FOLDER, `${name}-${view.width.toString().padStart(4, "0")}-${scheme}.png`);
      await tab.page.screenshot({ path: file, caret: "initial" });
    }
  }
  await tab.page.emulateMedia({ colorScheme: "light", forcedColors: "none" });
  await tab.page.setViewportSize({ width: 1280, height: 800 });
}
