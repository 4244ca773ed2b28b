// What becomes of messages after they were said: edited and deleted by who said them, seen so by all.
import type { Locator } from "@playwright/test";

import { audit } from "../audit";
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
  await ada.messageBox.fill("half a");
  await press(ada, "take this back", "Delete");
  await ada.page.keyboard.press("Escape");
  await expect(ada.messageBox, "what was begun is there again").toHaveValue("half a");
  await ada.shows(["take this back", "this stays"]);
  await press(ada, "take this back", "Delete");
  await audit(ada, "the question before a deletion", ["desktop"]);
  await ada.confirmDelete();
  await expect(ada.messageBox).toHaveValue("half a");
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
  await ben.confirmDelete();
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
  await expect(row(ada, "two").getByRole("button", { name: "Reply" })).toBeFocused();
  for (const name of ["React", "Edit"]) {
    await ada.page.keyboard.press("ArrowRight");
    await expect(row(ada, "two").getByRole("button", { name })).toBeFocused();
  }
  await ada.page.keyboard.press("ArrowUp");
  await expect(row(ada, "one").getByRole("button", { name: "Reply" })).toBeFocused();
  await ada.page.keyboard.press("ArrowRight");
  await ada.page.keyboard.press("ArrowRight");
  await ada.page.keyboard.press("Enter");
  await expect(ada.messageBox).toHaveValue("one");
});

test("the buttons of messages stand in nobody's way", async ({ visitor }) => {
  const ada = await visitor({ viewport: { width: 900, height: 600 } });
  await ada.create({ as: "Ada" });
  const said = ["first", "second", "third"].map((word) => `${word} ${"in words that fill a line ".repeat(8)}`.trim());
  for (const text of said) {
    await ada.say(text);
  }
  await ada.relayed(...said);
  await expect(ada.log.getByRole("button", { name: "Reply" })).toHaveCount(3);
  for (const words of said) {
    await row(ada, words).locator(".message-text").hover();
    const [text, reply] = [row(ada, words).locator(".message-text"), row(ada, words).getByRole("button", { name: "Reply" })];
    const [below, above] = [await text.boundingBox(), await reply.boundingBox()];
    // The upper of a line is empty.
    expect((above?.y ?? 0) + (above?.height ?? 0), "above the text").toBeLessThan((below?.y ?? 0) + 10);
    await reply.click({ trial: true });
  }
  await ada.messageBox.hover();
  const unseen = ada.log.locator(".tools");
  const taken = () => unseen.evaluateAll((bars) => bars.map((bar) => getComputedStyle(bar).pointerEvents));
  await expect.poll(taken, "unseen, they take no pointer").toEqual(["none", "none", "none"]);
});

test("an emoji is put to a message by a press and taken away by another, and who did is told", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  await ada.say("good news");
  await ada.relayed("good news");
  await ben.messageBox.fill("half a sen");
  await press(ben, "good news", "React");
  await ben.page.getByRole("button", { name: "🎉" }).click();
  await expect(ben.messageBox).toHaveValue("half a sen");
  const chip = (tab: Tab, name: RegExp) => row(tab, "good news").getByRole("button", { name });
  for (const tab of [ada, ben]) {
    await expect(chip(tab, /^🎉 1: Ben$/)).toBeVisible();
  }
  await expect(chip(ben, /🎉/)).toHaveAttribute("aria-pressed", "true");
  await expect(chip(ada, /🎉/)).toHaveAttribute("aria-pressed", "false");
  await chip(ada, /🎉/).click();
  await expect(chip(ben, /^🎉 2: Ben and Ada$/)).toBeVisible();
  await chip(ben, /🎉/).click();
  await expect(chip(ada, /^🎉 1: Ada$/)).toBeVisible();

  await press(ada, "good news", "React");
  await ada.messageBox.fill("🏳️‍🌈");
  await ada.messageBox.press("Enter");
  await expect(chip(ben, /^🏳️‍🌈 1: Ada$/)).toBeVisible();
  await press(ada, "good news", "React");
  await ada.messageBox.fill("words");
  await ada.messageBox.press("Enter");
  await expect(ada.alert).toContainText("That is no emoji");
  await expect(ada.messageBox, "it is there to be mended").toHaveValue("words");
  await ada.messageBox.fill("🚀");
  await ada.messageBox.press("Enter");
  await expect(chip(ben, /^🚀 1: Ada$/)).toBeVisible();
  await expect(ada.alert).toHaveCount(0);
});

test("an answer shows what it answers, leads there, and forgets it when that is deleted", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  await ada.say("a question");
  await ada.relayed("a question");
  await press(ben, "a question", "Reply");
  await expect(ben.page.getByText("Replying to Ada")).toBeVisible();
  await ben.page.getByRole("button", { name: "Cancel" }).click();
  await expect(ben.page.getByText("Replying to Ada")).toHaveCount(0);
  await press(ben, "a question", "Reply");
  await ben.say("an answer, @Ada");
  await ben.relayed("an answer, @Ada");
  await expect(ben.page.getByText("Replying to Ada")).toHaveCount(0);
  for (const tab of [ada, ben]) {
    await tab.shows(["a question", "an answer, @Ada"]);
    await expect(row(tab, "an answer").getByRole("button", { name: "Ada a question" })).toBeVisible();
  }
  await expect(row(ada, "an answer").getByText("(mentions you)")).toBeAttached();
  await expect(row(ben, "an answer").getByText("(mentions you)")).toHaveCount(0);

  for (let line = 1; line <= 20; line += 1) {
    await ben.say(`line ${line}\nand\nmore`);
  }
  await expect(ada.texts).toHaveCount(22);
  await row(ada, "an answer").getByRole("button", { name: "Ada a question" }).click();
  await expect(ada.texts.first()).toBeInViewport();
  await expect(row(ada, "a question").first().getByRole("button", { name: "Reply" }), "keys go on from there").toBeFocused();

  await ada.messageBox.press("ArrowUp");
  await ada.say("a better question");
  await expect(row(ben, "an answer").getByRole("button", { name: "Ada a better question" })).toBeAttached();
  await ada.texts.first().hover();
  await ada.log.getByRole("article").first().getByRole("button", { name: "Delete" }).click();
  await ada.confirmDelete();
  for (const tab of [ada, ben]) {
    await expect(row(tab, "an answer").getByText("Answers a message that was deleted.")).toBeAttached();
    expect(await tab.page.content()).not.toContain("better question");
  }
});

test("a mention is completed by keys and by a press", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  await ada.messageBox.pressSequentially("hello @b");
  await expect(ada.page.getByRole("option", { name: "Ben" })).toBeVisible();
  await ada.messageBox.press("Enter");
  await expect(ada.messageBox).toHaveValue("hello @Ben ");
  await expect(ada.page.getByRole("option")).toHaveCount(0);
  await ada.messageBox.pressSequentially("and @");
  await ada.page.getByRole("option", { name: "Ben" }).click();
  await expect(ada.messageBox).toHaveValue("hello @Ben and @Ben ");
  await ada.messageBox.press("Enter");
  await expect(row(ben, "hello @Ben").getByText("(mentions you)")).toBeAttached();
  await ada.messageBox.pressSequentially("@B");
  await ada.messageBox.press("Escape");
  await expect(ada.page.getByRole("option")).toHaveCount(0);
  await ada.messageBox.press("Enter");
  await ben.shows(["hello @Ben and @Ben", "@B"]);
});
