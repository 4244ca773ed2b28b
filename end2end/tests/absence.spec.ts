// Who looks away, and what they find when they are back.
import { expect, test } from "../fixtures";
import type { Tab } from "../tab";

/** Hidden for Playwright is not hidden for the page, so the page is told so. What it would draw waits, as in a browser. */
async function canHide(tab: Tab): Promise<(hidden: boolean) => Promise<void>> {
  await tab.page.addInitScript(() => {
    let hidden = false;
    let waiting: FrameRequestCallback[] = [];
    Object.defineProperty(document, "visibilityState", { get: () => (hidden ? "hidden" : "visible") });
    Object.defineProperty(document, "hidden", { get: () => hidden });
    const draw = window.requestAnimationFrame.bind(window);
    window.requestAnimationFrame = (run) => (hidden ? waiting.push(run) : draw(run));
    Object.assign(window, {
      setHidden: (now: boolean) => {
        hidden = now;
        document.dispatchEvent(new Event("visibilitychange"));
        if (!hidden) {
          waiting.forEach((run) => draw(run));
          waiting = [];
        }
      },
    });
  });
  return (hidden) =>
    tab.page.evaluate((now) => (window as unknown as { setHidden(now: boolean): void }).setHidden(now), hidden);
}

test("a hidden tab counts what is unread, and a line stands where reading ended", async ({ visitor }) => {
  const ada = await visitor();
  const hide = await canHide(ada);
  const code = await ada.create({ as: "Ada", name: "Low tide" });
  const ben = await visitor();
  await ben.join(code, "Ben");
  const icon = () => ada.page.locator("link[rel=icon]").getAttribute("href");
  await ben.say("seen");
  await expect(ada.texts).toHaveCount(1);
  await expect(ada.page).toHaveTitle("Low tide · WhisperSpace");

  await hide(true);
  await ben.say("one");
  await ben.say("two");
  await expect(ada.page).toHaveTitle("(2) Low tide · WhisperSpace");
  await expect.poll(icon).toBe("/favicon-unread.svg");
  expect(await ada.status("/favicon-unread.svg")).toBe(200);
  await hide(false);
  await expect(ada.page).toHaveTitle("Low tide · WhisperSpace");
  await expect.poll(icon).toBe("/favicon.svg");
  const rows = () =>
    ada.log.locator(".message-text, .unread-mark").evaluateAll((rows) => rows.map((row) => row.textContent));
  await expect.poll(rows).toEqual(["seen", "new", "one", "two"]);
  await ben.say("three");
  await expect(ada.texts).toHaveCount(4);
  await expect.poll(rows, "it stays").toEqual(["seen", "new", "one", "two", "three"]);
  await ada.messageBox.press("Escape");
  await expect(ada.log.locator(".unread-mark")).toHaveCount(0);
});

test("who comes back to more than fits reads on where they stopped", async ({ visitor }) => {
  const ada = await visitor();
  const hide = await canHide(ada);
  const code = await ada.create({ as: "Ada" });
  const ben = await visitor();
  await ben.join(code, "Ben");
  await ben.say("seen");
  await expect(ada.texts).toHaveCount(1);
  await hide(true);
  for (let line = 1; line <= 25; line += 1) {
    await ben.say(`line ${line}\nand\nmore`);
  }
  await expect(ada.texts).toHaveCount(26);
  await hide(false);
  await expect(ada.log.locator(".unread-mark")).toBeInViewport();
  await expect(ada.pill).toHaveText("25 new");
  await ada.pill.click();
  await expect(ada.texts.last()).toBeInViewport();
});

test("a page that was loaded again says that what was on it is gone", async ({ visitor }) => {
  const ada = await visitor();
  const code = await ada.create({ as: "Ada" });
  const ben = await visitor();
  await ben.join(code, "Ben");
  await ben.page.reload();
  await ben.inside();
  await expect(ben.log, "nothing was said yet").toContainText("Say hi");
  await ada.say("hello");
  await ben.told("hello");
  await ben.page.reload();
  await ben.inside();
  await expect(ben.log).toContainText("What was here is gone");
  await expect(ben.log).not.toContainText("Say hi");
  await ada.say("again");
  await ben.shows(["again"]);
});
