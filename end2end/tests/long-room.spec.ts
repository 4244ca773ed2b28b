// A room in which much was said, and a text that is much too long.
import { expect, test } from "../fixtures";
import type { Tab } from "../tab";

// A page on a busy machine reads slower than this talks, and is to miss nothing.
const PATIENT = { unwritten_bytes_max: 16_777_216, unwritten_ms_max: 60_000, retention_bytes_max: 16_777_216 };
test.use({ limits: { sends_burst: 5_000, frames_per_minute: 1_000_000, ...PATIENT } });

const ROWS_MAX = 2_000;
/** Rows that are drawn and left out together. */
const BLOCK_ROWS = 50;

/** Says so many things over a line of its own, as fast as they are taken, or so many a second. */
async function flood(tab: Tab, code: string, count: number, perSecond = 0): Promise<void> {
  await tab.page.evaluate(
    async ({ code, count, perSecond }) => {
      const line = new WebSocket(`ws://${location.host}/ws`, "whisperspace.v1");
      await new Promise((done) => line.addEventListener("open", done));
      const say = (frame: object) => line.send(JSON.stringify(frame));
      let acknowledged = 0;
      let next = () => {};
      line.addEventListener("message", ({ data }) => {
        const { t } = JSON.parse(data as string) as { t: string };
        if (t === "ping") {
          say({ t: "pong", have: 0 });
        }
        acknowledged += t === "ack" ? 1 : 0;
        next();
      });
      say({ t: "hello" });
      say({ t: "join", cid: "join", code });
      const prefix = Math.random().toString(36).slice(2);
      for (let sent = 0; sent < count; sent += 1) {
        say({ t: "send", cid: `${prefix}-${sent}`, room: code, text: `message ${sent}: ${"words and ".repeat(sent % 12)}` });
        if (perSecond > 0) {
          await new Promise((done) => setTimeout(done, 1_000 / perSecond));
        }
        while (sent + 1 - acknowledged > 100) {
          await new Promise<void>((done) => {
            next = done;
          });
        }
      }
      while (acknowledged < count) {
        await new Promise<void>((done) => {
          next = done;
        });
      }
      line.close();
    },
    { code, count, perSecond },
  );
}

interface Frames {
  median: number;
  p95: number;
  long: number;
}

/** The frames of a page for as long as something goes on. */
async function framesDuring(tab: Tab, act: () => Promise<void>): Promise<Frames> {
  await tab.page.evaluate(() => {
    const frames: number[] = [];
    let last = performance.now();
    const run = (now: number) => {
      frames.push(now - last);
      last = now;
      Object.assign(window, { drawing: requestAnimationFrame(run) });
    };
    Object.assign(window, { frames, drawing: requestAnimationFrame(run) });
  });
  await act();
  const frames = await tab.page.evaluate(() => {
    const page = window as unknown as { frames: number[]; drawing: number };
    cancelAnimationFrame(page.drawing);
    return page.frames.slice(1).sort((a, b) => a - b);
  });
  const at = (part: number) => Math.round(frames[Math.floor(frames.length * part)] ?? Number.NaN);
  return { median: at(0.5), p95: at(0.95), long: frames.filter((frame) => frame > 50).length };
}

test("two thousand rows are drawn in blocks, and those out of view are left out", async ({ visitor }) => {
  test.setTimeout(180_000);
  const ada = await visitor();
  const code = await ada.create({ as: "Ada" });
  const ben = await visitor();
  await ben.join(code, "Ben");
  await expect(ada.notes, "what is said next stands below").toHaveText(["Ben joined"]);
  const measured: Record<string, Frames> = {};
  await flood(ben, code, 200);
  await expect(ada.texts).toHaveCount(200, { timeout: 60_000 });
  measured["200 rows"] = await framesDuring(ada, () => flood(ben, code, 150, 50));
  await flood(ben, code, ROWS_MAX - 350);
  await expect(ada.texts).toHaveCount(ROWS_MAX, { timeout: 60_000 });
  measured["2000 rows"] = await framesDuring(ada, () => flood(ben, code, 150, 50));
  console.log(`frames in ms: ${JSON.stringify(measured)}`);

  await expect(ada.texts.last()).toContainText("message 149");
  await expect(ada.texts.last(), "the end is followed").toBeInViewport();
  const blocks = await ada.log.evaluate((log) =>
    [...log.querySelectorAll(".log-block")].map((block) => ({
      rows: block.children.length,
      visibility: getComputedStyle(block).contentVisibility,
    })),
  );
  expect(blocks.reduce((sum, block) => sum + block.rows, 0), "the page keeps a bounded number").toBe(ROWS_MAX);
  expect(await ada.log.locator(".log-rows > :not(.log-block)").count(), "every row is in a block").toBe(0);
  expect(Math.max(...blocks.map((block) => block.rows))).toBeLessThanOrEqual(BLOCK_ROWS);
  expect(blocks.length).toBeLessThanOrEqual(ROWS_MAX / BLOCK_ROWS + 1);
  expect(blocks.slice(0, -3).every((block) => block.visibility === "auto")).toBe(true);
  expect(blocks.slice(-2).every((block) => block.visibility === "visible")).toBe(true);

  // At the very top nothing is taken from under a reader.
  await ada.log.evaluate((log) => log.scrollTo(0, 0));
  const first = ada.texts.first();
  await expect(first).toBeInViewport();
  const text = await first.textContent();
  await flood(ben, code, 60);
  await expect(ada.pill).toHaveText("60 new");
  expect(await first.textContent()).toBe(text);
  await expect(first).toBeInViewport();
  await ada.pill.click();
  await expect(ada.texts.last()).toBeInViewport();
  await expect(ada.log.locator(".log-block > *")).toHaveCount(ROWS_MAX);
});

test("a key in a text that is much too long is not held up by measuring it", async ({ visitor }) => {
  const ada = await visitor();
  await ada.create();
  await ada.messageBox.evaluate((box: HTMLTextAreaElement) => {
    box.value = "a line of a book that nobody will read here\n".repeat(6_818);
    box.dispatchEvent(new InputEvent("input", { bubbles: true }));
  });
  await expect(ada.page.getByText("about 294992 too many")).toBeVisible();
  const key = await ada.messageBox.evaluate(
    (box) =>
      new Promise<number>((done) => {
        const start = performance.now();
        box.dispatchEvent(new InputEvent("input", { bubbles: true }));
        requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
      }),
  );
  console.log(`a key at 300,000 characters: ${Math.round(key)} ms`);
  expect((await ada.page.locator(".grow").getAttribute("data-text"))?.length, "what is mirrored").toBe(0);
  const [box, screen] = [await ada.messageBox.boundingBox(), ada.page.viewportSize()];
  expect(box?.height, "as high as it gets").toBeCloseTo((screen?.height ?? 0) * 0.4, -1);
  await ada.messageBox.press("Enter");
  await expect(ada.alert).toContainText("That message is too long");
  await ada.say("short");
  await ada.shows(["short"]);
  await expect(ada.page.locator(".counter")).toHaveCount(0);
});
