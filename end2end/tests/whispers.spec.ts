// Whispers: said to one person, seen by both as such, and by nobody else; words for one never become words for all.
import type { Locator } from "@playwright/test";

import { expect, test } from "../fixtures";
import type { Tab } from "../tab";

async function three(visitor: (options?: object) => Promise<Tab>): Promise<[Tab, Tab, Tab]> {
  const cleo = await visitor();
  const code = await cleo.create({ as: "Cleo" });
  const [ada, ben] = [await visitor(), await visitor()];
  await ada.join(code, "Ada");
  await ben.join(code, "Ben");
  await expect(ada.people).toHaveCount(3);
  return [ada, ben, cleo];
}

function row(tab: Tab, text: string): Locator {
  return tab.log.getByRole("article").filter({ hasText: text });
}

async function press(tab: Tab, text: string, button: string): Promise<void> {
  await row(tab, text).hover();
  await row(tab, text).getByRole("button", { name: button }).click();
}

const whispering = (tab: Tab) => tab.page.getByText(/^Whispering to /);

test("a whisper reaches every tab of two people, marked as one, and nobody else", async ({ visitor }) => {
  const [ada, ben, cleo] = await three(visitor);
  const beside = await ben.another();
  await beside.page.goto(ben.page.url());
  await beside.inside();
  await ben.say("good morning");
  for (const tab of [ada, cleo, beside]) {
    await tab.shows(["good morning"]);
  }

  await ada.messageBox.fill("half a sen");
  await press(ada, "good morning", "Whisper");
  await expect(whispering(ada)).toHaveText("Whispering to Ben");
  await expect(ada.messageBox, "words for all are not for one").toHaveValue("");
  await expect(ada.sendButton).toBeVisible();
  await ada.say("only **you**");
  await expect(whispering(ada)).toHaveCount(0);
  await expect(ada.messageBox).toHaveValue("half a sen");
  await expect(row(ada, "only you").getByText("Whisper to Ben", { exact: true })).toBeVisible();
  for (const tab of [ben, beside]) {
    await expect(row(tab, "only you").getByText("Ada whispers to you", { exact: true })).toBeVisible();
    await expect(row(tab, "only you")).toHaveClass(/whisper/);
  }
  const ground = (tab: Tab, text: string) => row(tab, text).evaluate((row) => getComputedStyle(row).backgroundColor);
  expect(await ground(ben, "only you")).not.toBe(await ground(ben, "good morning"));

  // Answered, changed and taken back, it stays between the two.
  await press(ben, "only you", "Reply");
  await expect(whispering(ben)).toHaveText("Whispering to Ada");
  await ben.say("I hear you");
  await expect(row(ada, "I hear you").getByText("Ben whispers to you", { exact: true })).toBeVisible();
  await expect(row(ada, "I hear you").locator(".quote")).toContainText("only");
  await press(ada, "only you", "Edit");
  await ada.say("only you, mended");
  await expect(row(beside, "only you, mended").first()).toBeVisible();
  await press(ben, "I hear you", "Delete");
  await ben.confirmDelete();
  await expect(ada.log.getByText("This message was deleted.")).toBeVisible();

  await ben.say("good night");
  await cleo.shows(["good morning", "good night"]);
  for (const kind of ["whisper", "edited", "deleted"]) {
    expect(cleo.received(kind), kind).toEqual([]);
  }
  expect(JSON.stringify(cleo.received("message"))).not.toContain("only");
  await expect(cleo.log.locator(".system-row.warns"), "and nothing is missing").toHaveCount(0);
});

test("from the list of people; what is left by Cancel is not for all", async ({ visitor }) => {
  const [ada, ben, cleo] = await three(visitor);
  await ada.messageBox.fill("for all");
  await ada.people.filter({ hasText: "Ben" }).getByRole("button").first().click();
  await ada.people.filter({ hasText: "Ben" }).getByRole("button", { name: "Whisper" }).click();
  await expect(whispering(ada)).toHaveText("Whispering to Ben");
  await expect(ada.messageBox).toBeFocused();
  await ada.messageBox.fill("a secret");
  await ada.page.getByRole("button", { name: "Cancel" }).click();
  await expect(ada.messageBox).toHaveValue("for all");
  await ada.messageBox.press("Enter");
  await cleo.shows(["for all"]);
  await ben.shows(["for all"]);
});

test("to somebody who has left it is refused in words, and the words stay", async ({ visitor }) => {
  const [ada, ben, cleo] = await three(visitor);
  await ben.say("bye");
  await ada.shows(["bye"]);
  await ben.leaveButton.click();
  await expect(ada.people).toHaveCount(2);
  await press(ada, "bye", "Whisper");
  await ada.say("wait");
  await expect(row(ada, "wait").getByRole("alert")).toContainText("That person is not in this room any more.");
  await expect(row(ada, "wait").getByText("Whisper to Ben", { exact: true })).toBeVisible();
  await row(ada, "wait").getByRole("button", { name: "Discard" }).click();
  await ada.shows(["bye"]);
  await cleo.shows(["bye"]);
});
