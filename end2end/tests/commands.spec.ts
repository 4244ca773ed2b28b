// What begins with a slash: offered, completed, done, or refused in the box.
import { audit } from "../audit";
import { expect, test } from "../fixtures";
import type { Tab } from "../tab";

async function two(visitor: () => Promise<Tab>): Promise<[Tab, Tab]> {
  const ada = await visitor();
  const code = await ada.create({ as: "Ada" });
  const ben = await visitor();
  await ben.join(code, "Ben");
  await expect(ada.people).toHaveCount(2);
  return [ada, ben];
}

test("an unknown command is refused in the box, two slashes say one", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  await ada.say("/frobnicate me");
  await expect(ada.alert).toContainText("There is no command /frobnicate");
  await expect(ada.messageBox).toHaveValue("/frobnicate me");
  await expect(ada.messageBox).toBeFocused();
  await ada.say("/help me");
  await expect(ada.alert).toContainText("Type it like this: /help");
  await ada.say("//help me");
  await ada.say("/usr/bin/env");
  await ben.shows(["/help me", "/usr/bin/env"]);
  await expect(ada.alert).toHaveCount(0);
});

test("commands and the people they are about are completed", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  const options = ada.page.getByRole("option");
  const { keyboard } = ada.page;
  await ada.messageBox.pressSequentially("/");
  await expect(ada.page.getByRole("listbox", { name: "Commands" })).toBeVisible();
  await expect(options.filter({ hasText: "/kick name" })).toContainText("Put somebody out");
  await keyboard.type("k");
  await expect(options).toHaveText([/^\/kick name/]);
  await keyboard.press("Tab");
  await expect(ada.messageBox).toHaveValue("/kick ");
  await expect(options).toHaveText(["Ben"]);
  await keyboard.press("Enter");
  await expect(ada.messageBox).toHaveValue("/kick Ben");
  await expect(options).toHaveCount(0);
  await keyboard.press("Enter");
  await expect(ben.page.getByRole("heading", { name: "You were put out of the room" })).toBeVisible();
  await expect(ada.messageBox).toHaveValue("");
  await ada.messageBox.pressSequentially("/he");
  await ada.page.getByRole("option", { name: "/help" }).click();
  await expect(ada.messageBox).toHaveValue("/help");
  await keyboard.press("Enter");
  await expect(ada.page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  await expect(ada.messageBox).toHaveValue("");
});

test("what one may not do is offered with the reason, and refused", async ({ visitor }) => {
  const [, ben] = await two(visitor);
  await ben.messageBox.pressSequentially("/ki");
  const kick = ben.page.getByRole("option", { name: "/kick name" });
  await expect(kick).toHaveAttribute("aria-disabled", "true");
  await expect(kick).toContainText("For moderators");
  await ben.messageBox.press("Enter");
  await expect(ben.messageBox).toHaveValue("/ki");
  for (const typed of ["/kick Ada", "/lock", "/topic x", "/burn"]) {
    await ben.say(typed);
    await expect(ben.alert, typed).toContainText("You are not allowed to do that.");
    await expect(ben.messageBox).toHaveValue(typed);
    await ben.messageBox.fill("");
  }
});

test("a room is led by commands", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  await ada.say("/topic Tea at four");
  await expect(ben.page.getByText("Tea at four", { exact: true })).toBeVisible();
  await ada.say("/lock");
  await expect(ben.page.getByText("Locked: nobody new comes in.")).toBeVisible();
  await expect(ada.messageBox).toHaveValue("");
  await ada.say("/unlock");
  await expect(ben.page.getByText("Locked: nobody new comes in.")).toHaveCount(0);
  await ada.say("/kick Nobody");
  await expect(ada.alert).toContainText("That person is not in this room");
  await ada.say("/kick Ada");
  await expect(ada.alert).toContainText("You are not allowed to do that.");
  await ada.say("/ban @ben");
  await expect(ben.page.getByRole("heading", { name: "You were banned from the room" })).toBeVisible();
  await ada.say("/invite");
  await expect(ada.page.getByRole("dialog", { name: /^Invite/ })).toBeVisible();
  await ada.page.keyboard.press("Escape");
  await ada.say("/burn");
  await expect(ada.page.getByRole("button", { name: "Hold to burn" })).toBeFocused();
  await ada.inside();
});

test("one's own name, an action, who is inside, and an empty log", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  await ada.say("/nick Low Tide");
  await ben.sees(["Ben", "Low Tide"]);
  await expect(ada.messageBox).toHaveValue("");
  await ada.say("/me waves **hard**");
  await expect(ben.texts).toHaveText(["Low Tide waves hard"]);
  await expect(ben.texts.locator("em strong")).toHaveText("hard");
  await expect(ben.log.locator(".message-name"), "its name stands in the sentence").toBeHidden();
  await ada.say("/nick   ");
  await expect(ada.alert).toContainText("Type it like this: /nick name");
  await ada.say("/who");
  await expect(ada.page.getByRole("button", { name: /^Low Tide/ })).toBeFocused();
  await ada.say("/clear");
  await expect(ada.texts).toHaveCount(0);
  await expect(ben.texts).toHaveCount(1);
  await ben.say("still here");
  await ada.shows(["still here"]);
});

test("what one says burns after the span that a command names, until it is off", async ({ visitor }) => {
  const [ada] = await two(visitor);
  const timer = ada.page.getByRole("button", { name: /^Burn timer/ });
  await ada.say("/timer 5 days");
  await expect(ada.alert).toContainText("Type it like this: /timer 30s");
  await ada.say("/timer 2s");
  await expect(ada.alert).not.toContainText("Type it like this");
  await expect(ada.messageBox).toHaveValue("/timer 2s");
  await ada.say("/timer 5 min");
  await expect(timer).toHaveAccessibleName(/5 min/);
  await expect(ada.messageBox).toHaveValue("");
  await ada.say("/timer off");
  await expect(timer).toHaveAccessibleName("Burn timer");
});

test("axe finds nothing in the palette, the list of keys and a message's menu", async ({ visitor }) => {
  const [ada] = await two(visitor);
  await ada.say("/me waves");
  await expect(ada.log.getByRole("button", { name: "More" })).toHaveCount(1);
  await ada.messageBox.pressSequentially("/");
  await audit(ada, "the palette");
  await ada.messageBox.fill("");
  await ada.page.keyboard.press("Control+/");
  await audit(ada, "the list of keys");
  await ada.page.keyboard.press("Escape");
  await ada.log.focus();
  await ada.page.keyboard.press("ArrowUp");
  await audit(ada, "a message with the focus", ["desktop"]);
  await ada.page.keyboard.press("m");
  await expect(ada.page.getByRole("menu", { name: "More" })).toBeVisible();
  await audit(ada, "the menu of a message");
});

test("a whisper is said by a command, to nobody but the one who is named", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  const cy = await visitor();
  await cy.join(ada.code(), "Cy");
  await expect(ada.people).toHaveCount(3);
  await ada.say("/msg Nobody hush");
  await expect(ada.alert).toContainText("That person is not in this room");
  await expect(ada.messageBox).toHaveValue("/msg Nobody hush");
  await ada.messageBox.fill("");
  await ada.messageBox.pressSequentially("/msg b");
  await ada.messageBox.press("Enter");
  await expect(ada.messageBox).toHaveValue("/msg Ben ");
  await ada.page.keyboard.type("hush");
  await ada.messageBox.press("Enter");
  await expect(ada.messageBox).toHaveValue("");
  await ben.shows(["hush"]);
  await ada.say("/msg @ben");
  await expect(ada.page.getByText("Whispering to Ben")).toBeVisible();
  await ada.say("/me nods");
  await ben.shows(["hush", "Ada nods"]);
  await ada.page.keyboard.press("Escape");
  await ada.say("to all");
  await cy.shows(["to all"]);
});
