// axe-core looks at a page in both themes and both sizes. Injected by hand: the ready-made package needs a newer Node.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import type { AxeResults } from "axe-core";
import { expect } from "@playwright/test";

import type { Tab } from "./tab";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 360, height: 780 } };
export const SCHEMES = ["light", "dark"] as const;

/** Every rule that axe has, and every fault that it finds, as one line each. */
export async function audit(
  tab: Tab,
  name: string,
  sizes: (keyof typeof SIZES)[] = ["desktop", "phone"],
): Promise<void> {
  const { page } = tab;
  if (!(await page.evaluate(() => "axe" in window))) {
    await page.evaluate(AXE);
  }
  for (const size of sizes) {
    await page.setViewportSize(SIZES[size]);
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme });
      const results = await page.evaluate(() =>
        (window as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
      );
      const faults = results.violations.flatMap(({ id, nodes }) =>
        nodes.map((node) => `${id}: ${node.target.join(" ")}: ${node.failureSummary?.replaceAll(/\s+/g, " ")}`),
      );
      expect.soft(faults, `${name}, ${size}, ${colorScheme}`).toEqual([]);
    }
  }
  await page.setViewportSize(SIZES.desktop);
}
