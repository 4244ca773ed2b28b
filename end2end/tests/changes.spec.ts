// What becomes of messages after they were said: edited and deleted by who said them, seen so by all.
import type { Locator } from "@playwright/test";

import { LOST_LINE, expect, test } from "../fixtures";
import type { Tab } from "../tab";

async function two(visitor: (options?: object) => Promise<Tab>, options?: object): Promise<[Tab, Tab]> {
  const ada = await visitor(options);
  const code = await ada.create({ as: "Ada" });
  const ben = await visitor();
  await ben.join(code, "Ben");
  await expect(ada.people).toHaveCount(2);
  return [ada, ben];
}

function row(tab: Tab, text: string): Locator {
  return tab.log.getByRole("article").filter({ hasText: text });
}

async function press(tab: Tab, text: string, button: string): Promise<void> {
  await row(tab, text).hover();
  await row(tab, text).getByRole("button", { name: button }).click();
}

test("an own message is edited: by its button, with Save and Cancel, and what was begun comes back", async ({
  visitor,
}) => {
  const [ada, ben] = await two(visitor);
  await ada.say("first wrods");
  await ada.relayed("first wrods");
  await expect(ben.texts).toHaveText(["first wrods"]);
  await expect(row(ben, "first wrods").getByRole("button", { name: "Edit" })).toHaveCount(0);

  await ada.messageBox.fill("half a sen");
  await press(ada, "first wrods", "Edit");
  await expect(ada.messageBox).toHaveValue("first wrods");
  await expect(ada.messageBox).toBeFocused();
  await expect(ada.sendButton).toBeHidden();
  await ada.page.getByRole("button", { name: "Cancel" }).click();
  await expect(ada.messageBox).toHaveValue("half a sen");

  await press(ada, "first wrods", "Edit");
  await ada.messageBox.fill("first **words**");
  await ada.page.getByRole("button", { name: "Save" }).click();
  for (const tab of [ada, ben]) {
    await expect(tab.texts).toHaveText(["first words"]);
    await expect(tab.texts.locator("strong")).toHaveText("words");
    await expect(row(tab, "first words").getByText("edited", { exact: true })).toBeVisible();
  }
  await expect(ada.messageBox).toHaveValue("half a sen");
  await expect(ada.sendButton).toBeVisible();
});

test("Up in an empty box edits the last own message, Escape leaves it, Enter saves it", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  await ada.say("one");
  await ben.say("between");
  await ada.say("two");
  await ada.relayed("one", "two");
  await ada.told("between");
  await ada.messageBox.press("ArrowUp");
  await expect(ada.messageBox).toHaveValue("two");
  await ada.messageBox.press("Escape");
  await expect(ada.messageBox).toHaveValue("");
  await ada.messageBox.fill("text");
  await ada.messageBox.press("ArrowUp");
  await expect(ada.messageBox, "with a text in the box the key moves the caret").toHaveValue("text");
  await ada.messageBox.fill("");
  await ada.messageBox.press("ArrowUp");
  await ada.say("two, mended");
  await ben.shows(["one", "between", "two, mended"]);
  await ada.shows(["one", "between", "two, mended"]);
});

test("a deleted message leaves a line and nothing of its text, for all", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  await ada.say("take this back");
  await ada.say("this stays");
  await ada.relayed("take this back", "this stays");
  await expect(ben.texts).toHaveCount(2);
  await press(ada, "take this back", "Delete");
  for (const tab of [ada, ben]) {
    await tab.shows(["This message was deleted.", "this stays"]);
    expect(await tab.page.content()).not.toContain("take this back");
  }
  await row(ada, "This message was deleted.").hover();
  await expect(row(ada, "This message was deleted.").getByRole("button")).toHaveCount(0);
});

test("what happened to messages during a drop is seen behind it", async ({ visitor, relay }) => {
  const [ada, ben] = await two(visitor, { baseURL: relay.url });
  ada.watch.allow(LOST_LINE);
  await ben.say("old words");
  await ben.say("to be deleted");
  await ben.relayed("old words", "to be deleted");
  await expect(ada.texts).toHaveCount(2);
  relay.cut();
  await press(ben, "old words", "Edit");
  await ben.say("new words");
  await press(ben, "to be deleted", "Delete");
  await ben.shows(["new words", "This message was deleted."]);
  relay.resume();
  await ada.online(40_000);
  await ada.shows(["new words", "This message was deleted."]);
});

test.describe("for a short time", () => {
  test.use({ limits: { edit_window_ms: 1_000 } });

  test("what is too old stands, and that is said", async ({ visitor }) => {
    const [ada] = await two(visitor);
    await ada.say("for good");
    await ada.relayed("for good");
    await expect(async () => {
      await press(ada, "for good", "Edit");
      await ada.page.keyboard.press("Escape");
      await expect(ada.alert).toContainText("too old to be changed", { timeout: 500 });
    }).toPass();
    await press(ada, "for good", "Delete");
    await ada.shows(["for good"]);
  });
});

test("the buttons of messages are reached by keys", async ({ visitor }) => {
  const [ada] = await two(visitor);
  await ada.say("one");
  await ada.say("two");
  await ada.relayed("one", "two");
  await expect(row(ada, "two").getByRole("button", { name: "Edit" })).toHaveCount(1);
  await ada.log.focus();
  await ada.page.keyboard.press("Enter");
  await expect(row(ada, "two").getByRole("button", { name: "Edit" })).toBeFocused();
  await ada.page.keyboard.press("ArrowRight");
  await expect(row(ada, "two").getByRole("button", { name: "Delete" })).toBeFocused();
  await ada.page.keyboard.press("ArrowUp");
  await expect(row(ada, "one").getByRole("button", { name: "Edit" })).toBeFocused();
  await ada.page.keyboard.press("Enter");
  await expect(ada.messageBox).toHaveValue("one");
});
