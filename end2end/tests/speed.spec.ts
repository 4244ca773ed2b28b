// How soon something is seen, and how soon one can write. The bounds are wide: what this machine does meanwhile is not
// known. What must hold on any machine is the order: what is seen does not wait for the program.
import type { Page } from "@playwright/test";

import { expect, test } from "../fixtures";
import type { Tab } from "../tab";

/** Slow 4G as Lighthouse has it, and a phone's processor. */
const BITS_PER_SECOND = 1_600_000;
const LATENCY_MS = 150;
const CPU_SLOWER = 4;
/** The program of a release; that of a quick build is many times as large, and its time on such a line says nothing. */
const PROGRAM_BYTES_MAX = 400_000;
/** What the page may take beside its bytes: measured 0.8 s, and 1.6 s. */
const PAINT_MS_MAX = 10_000;
const READY_MS_MAX = 30_000;

interface Speed {
  /** Milliseconds from the navigation's begin. */
  paint: number;
  ready: number;
  bytes: number;
}

function firstPaint(page: Page): Promise<number> {
  return page.evaluate(
    () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN,
  );
}

/** Notes the moment at which the program runs: asking from outside would come late, and take time from the page. */
async function noteStart(page: Page): Promise<void> {
  await page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (document.documentElement?.hasAttribute("data-running")) {
        observer.disconnect();
        Object.assign(window, { ready: performance.now() });
      }
    }).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-running"] });
  });
}

/** Opens a page and waits until its program runs. */
async function open(tab: Tab, path: string): Promise<Speed> {
  await tab.page.goto(path, { timeout: 120_000 });
  await expect(tab.page.locator("html[data-running]")).toBeAttached({ timeout: 120_000 });
  const paint = await firstPaint(tab.page);
  const [ready, bytes] = await tab.page.evaluate(() => {
    const entries = performance.getEntries() as PerformanceResourceTiming[];
    const sum = entries.reduce((sum, { transferSize }) => sum + (transferSize || 0), 0);
    return [(window as unknown as { ready: number }).ready, sum] as const;
  });
  return { paint: Math.round(paint), ready: Math.round(ready), bytes };
}

for (const which of ["room", "landing"] as const) {
  test(`the ${which} is seen, and can be written in, before its program is there`, async ({ visitor, server }) => {
    const ada = await visitor();
    ada.watch.allow(/preload/);
    let go = () => {};
    const held = new Promise<void>((resolve) => (go = resolve));
    await ada.page.route(/\.(wasm|js)$/, async (route) => {
      await held;
      await route.continue();
    });
    const path = which === "room" ? await ada.member(server.url) : "/";
    await ada.page.goto(path, { waitUntil: "commit" });
    await expect.poll(() => firstPaint(ada.page), "something is painted").toBeGreaterThan(0);
    const box = which === "room" ? ada.messageBox : ada.nameBox;
    await box.fill("Low tide");
    expect(await ada.page.locator("html[data-running]").count(), "the program has not come").toBe(0);
    go();
    await expect(ada.page.locator("html[data-running]")).toBeAttached();
    await expect(box, "what was typed meanwhile").toHaveValue("Low tide");
  });

  test(`the ${which} on slow 4G with a phone's processor`, async ({ visitor, server }) => {
    test.setTimeout(300_000);
    const fast = await visitor();
    await noteStart(fast.page);
    const plain = await open(fast, which === "room" ? await fast.member(server.url) : "/");

    const slow = await visitor();
    await noteStart(slow.page);
    const devtools = await slow.page.context().newCDPSession(slow.page);
    const throughput = plain.bytes <= PROGRAM_BYTES_MAX ? BITS_PER_SECOND / 8 : -1;
    await devtools.send("Network.enable");
    await devtools.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: LATENCY_MS,
      downloadThroughput: throughput,
      uploadThroughput: throughput,
    });
    await devtools.send("Emulation.setCPUThrottlingRate", { rate: CPU_SLOWER });
    const throttled = await open(slow, which === "room" ? await slow.member(server.url) : "/");
    const network = throughput < 0 ? "150 ms, a quick build's bytes not held up" : "slow 4G";
    console.log(`${which}: ${JSON.stringify(plain)}; ${network}, 4 x CPU: ${JSON.stringify(throttled)}`);
    test.info().annotations.push({ type: "speed", description: JSON.stringify({ plain, throttled }) });

    expect(throttled.paint, "there is paint").toBeGreaterThan(0);
    expect(throttled.ready, "what is seen comes before what runs").toBeGreaterThan(throttled.paint);
    const line = throughput < 0 ? 0 : throttled.bytes / throughput * 1_000;
    expect(throttled.paint, "ms to the first paint").toBeLessThan(PAINT_MS_MAX);
    expect(throttled.ready, "ms until one can send").toBeLessThan(line + READY_MS_MAX);
  });
}
