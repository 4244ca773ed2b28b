// For everyone: axe finds nothing on any page, and everything can be done by keyboard.
import { SIZES, audit } from "../audit";
import { LOST_LINE, expect, test } from "../fixtures";
import { Tab } from "../tab";

const REFUSED = /status of 40[0-9]/;

test("axe finds nothing on the landing page", async ({ visitor }) => {
  const ada = await visitor();
  ada.watch.allow(REFUSED);
  await ada.open("/");
  await audit(ada, "landing");
  await ada.page.getByText("Options for a new room").click();
  await ada.askToJoin("zzzz-2222");
  await expect(ada.alert).toBeVisible();
  await audit(ada, "landing with options and an error");
});

test("axe finds nothing in front of a room", async ({ visitor }) => {
  const ada = await visitor();
  const code = await ada.create({ name: "Low tide", pin: "marram grass", capacity: 2 });
  const ben = await visitor();
  ben.watch.allow(REFUSED);
  await ben.open(`/r/${code}`);
  await audit(ben, "join card");
  await ben.pinBox.fill("sea buckthorn");
  await ben.joinButton.click();
  await expect(ben.alert).toBeVisible();
  await audit(ben, "join card with an error");
  await ben.pinBox.fill("marram grass");
  await ben.joinButton.click();
  await ben.inside();

  const cleo = await visitor();
  cleo.watch.allow(REFUSED);
  await cleo.open(`/r/${code}`);
  await cleo.pinBox.fill("marram grass");
  await cleo.joinButton.click();
  await expect(cleo.page.getByText("This room is full").first()).toBeVisible();
  await audit(cleo, "full room");
});

test("axe finds nothing in a room", async ({ visitor, relay }) => {
  const ben = await visitor();
  const code = await ben.create({ as: "Ben", name: "Low tide" });
  await audit(ben, "empty room");
  const ada = await visitor({ baseURL: relay.url });
  ada.watch.allow(LOST_LINE);
  await ada.join(code, "Ada");
  await audit(ada, "room without a message");
  await ben.say("The tide is at its lowest at six.");
  await ben.say("- boots\n- a lamp");
  await ada.say("**Six** in the morning? `date` says https://example.org/tides");
  await expect(ada.texts).toHaveCount(3);
  await ben.messageBox.pressSequentially("and");
  await expect(ada.page.getByText("Ben is typing…")).toBeVisible();
  await audit(ada, "room with talk");

  await ada.messageBox.fill("x".repeat(5001));
  await ada.messageBox.press("Enter");
  await expect(ada.alert).toBeVisible();
  await audit(ada, "refused text");

  await ada.page.setViewportSize(SIZES.phone);
  await ada.page.getByRole("button", { name: /people$/ }).click();
  await expect(ada.people.first()).toBeVisible();
  await audit(ada, "list of people", ["phone"]);
  // The audit left the page wide, and a sheet that is grown out of is closed.
  await expect(ada.page.getByRole("dialog")).toHaveCount(0);

  relay.cut();
  await expect(ada.state).toContainText("Connection lost");
  await ada.say("typed without a line");
  await audit(ada, "lost line");
});

test("axe finds nothing on the other pages", async ({ visitor }) => {
  const ada = await visitor();
  ada.watch.allow(REFUSED);
  await ada.open("/about");
  await audit(ada, "about");
  await ada.open("/account");
  await audit(ada, "account, signed out");
  const signUp = ada.page.getByRole("group", { name: "Create account" });
  await signUp.getByRole("textbox", { name: "User name" }).fill("ada");
  await signUp.getByRole("textbox", { name: "Password" }).fill("a long password");
  await signUp.getByRole("button", { name: "Create account" }).click();
  await expect(ada.page.getByText("Signed in as ada.")).toBeVisible();
  await ada.page.getByText("Delete account").first().click();
  await expect(ada.page.getByText("This one")).toBeVisible();
  await audit(ada, "account, signed in");
  await ada.page.goto("/nowhere");
  await expect(ada.page.getByRole("heading", { name: "There is nothing here" })).toBeVisible();
  await audit(ada, "not found");
  await ada.page.goto("/r/ZZZZ2222");
  await expect(ada.page.getByRole("heading", { name: "No such room" })).toBeVisible();
  await audit(ada, "no such room");
});

/** Presses Tab until an element with this name has the focus. */
async function tabTo(tab: Tab, name: string): Promise<void> {
  const target = tab.page.getByRole("button", { name, exact: true });
  for (let presses = 0; presses < 40; presses += 1) {
    if (await target.evaluateAll((found) => found.includes(document.activeElement as HTMLElement))) {
      return;
    }
    await tab.page.keyboard.press("Tab");
  }
  throw new Error(`${name} is not reached by keyboard`);
}

test("from the landing page to a sent message by keyboard alone", async ({ visitor }) => {
  const ada = await visitor();
  await ada.open("/");
  await expect(ada.codeBox, "the first thing to type").toBeFocused();
  for (let presses = 0; presses < 2; presses += 1) {
    await ada.page.keyboard.press("Shift+Tab");
  }
  await tabTo(ada, "Create room");
  const ring = await ada.createButton.evaluate((button) => getComputedStyle(button).outlineStyle);
  expect(ring, "the focus is seen").not.toBe("none");
  await ada.page.keyboard.press("Enter");
  await ada.inside();
  await expect(ada.messageBox).toBeFocused();
  await ada.page.keyboard.type("by hand");
  await ada.page.keyboard.press("Enter");
  await ada.shows(["by hand"]);
  await expect(ada.messageBox).toBeFocused();
  await tabTo(ada, "Copy link");
  await tabTo(ada, "Leave room");
  await ada.page.keyboard.press("Enter");
  await expect(ada.page.getByText(/Leaving in [1-9] s\./)).toBeVisible();
  await ada.page.keyboard.press("Enter");
  await expect(ada.createButton).toBeVisible();
});

test("a code is joined by keyboard alone", async ({ visitor }) => {
  const ada = await visitor();
  const code = await ada.create();
  const ben = await visitor();
  await ben.open("/");
  await expect(ben.codeBox).toBeFocused();
  await ben.page.keyboard.type(code.toLowerCase());
  await ben.page.keyboard.press("Enter");
  await ben.inside();
  await expect(ada.people).toHaveCount(2);
});

test("the log is scrolled by keyboard from the box", async ({ visitor }) => {
  const ada = await visitor();
  await ada.create();
  for (let line = 1; line <= 25; line += 1) {
    await ada.say(`line ${line}\nand\nmore`);
  }
  // Every row stands: one that is drawn anew takes its writer to the end.
  await ada.told("line 25\nand\nmore");
  await expect(ada.log.locator(".pending")).toHaveCount(0);
  await expect(ada.texts.last()).toBeInViewport();
  await ada.page.keyboard.press("PageUp");
  await expect(ada.texts.last()).not.toBeInViewport();
  await ada.page.keyboard.press("PageDown");
  await expect(ada.texts.last()).toBeInViewport();
});

test("no page says anything in the console", async ({ visitor }) => {
  const ada = await visitor();
  for (const path of ["/", "/about", "/account"]) {
    await ada.open(path);
  }
  await ada.create({ as: "Ada" });
  await ada.page.reload();
  await ada.inside();
  const opened = ada.page.waitForEvent("popup");
  await ada.page.getByRole("link", { name: /opens in a new tab/ }).click();
  const beside = new Tab(await opened, ada.watch);
  await expect(beside.createButton).toBeVisible();
  await beside.page.getByRole("link", { name: "How do I know?" }).click();
  await expect(beside.page.getByRole("heading", { name: "What is promised" })).toBeVisible();
  await beside.page.goBack();
  await beside.running();
  await ada.inside();
});

test("Escape closes the list of people, wherever the focus is", async ({ visitor }) => {
  const ada = await visitor();
  await ada.create();
  await ada.page.setViewportSize(SIZES.phone);
  const toggle = ada.page.getByRole("button", { name: /person$/ });
  await toggle.click();
  await expect(ada.people.first()).toBeVisible();
  await ada.page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await ada.page.keyboard.press("Escape");
  await expect(ada.people.first()).toBeHidden();
  await expect(toggle).toBeFocused();
});
