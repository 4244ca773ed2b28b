// Messages that burn: chosen beside the box or for the room, counted from when they are seen, gone from every page.
import type { Locator } from "@playwright/test";

import { audit } from "../audit";
import { expect, test } from "../fixtures";
import type { Tab } from "../tab";

const BURNED = "Burned";

async function two(visitor: (options?: object) => Promise<Tab>, options?: object): Promise<[Tab, Tab]> {
  const ada = await visitor(options);
  const code = await ada.create({ as: "Ada" });
  const ben = await visitor(options);
  await ben.join(code, "Ben");
  await expect(ada.people).toHaveCount(2);
  return [ada, ben];
}

function timerButton(tab: Tab): Locator {
  return tab.page.getByRole("button", { name: /^Burn timer/ });
}

/** Chooses what burns from now on. */
async function choose(tab: Tab, timer: string): Promise<void> {
  await timerButton(tab).click();
  const choice = tab.page.getByRole("group", { name: "Burn timer" }).getByRole("radio", { name: timer, exact: true });
  await choice.check();
  await tab.page.keyboard.press("Enter");
  await expect(choice).toHaveCount(0);
  await expect(tab.messageBox).toBeFocused();
}

/** Nothing of a text is anywhere in a page. */
async function forgotten(tab: Tab, text: string): Promise<void> {
  expect(await tab.page.content()).not.toContain(text);
}

test("a message burns for all after it was seen, with its quotes, and leaves a line", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  await timerButton(ada).click();
  await expect(ada.page.getByText("cannot be prevented")).toBeVisible();
  await audit(ada, "the choice of a timer");
  await timerButton(ada).click();
  await choose(ada, "5 s");
  await expect(timerButton(ada)).toHaveAccessibleName("Burn timer, 5 s");
  await ada.say("the key is under the mat");
  await expect(ben.log.getByText(/^Burns (in|5 s after)/)).toBeVisible();
  await choose(ada, "Off");
  await ada.say("this stays");
  await ada.relayed("the key is under the mat", "this stays");
  const row = ben.log.getByRole("article").filter({ hasText: "under the mat" });
  await row.hover();
  await row.getByRole("button", { name: "Reply" }).click();
  await ben.say("which mat?");
  await expect(ada.log.locator(".quote")).toContainText("the key is under the mat");
  await expect(ben.log.getByText(/^Burns in [1-5] s$/)).toBeVisible();
  for (const tab of [ada, ben]) {
    await tab.shows([BURNED, "this stays", "which mat?"], 15_000);
    await expect(tab.log.locator(".quote")).toHaveText("Answers a message that has burned.");
    await forgotten(tab, "under the mat");
    await audit(tab, "what has burned", ["desktop"]);
  }
});

test("it counts from when a reader sees it: not out of view, not on a page that is hidden", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  await ben.say(Array.from({ length: 80 }, (_, line) => `line ${line}`).join("\n"));
  await expect(ada.texts).toHaveCount(1);
  await ada.log.evaluate((log) => log.scrollTo(0, 0));
  await expect(ada.log.getByText("line 0", { exact: false })).toBeVisible();
  await choose(ben, "5 s");
  await ben.say("seen late");
  await expect(ben.texts).toHaveText([/line 0/, BURNED], { timeout: 15_000 });
  await expect(ada.texts.last()).toHaveText("seen late");
  await expect(ada.log.getByText("Burns 5 s after it was seen")).toHaveCount(1);
  await ada.pill.click();
  await expect(ada.log.getByText(/^Burns in [1-5] s$/)).toBeVisible();
  await expect(ada.texts.last()).toHaveText(BURNED, { timeout: 15_000 });
});

test("an edit keeps the timer, and one that is being written burns with the message", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  await choose(ada, "5 s");
  await ada.say("a qzt word");
  await ada.relayed("a qzt word");
  await ada.messageBox.press("ArrowUp");
  await ada.say("a quartz word");
  await expect(ben.texts).toHaveText(["a quartz word"]);
  await ada.messageBox.press("ArrowUp");
  await ada.messageBox.fill("a quartz word and more");
  for (const tab of [ada, ben]) {
    await tab.shows([BURNED], 15_000);
  }
  await expect(ada.messageBox).toHaveValue("");
  await expect(ada.page.getByRole("button", { name: "Save" })).toHaveCount(0);
  await forgotten(ada, "quartz");
});

test("a room's timer is set in its menu, told to all, and holds for who chooses none", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  await ada.page.getByRole("button", { name: "Room menu" }).click();
  await ada.page.getByRole("menuitem", { name: "Set burn timer" }).click();
  await ada.page.getByRole("radio", { name: "5 s", exact: true }).check();
  await ada.page.getByRole("button", { name: "Save" }).click();
  await expect(ben.page.getByText("Messages burn 5 s after they were seen.", { exact: true })).toBeVisible();
  await expect(ben.notes.last()).toHaveText("Ada set a burn timer. Messages burn 5 s after they were seen.");
  await expect(timerButton(ben)).toHaveAccessibleName("Burn timer, 5 s");
  await ben.say("as the room");
  await choose(ben, "Off");
  await ben.say("for good");
  for (const tab of [ada, ben]) {
    await tab.shows([BURNED, "for good"], 15_000);
  }
});

test.describe("with an end that comes soon", () => {
  test.use({ limits: { burn_unread_ms: 4_000 } });

  test("what nobody has seen burns at its end, also on a page without a line", async ({ visitor, relay }) => {
    const [ada, ben] = await two(visitor, { baseURL: relay.url });
    ada.watch.allow(/./);
    ben.watch.allow(/./);
    await ben.say(Array.from({ length: 80 }, (_, line) => `line ${line}`).join("\n"));
    await expect(ada.texts).toHaveCount(1);
    await ada.log.evaluate((log) => log.scrollTo(0, 0));
    await choose(ben, "1 h");
    await ben.say("never seen");
    await expect(ada.texts.last()).toHaveText("never seen");
    relay.cut();
    for (const tab of [ada, ben]) {
      await expect(tab.texts.last()).toHaveText(BURNED, { timeout: 15_000 });
    }
    await forgotten(ada, "never seen");
  });
});
