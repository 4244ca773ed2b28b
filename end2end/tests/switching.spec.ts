// Several rooms on one page: the list, the ways from one to another, and what each keeps meanwhile.
import { audit, SIZES } from "../audit";
import { expect, test } from "../fixtures";
import type { Tab } from "../tab";

/** The list of rooms. */
function rooms(tab: Tab) {
  return tab.page.getByRole("navigation", { name: "Rooms" });
}

function link(tab: Tab, name: string | RegExp) {
  return rooms(tab).getByRole("link", { name });
}

async function shown(tab: Tab, name: string): Promise<void> {
  await expect(tab.page.getByRole("heading", { level: 1 })).toHaveText(name);
  await expect(link(tab, new RegExp(`^${name}`))).toHaveAttribute("aria-current", "page");
  await tab.inside();
}

/** A room made from inside of another one; the answer is its code. */
async function another(tab: Tab, name: string): Promise<string> {
  await rooms(tab).getByRole("link", { name: "Another room" }).click();
  const dialog = tab.page.getByRole("dialog", { name: "Another room" });
  await dialog.getByRole("textbox", { name: "Room name" }).fill(name);
  await dialog.getByRole("button", { name: "Create room" }).click();
  await expect(dialog).toHaveCount(0);
  await shown(tab, name);
  return tab.code();
}

/** Ada in both rooms, Ben too, who looks at the first. */
async function two(visitor: () => Promise<Tab>): Promise<{ ada: Tab; ben: Tab; first: string; second: string }> {
  const ada = await visitor();
  const first = await ada.create({ as: "Ada", name: "Book club" });
  const second = await another(ada, "Night shift");
  const ben = await visitor();
  await ben.join(second, "Ben");
  await ben.open(`/r/${first}`);
  await ben.joinButton.click();
  await shown(ben, "Book club");
  await expect(link(ben, "Night shift")).toBeVisible();
  return { ada, ben, first, second };
}

test("each room keeps its log, its draft and its place, and Back leads through them", async ({ visitor }) => {
  const { ada, ben, first, second } = await two(visitor);
  await link(ada, "Book club").click();
  await shown(ada, "Book club");
  await expect(ada.messageBox, "one writes on").toBeFocused();
  expect(ada.code()).toBe(first);
  for (let line = 1; line <= 30; line += 1) {
    await ben.say(`line ${line}\nand\nmore`);
  }
  await expect(ada.texts).toHaveCount(30);
  await ada.messageBox.fill("half a sentence");
  await ada.log.hover();
  await ada.page.mouse.wheel(0, -900);
  await expect(ada.texts.last()).not.toBeInViewport();
  const place = () =>
    ada.log.evaluate((log) => {
      const edge = log.getBoundingClientRect().top;
      const rows = [...log.querySelectorAll("article")];
      const row = rows.find((row) => row.getBoundingClientRect().bottom > edge);
      return row && [rows.indexOf(row), Math.round(row.getBoundingClientRect().top - edge)];
    });
  const before = await place();

  await link(ada, "Night shift").click();
  await shown(ada, "Night shift");
  expect(ada.code()).toBe(second);
  await expect(ada.messageBox).toHaveValue("");
  await expect(ada.texts).toHaveCount(0);
  await ada.say("said here");
  await ada.shows(["said here"]);

  await ada.page.goBack();
  await shown(ada, "Book club");
  await expect(ada.texts).toHaveCount(30);
  await expect(ada.messageBox).toHaveValue("half a sentence");
  await expect.poll(place).toEqual(before);

  await ada.page.goForward();
  await shown(ada, "Night shift");
  await ada.shows(["said here"]);
});

test("what is unread is in the name of the link, in the title, and below a mark", async ({ visitor }) => {
  const { ada, ben } = await two(visitor);
  await expect(link(ada, "Book club"), "nothing is unread").toBeVisible();
  await ada.say("own words");
  await ben.say("one");
  await ben.say("two");
  await expect(link(ada, "Book club, 2 unread")).toBeVisible();
  await expect(ada.page).toHaveTitle("(2) Night shift · WhisperSpace");
  await expect(ada.page.locator("link[rel=icon]")).toHaveAttribute("href", "/favicon-unread.svg");
  await expect(link(ben, "Night shift, 1 unread")).toBeVisible();

  await link(ada, /^Book club/).click();
  await shown(ada, "Book club");
  await expect(link(ada, "Book club")).toBeVisible();
  await expect(ada.log.locator(".unread-mark ~ article .message-text, .unread-mark ~ * .message-text")).toHaveText(["one", "two"]);
  await expect(ada.page).toHaveTitle("Book club · WhisperSpace");
  await expect(ada.page.locator("link[rel=icon]")).toHaveAttribute("href", "/favicon.svg");
});

test("the quick switch goes by a few letters, Alt and arrows go to the next room", async ({ visitor }) => {
  const ada = await visitor();
  await ada.create({ as: "Ada", name: "Book club" });
  await another(ada, "Night shift");
  await another(ada, "Thursday handover");
  const box = ada.page.getByRole("combobox", { name: "Go to room" });
  await ada.page.keyboard.press("ControlOrMeta+k");
  await expect(box).toBeFocused();
  await expect(ada.page.getByRole("option")).toHaveCount(3);
  await ada.page.keyboard.type("shift");
  await expect(ada.page.getByRole("option")).toHaveCount(1);
  await ada.page.keyboard.press("Enter");
  await expect(box).toHaveCount(0);
  await shown(ada, "Night shift");
  await expect(ada.messageBox).toBeFocused();

  await ada.page.keyboard.press("ControlOrMeta+k");
  await box.fill("nothing of the kind");
  await expect(ada.page.getByRole("status").filter({ hasText: "No such room" })).toBeVisible();
  await ada.page.keyboard.press("Escape");
  await expect(box).toHaveCount(0);
  await expect(ada.messageBox).toBeFocused();

  await ada.page.keyboard.press("Alt+ArrowDown");
  await shown(ada, "Thursday handover");
  await ada.page.keyboard.press("Alt+ArrowDown");
  await shown(ada, "Book club");
  await ada.page.keyboard.press("Alt+ArrowUp");
  await shown(ada, "Thursday handover");
});

test("a room joined elsewhere by the same person appears, and one that was left goes", async ({ visitor }) => {
  const ada = await visitor();
  await ada.create({ as: "Ada", name: "Book club" });
  const beside = await ada.another();
  await beside.create({ name: "Night shift" });
  await expect(link(ada, "Night shift")).toBeVisible();
  await expect(link(beside, "Book club")).toBeVisible();
  await ada.page.reload();
  await shown(ada, "Book club");
  await expect(link(ada, "Night shift"), "it is there again after a reload").toBeVisible();

  await beside.leaveAlone();
  await shown(beside, "Book club");
  await expect(link(beside, "Night shift")).toHaveCount(0);
  await expect(link(ada, "Night shift, ended")).toBeVisible();
  await rooms(ada).getByRole("button", { name: "Close Night shift" }).click();
  await expect(link(ada, /Night shift/)).toHaveCount(0);
});

test("a room that ended stays readable until it is closed, and its words can go elsewhere", async ({ visitor }) => {
  const { ada, ben, second } = await two(visitor);
  await link(ben, "Night shift").click();
  await shown(ben, "Night shift");
  await ben.say("last words");
  await ada.shows(["last words"]);
  await ben.messageBox.fill("too late");
  const ended = await ada.page.context().request.delete(`/api/v1/rooms/${second}`, {
    headers: { origin: new URL(ada.page.url()).origin },
  });
  expect(ended.ok()).toBe(true);
  await expect(link(ada, "Night shift, ended")).toBeVisible();
  await link(ada, "Book club").click();
  await shown(ada, "Book club");
  await link(ada, /Night shift/).click();
  await expect(ada.alert).toContainText("The room was ended");
  await ada.page.getByRole("button", { name: "Read what was said" }).click();
  await expect(ada.texts).toHaveText(["last words"]);
  await ada.page.getByRole("button", { name: "Close this room" }).click();
  await shown(ada, "Book club");
  await expect(link(ada, /Night shift/)).toHaveCount(0);
});

test("another room is joined by its code and its PIN, without leaving this one", async ({ visitor }) => {
  const ben = await visitor();
  const code = await ben.create({ as: "Ben", name: "Night shift", pin: "sesame" });
  const ada = await visitor();
  ada.watch.allow(/status of 4[01][0-9]/);
  await ada.create({ as: "Ada", name: "Book club" });
  await ada.say("stays here");
  await rooms(ada).getByRole("link", { name: "Another room" }).click();
  const dialog = ada.page.getByRole("dialog", { name: "Another room" });
  const codeBox = dialog.getByRole("textbox", { name: "Room code" });
  await codeBox.fill("nonsense");
  await dialog.getByRole("button", { name: "Join room" }).click();
  await expect(codeBox).toBeFocused();
  await codeBox.fill(code.toLowerCase());
  await dialog.getByRole("button", { name: "Join room" }).click();
  await dialog.getByRole("textbox", { name: "PIN" }).fill("sesame");
  await dialog.getByRole("button", { name: "Join room" }).click();
  await shown(ada, "Night shift");
  await expect(ben.people).toHaveCount(2);
  await ada.page.goBack();
  await shown(ada, "Book club");
  await ada.shows(["stays here"]);
});

test("words of every room are asked about, and outlive a reload where that is allowed", async ({ visitor }) => {
  const ada = await visitor();
  await ada.create({ as: "Ada", name: "Book club" });
  await ada.messageBox.fill("in the first");
  await another(ada, "Night shift");
  await ada.page.getByRole("checkbox", { name: /Keep unsent words/ }).check();
  await ada.messageBox.fill("in the second");
  ada.watch.goes = true;
  await ada.page.reload();
  expect(ada.watch.asked).toBe(1);
  await shown(ada, "Night shift");
  await expect(ada.messageBox).toHaveValue("in the second");
  await link(ada, "Book club").click();
  await shown(ada, "Book club");
  await expect(ada.messageBox).toHaveValue("in the first");
});

test("the list, its dialogs and its sheet have no fault that a machine finds", async ({ visitor }) => {
  const { ada, ben } = await two(visitor);
  await ben.say("unread");
  await expect(link(ada, "Book club, 1 unread")).toBeVisible();
  await audit(ada, "list of rooms");
  await ada.page.keyboard.press("ControlOrMeta+k");
  await audit(ada, "quick switch");
  await ada.page.keyboard.press("Escape");
  await rooms(ada).getByRole("link", { name: "Another room" }).click();
  await audit(ada, "another room");
  await ada.page.keyboard.press("Escape");

  await ada.page.setViewportSize(SIZES.phone);
  await expect(rooms(ada)).toBeHidden();
  const toggle = ada.page.getByRole("button", { name: "Rooms, 1 unread" });
  await toggle.click();
  await expect(ada.page.getByRole("dialog", { name: "Rooms" })).toBeVisible();
  await expect(ada.page.getByRole("button", { name: "Close the list of rooms" })).toBeFocused();
  await ada.page.keyboard.press("Escape");
  await expect(rooms(ada)).toBeHidden();
  await expect(toggle).toBeFocused();
  await toggle.click();
  await audit(ada, "sheet of rooms", ["phone"]);
  await expect(ada.page.getByRole("dialog", { name: "Rooms" }), "the page grew beyond the sheet").toHaveCount(0);
  await ada.page.setViewportSize(SIZES.phone);
  await toggle.click();
  await link(ada, /Book club/).click();
  await expect(rooms(ada)).toBeHidden();
  await expect(ada.page.getByRole("heading", { level: 1 })).toHaveText("Book club");
});
