// How people come into a room that is not open to everybody: by an invite, or because somebody inside lets them in.
import { audit } from "../audit";
import { expect, test } from "../fixtures";
import type { Tab } from "../tab";

const REFUSED = /status of 4[0-9][0-9]/;

async function choose(tab: Tab, item: string): Promise<void> {
  await tab.page.getByRole("button", { name: "Room menu" }).click();
  await tab.page.getByRole("menuitem", { name: item, exact: true }).click();
}

/** Opens the dialog; the answer is what it shows as the link. */
async function invite(tab: Tab): Promise<string> {
  await tab.page.getByRole("button", { name: "Invite", exact: true }).click();
  await expect(tab.page.getByRole("dialog", { name: "Invite people" })).toBeVisible();
  return tab.page.locator(".invite-link").innerText();
}

test("the dialog shows the room's link and draws it, for members too", async ({ visitor, server }) => {
  const ada = await visitor({ permissions: ["clipboard-write"] });
  const code = await ada.create({ as: "Ada" });
  expect(await invite(ada)).toBe(`${server.url}/r/${code}`);
  await expect(ada.page.getByRole("img", { name: "QR code of the link" })).toBeVisible();
  await ada.page.getByRole("button", { name: "Copy invite link" }).click();
  await expect(ada.page.getByText("Link copied")).toBeVisible();
  await audit(ada, "the invite dialog", ["desktop"]);
  await ada.page.setViewportSize({ width: 360, height: 780 });
  await audit(ada, "the invite dialog on a phone", ["phone"]);
  await ada.page.keyboard.press("Escape");
  await expect(ada.page.getByRole("dialog")).toHaveCount(0);
  await ada.page.setViewportSize({ width: 1280, height: 800 });
  const ben = await visitor();
  await ben.join(code, "Ben");
  await invite(ben);
  await expect(ben.page.getByRole("button", { name: "Make invite link" })).toHaveCount(0);
});

test("a link for one person lets one in past PIN and lock, and nobody else", async ({ visitor }) => {
  const ada = await visitor();
  await ada.create({ as: "Ada", name: "Harbour", pin: "4711" });
  await choose(ada, "Lock room");
  const plain = await invite(ada);
  await ada.page.getByRole("button", { name: "Make invite link" }).click();
  await expect(ada.page.locator(".invite-link")).toContainText(`${plain}#`);
  const link = await ada.page.locator(".invite-link").innerText();
  await expect(ada.page.getByRole("list", { name: "Invites" }).getByRole("listitem")).toHaveCount(1);
  const ben = await visitor();
  await ben.page.goto(link);
  await ben.running();
  await ben.nameBox.fill("Ben");
  await ben.joinButton.click();
  await ben.inside();
  expect(ben.page.url(), "what let in is not kept in the address").toBe(plain);
  const cleo = await visitor();
  cleo.watch.allow(REFUSED);
  await cleo.page.goto(link);
  await cleo.running();
  await cleo.joinButton.click();
  await expect(cleo.alert).toContainText("This invite is used up");
});

test("an invite that was taken back is gone from the list and lets nobody in", async ({ visitor }) => {
  const ada = await visitor();
  await ada.create({ as: "Ada", pin: "4711" });
  await invite(ada);
  await ada.page.getByRole("button", { name: "Make invite link" }).click();
  await expect(ada.page.locator(".invite-link")).toContainText("#");
  const link = await ada.page.locator(".invite-link").innerText();
  await ada.page.getByRole("button", { name: "Take back" }).click();
  await expect(ada.page.getByRole("list", { name: "Invites" })).toHaveCount(0);
  await expect(ada.page.locator(".invite-link")).not.toContainText("#");
  const ben = await visitor();
  ben.watch.allow(REFUSED);
  await ben.page.goto(link);
  await ben.running();
  await ben.joinButton.click();
  await expect(ben.alert).toContainText("This invite is used up, was taken back");
});

test("who knocks waits, and comes in by themselves when somebody says yes", async ({ visitor }) => {
  const ada = await visitor();
  const code = await ada.create({ as: "Ada", name: "Harbour" });
  await choose(ada, "Ask before letting in");
  const ben = await visitor();
  ben.watch.allow(REFUSED);
  await ben.open("/");
  await ben.askToJoin(code, "Ben");
  const knock = ben.page.getByRole("button", { name: "Ask to be let in" });
  await knock.click();
  await expect(ben.page.getByRole("heading", { name: "Waiting to be let in" })).toBeVisible();
  await expect(ada.page.getByText("Ben asks to be let in")).toBeVisible();
  await audit(ben, "waiting", ["desktop"]);
  await audit(ada, "a knock", ["desktop"]);
  await ben.page.getByRole("button", { name: "Cancel" }).click();
  await expect(knock).toBeVisible();
  await expect(ada.page.getByText("Ben asks to be let in")).toHaveCount(0);
  await knock.click();
  await ada.page.getByRole("button", { name: "Let in: Ben" }).click();
  await ben.inside();
  await ada.sees(["Ada", "Ben"]);
  await expect(ada.page.getByText("Ben asks to be let in")).toHaveCount(0);
});

test("who is turned away is told so", async ({ visitor }) => {
  const ada = await visitor();
  const code = await ada.create({ as: "Ada" });
  await choose(ada, "Ask before letting in");
  const ben = await visitor();
  ben.watch.allow(REFUSED);
  await ben.open("/");
  await ben.askToJoin(code, "Ben");
  await ben.page.getByRole("button", { name: "Ask to be let in" }).click();
  await ada.page.getByRole("button", { name: "Turn away: Ben" }).click();
  await expect(ben.page.getByRole("heading", { name: "You were not let in" })).toBeVisible();
  await audit(ben, "turned away", ["desktop"]);
});

test("who knocks can be banned, after a question", async ({ visitor }) => {
  const ada = await visitor();
  const code = await ada.create({ as: "Ada" });
  await choose(ada, "Ask before letting in");
  const ben = await visitor();
  ben.watch.allow(REFUSED);
  await ben.open("/");
  await ben.askToJoin(code, "Ben");
  await ben.page.getByRole("button", { name: "Ask to be let in" }).click();
  const ban = ada.page.getByRole("button", { name: "Ban: Ben" });
  await ban.click();
  await expect(ada.page.getByText("Ban them?")).toBeVisible();
  await expect(ban).toBeFocused();
  await ban.click();
  await expect(ben.alert).toContainText("You were banned from this room");
  await expect(ban).toHaveCount(0);
  await choose(ada, "Banned people");
  await expect(ada.page.getByRole("button", { name: "Lift the ban of Ben" })).toBeVisible();
});

test("one knocks from beside other rooms, too, and stops with the dialog", async ({ visitor }) => {
  const ada = await visitor();
  const code = await ada.create({ as: "Ada", name: "Harbour" });
  await choose(ada, "Ask before letting in");
  const ben = await visitor();
  ben.watch.allow(REFUSED);
  await ben.create({ as: "Ben", name: "Book club" });
  const ask = async () => {
    await ben.page.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name: "Another room" }).click();
    const dialog = ben.page.getByRole("dialog", { name: "Another room" });
    await dialog.getByRole("textbox", { name: "Room code" }).fill(code);
    await dialog.getByRole("button", { name: "Join room" }).click();
    await expect(ada.page.getByText("Ben asks to be let in")).toBeVisible();
    await expect(dialog.getByText("Those inside see that you are here.")).toBeVisible();
    return dialog;
  };
  const dialog = await ask();
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(ada.page.getByText("Ben asks to be let in")).toHaveCount(0);
  await ask();
  await ada.page.getByRole("button", { name: "Let in: Ben" }).click();
  await ada.sees(["Ada", "Ben"]);
  await expect(ben.page.getByRole("heading", { name: "Harbour" })).toBeVisible();
});
