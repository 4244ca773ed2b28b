// What owners and moderators do to a room, and what the others see of it.
import type { Locator } from "@playwright/test";

import { audit } from "../audit";
import { expect, test } from "../fixtures";
import type { Tab } from "../tab";

const REFUSED = /status of 4[0-9][0-9]/;

type Visitor = (options?: object) => Promise<Tab>;

/** An owner and somebody else, each of whom knows of the other. */
async function two(visitor: Visitor): Promise<[Tab, Tab, string]> {
  const ada = await visitor();
  const code = await ada.create({ as: "Ada", name: "Harbour" });
  const ben = await visitor();
  await ben.join(code, "Ben");
  await ada.sees(["Ada", "Ben"]);
  return [ada, ben, code];
}

function menuOf(tab: Tab): Locator {
  return tab.page.getByRole("button", { name: "Room menu" });
}

/** Presses an item of the room's menu. */
async function choose(tab: Tab, item: string): Promise<void> {
  await menuOf(tab).click();
  await tab.page.getByRole("menuitem", { name: item }).click();
}

/** Presses an item of somebody's menu, which stays open below a row that changes. */
async function choosePerson(tab: Tab, person: string, item: string): Promise<void> {
  const row = tab.people.filter({ hasText: person }).getByRole("button").first();
  if ((await row.getAttribute("aria-expanded")) !== "true") {
    await row.click();
  }
  await tab.page.getByRole("menuitem", { name: item, exact: true }).click();
}

async function fill(tab: Tab, box: string, text: string): Promise<void> {
  await tab.page.getByRole("textbox", { name: box, exact: true }).fill(text);
  await tab.page.getByRole("button", { name: "Save" }).click();
}

test("a room is renamed, gets a topic and a PIN, and everybody sees it", async ({ visitor }) => {
  const [ada, ben, code] = await two(visitor);
  await choose(ada, "Rename room");
  await fill(ada, "Room name", "Pier");
  await expect(ben.page.getByRole("heading", { name: "Pier" })).toBeVisible();
  await expect(ada.page.getByRole("heading", { name: "Pier" })).toBeVisible();
  await choose(ada, "Set topic");
  await fill(ada, "Topic", "Who has the keys?");
  await expect(ben.page.locator(".room-topic")).toHaveText("Who has the keys?");
  await choose(ada, "Set PIN");
  ada.watch.allow(REFUSED);
  await fill(ada, "PIN", "12");
  await expect(ada.alert).toContainText("4 to 64");
  await fill(ada, "PIN", "4711");
  await expect(ada.pinBox).toHaveCount(0);
  for (const tab of [ada, ben]) {
    await expect(tab.notes.filter({ hasText: "Ada " }).filter({ hasNotText: "joined" })).toHaveText([
      "Ada renamed the room: Pier",
      "Ada changed the topic: Who has the keys?",
      "Ada set a PIN",
    ]);
  }
  const cleo = await visitor();
  cleo.watch.allow(REFUSED);
  await cleo.open("/");
  await cleo.askToJoin(code, "Cleo");
  await expect(cleo.pinBox).toBeVisible();
});

test("a locked room lets nobody new in, until it is unlocked", async ({ visitor }) => {
  const [ada, ben, code] = await two(visitor);
  await choose(ada, "Lock room");
  await expect(ben.page.getByText("Locked: nobody new comes in.")).toBeVisible();
  const cleo = await visitor();
  cleo.watch.allow(REFUSED);
  await cleo.open("/");
  await cleo.askToJoin(code, "Cleo");
  await expect(cleo.alert).toContainText("This room is locked");
  await choose(ada, "Unlock room");
  await expect(ben.notes.filter({ hasText: "locked" })).toHaveText(["Ada locked the room", "Ada unlocked the room"]);
  await expect(ben.page.getByText("Locked: nobody new comes in.")).toHaveCount(0);
  await cleo.joinButton.click();
  await cleo.inside();
});

test("only what one may do is shown, and who is named sees more", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  await expect(menuOf(ben)).toHaveCount(0);
  await ben.people.filter({ hasText: "Ada" }).getByRole("button").first().click();
  await expect(ben.page.getByRole("button", { name: "Mention" })).toBeVisible();
  await expect(ben.page.getByRole("menuitem")).toHaveCount(0);
  await choosePerson(ada, "Ben", "Make moderator");
  await expect(ben.people.filter({ hasText: "Ben" })).toContainText("moderator");
  await menuOf(ben).click();
  await expect(ben.page.getByRole("menuitem")).toHaveText(["Rename room", "Set topic", "Lock room", "Set burn timer", "Banned people"]);
  await choosePerson(ada, "Ben", "Make owner");
  await ada.page.getByRole("button", { name: "Make owner", exact: true }).click();
  await expect(ada.people.filter({ hasText: "Ben" })).toContainText("owner");
  await expect(menuOf(ada)).toHaveCount(0);
  const named = ["Ben is a moderator now", "Ben owns the room now"];
  await expect(ada.notes.filter({ hasText: "now" })).toHaveText(named);
});

test("who is kicked or banned is told, and a ban holds for the browser", async ({ visitor }) => {
  const [ada, ben, code] = await two(visitor);
  await choosePerson(ada, "Ben", "Kick");
  await expect(ben.alert).toContainText("You were put out of the room");
  await expect(ada.people).toHaveCount(1);
  await ben.join(code);
  await ada.sees(["Ada", "Ben"]);
  await choosePerson(ada, "Ben", "Ban");
  await ada.page.getByRole("button", { name: "Ban", exact: true }).click();
  await expect(ben.alert).toContainText("You were banned from the room");
  ben.watch.allow(REFUSED);
  await ben.open("/");
  await ben.askToJoin(code, "Somebody else");
  await expect(ben.alert).toContainText("You were banned");
  await ben.page.context().clearCookies();
  await ben.open("/");
  await ben.askToJoin(code, "Nobody");
  await expect(ben.alert, "a new guest is not let in either").toContainText("You were banned");
  await choose(ada, "Banned people");
  await ada.page.getByRole("button", { name: "Lift the ban of Ben" }).click();
  await expect(ada.page.getByRole("button", { name: "Lift the ban of Ben" })).toHaveCount(0);
  await ben.joinButton.click();
  await ben.inside();
});

test("a room is burned by holding the button, with the keyboard too", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  await menuOf(ada).press("Enter");
  const items = ada.page.getByRole("menuitem");
  await expect(items.first()).toBeFocused();
  await ada.page.keyboard.press("ArrowUp");
  await expect(items.last()).toBeFocused();
  await ada.page.keyboard.press("Escape");
  await expect(menuOf(ada)).toBeFocused();
  await choose(ada, "Burn room");
  const hold = ada.page.getByRole("button", { name: "Hold to burn" });
  await hold.click();
  await expect(ada.page.getByRole("button", { name: "Burn it now" }), "a press is no hold, and asks").toBeFocused();
  await hold.focus();
  await ada.page.keyboard.down("Enter");
  await expect(ben.alert).toContainText("The room was ended");
  await ada.page.keyboard.up("Enter");
  await expect(ada.alert).toContainText("The room was ended");
});

test("who cannot hold a button burns the room by two presses, and its screen says what is left", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  await ada.say("the last words");
  await ben.shows(["the last words"]);
  await choose(ada, "Burn room");
  // As what assists a reader presses: without a pointer and without keys.
  await ada.page.getByRole("button", { name: "Hold to burn" }).evaluate((button: HTMLElement) => button.click());
  await ada.page.getByRole("button", { name: "Burn it now" }).click();
  await expect(ben.alert).toContainText("The room was ended");
  await expect(ben.page.getByRole("heading", { name: "The room was ended" })).toBeVisible();
  await expect(ben.log, "the screen is in its place").toBeHidden();
  await expect(ben.page.getByRole("link", { name: "Create a new room" })).toBeVisible();
  await audit(ben, "a room that was burned", ["desktop"]);
  await ben.page.screenshot({ path: test.info().outputPath("burned.png") });
  await ben.page.getByRole("button", { name: "Read what was said" }).click();
  await expect(ben.texts.filter({ hasText: "the last words" })).toBeVisible();
  await expect(ben.alert).toContainText("The room was ended");
});

test("capacity and lifetime have boxes, and a refusal stands at them", async ({ visitor }) => {
  const [ada] = await two(visitor);
  ada.watch.allow(REFUSED);
  await choose(ada, "Set number of people");
  await fill(ada, "People at once", "1");
  await expect(ada.alert).toContainText("That many people don't fit");
  await fill(ada, "People at once", "7");
  await expect(ada.page.getByRole("textbox", { name: "People at once" })).toHaveCount(0);
  await choose(ada, "Extend lifetime");
  await expect(ada.page.getByRole("textbox", { name: "Hours from its beginning" })).toHaveValue("24");
  await fill(ada, "Hours from its beginning", "72");
  await expect(ada.page.getByText(/^[23] days left$/)).toBeVisible();
});

test("axe finds nothing in any menu", async ({ visitor }) => {
  const [ada] = await two(visitor);
  await ada.people.filter({ hasText: "Ben" }).getByRole("button").first().click();
  await menuOf(ada).click();
  await audit(ada, "both menus", ["desktop"]);
  await ada.page.getByRole("menuitem", { name: "Burn room" }).click();
  await audit(ada, "the question", ["desktop"]);
  await ada.page.setViewportSize({ width: 360, height: 780 });
  await ada.page.getByRole("button", { name: /^\d+ people$/ }).click();
  await expect(menuOf(ada)).toBeInViewport();
  await audit(ada, "the sheet", ["phone"]);
  await ada.page.setViewportSize({ width: 360, height: 780 });
  await ada.page.screenshot({ path: test.info().outputPath("sheet.png") });
});
