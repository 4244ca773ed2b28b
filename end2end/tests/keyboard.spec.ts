// The room without a mouse.
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

test("the first stops lead to the box and to the messages", async ({ visitor }) => {
  const [ada] = await two(visitor);
  for (const [name, target] of [
    ["Skip to the message box", ada.messageBox],
    ["Skip to the messages", ada.log],
  ] as const) {
    const link = ada.page.getByRole("link", { name });
    await link.focus();
    await expect(link).toBeInViewport({ ratio: 1 });
    await ada.page.keyboard.press("Enter");
    await expect(target).toBeFocused();
  }
});

test("the log is one stop, arrows go inside, letters go to the box", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  await ben.say("https://example.org/1 ||secret|| https://example.org/2");
  await ben.say("```\ncode\n```");
  await expect(ada.texts).toHaveCount(2);
  await ada.messageBox.focus();
  await ada.page.keyboard.press("Shift+Tab");
  await expect(ada.log).toBeFocused();
  await ada.page.keyboard.press("Tab");
  await expect(ada.messageBox).toBeFocused();

  await ada.page.keyboard.press("Shift+Tab");
  await ada.page.keyboard.press("ArrowLeft");
  await expect(ada.log.getByRole("button", { name: "Copy code" })).toBeFocused();
  await ada.page.keyboard.press("ArrowUp");
  await expect(ada.log.locator("pre")).toBeFocused();
  await ada.page.keyboard.press("ArrowUp");
  await expect(ada.log.getByRole("link", { name: "https://example.org/2" })).toBeFocused();
  await ada.page.keyboard.press("ArrowLeft");
  await expect(ada.log.getByRole("button", { name: "Spoiler, show it" })).toBeFocused();
  await ada.page.keyboard.press("Enter");
  await expect(ada.log.getByText("secret")).toBeVisible();
  await ada.log.getByRole("link", { name: "https://example.org/1" }).focus();
  await ada.page.keyboard.press("Shift+Tab");
  await expect(ada.log).toBeFocused();

  await ada.page.keyboard.type("hello");
  await expect(ada.messageBox).toBeFocused();
  await expect(ada.messageBox).toHaveValue("hello");
});

test("Escape goes to the end, and the way there keeps the focus where one types", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  for (let line = 1; line <= 24; line += 1) {
    await ben.say(`line ${line}\nand\nmore`);
  }
  await expect(ada.texts).toHaveCount(24);
  // Until it holds: the log may still be following the last row that came.
  const up = () =>
    expect(async () => {
      await ada.log.evaluate((log) => log.scrollTo(0, 0));
      await expect(ada.texts.last()).not.toBeInViewport({ timeout: 1_000 });
    }).toPass();
  await up();
  await ben.say("new one");
  await ada.messageBox.fill("half a");
  await ada.pill.click();
  await expect(ada.messageBox).toBeFocused();
  await expect(ada.texts.last()).toBeInViewport();
  await ada.page.keyboard.type(" sentence");
  await expect(ada.messageBox).toHaveValue("half a sentence");

  await up();
  await ben.say("another");
  await expect(ada.pill).toBeVisible();
  await ada.log.focus();
  await ada.page.keyboard.press("Tab");
  await expect(ada.pill).toBeFocused();
  await ada.page.keyboard.press("Enter");
  await expect(ada.messageBox).toBeFocused();
  await expect(ada.texts.last()).toBeInViewport();

  await up();
  await ben.say("a third");
  await expect(ada.pill).toBeVisible();
  await ada.page.keyboard.press("Escape");
  await expect(ada.texts.last()).toBeInViewport();
  await expect(ada.pill).toHaveCount(0);
  await expect(ada.messageBox).toHaveValue("half a sentence");
});

/** A row by what is said in it. */
function row(tab: Tab, text: string) {
  return tab.log.getByRole("article").filter({ hasText: text });
}

test("arrows rove through the messages, and single keys do what their buttons do", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  await ada.say("one");
  await ben.say("two");
  await ada.say("three");
  await ada.relayed("one", "three");
  await expect(row(ada, "two").getByRole("button", { name: "Reply" })).toHaveCount(1);
  const { keyboard } = ada.page;
  await ada.messageBox.focus();
  await keyboard.press("Shift+Tab");
  for (const [key, text] of [["ArrowUp", "three"], ["ArrowUp", "two"], ["Home", "one"], ["ArrowDown", "two"], ["End", "three"], ["ArrowDown", "three"]] as const) {
    await keyboard.press(key);
    await expect(row(ada, text)).toBeFocused();
  }
  await expect(ada.log.locator("[tabindex='-1']"), "only the one that has the focus can have it").toHaveCount(1);

  await keyboard.press("ArrowUp");
  await keyboard.press("r");
  await expect(ada.page.getByText("Replying to Ben")).toBeVisible();
  await expect(ada.messageBox).toBeFocused();
  await expect(ada.messageBox).toHaveValue("");
  await keyboard.press("Escape");

  await keyboard.press("Shift+Tab");
  await keyboard.press("ArrowUp");
  await keyboard.press("ArrowUp");
  await keyboard.press("w");
  await expect(ada.page.getByText("Whispering to Ben")).toBeVisible();
  await keyboard.press("Escape");

  await keyboard.press("Shift+Tab");
  await keyboard.press("ArrowUp");
  await keyboard.press("e");
  await expect(ada.messageBox).toHaveValue("three");
  await keyboard.press("Escape");

  await keyboard.press("Shift+Tab");
  await keyboard.press("ArrowUp");
  await keyboard.press("+");
  await ada.page.getByRole("button", { name: "👍" }).click();
  await expect(row(ben, "three").getByRole("button", { name: /^👍 1: Ada$/ })).toBeVisible();

  await ada.log.focus();
  await keyboard.press("ArrowUp");
  await expect(row(ada, "three")).toBeFocused();
  await row(ben, "three").getByRole("button", { name: /^👍/ }).click();
  await expect(row(ada, "three").getByRole("button", { name: /^👍 2/ })).toBeVisible();
  await expect(row(ada, "three"), "drawn anew, it keeps the focus").toBeFocused();
  await keyboard.press("m");
  const menu = ada.page.getByRole("menu", { name: "More" });
  await expect(menu.getByRole("menuitem")).toHaveText(["Copy text", "Reply", "React", "Edit", "Delete"]);
  await expect(menu.getByRole("menuitem", { name: "Copy text" })).toBeFocused();
  await keyboard.press("End");
  await expect(menu.getByRole("menuitem", { name: "Delete" })).toBeFocused();
  await keyboard.press("Escape");
  await expect(menu).toHaveCount(0);

  await ada.log.focus();
  await keyboard.press("ArrowUp");
  await keyboard.press("Delete");
  await expect(ada.page.getByText("Delete this message for everybody?")).toBeVisible();
  await ben.shows(["one", "two", "three"]);
  await keyboard.press("Enter");
  await ben.shows(["one", "two", "This message was deleted."]);
  await ada.log.focus();
  await keyboard.press("ArrowUp");
  await keyboard.press("ArrowUp");
  await expect(row(ada, "two")).toBeFocused();
  await keyboard.press("e");
  await expect(ada.messageBox, "what is not one's own is not edited, and no letter is typed").toHaveValue("");
  await keyboard.type("hello");
  await expect(ada.messageBox).toHaveValue("hello");
});

test("a pressed message takes no keys: who presses it and types, writes", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  await ben.say("read me");
  await expect(row(ada, "read me").getByRole("button", { name: "Reply" })).toHaveCount(1);
  await ada.log.focus();
  await ada.page.keyboard.press("ArrowUp");
  await ada.page.keyboard.press("Escape");
  await row(ada, "read me").locator(".message-text").click();
  await ada.page.keyboard.type("really");
  await expect(ada.messageBox).toHaveValue("really");
  await expect(ada.page.getByText("Replying to Ben")).toHaveCount(0);
});

test("the sheet lists keys and commands, by key and by button; single keys are switched off in it, for good", async ({
  visitor,
}) => {
  const [ada, ben] = await two(visitor);
  await ben.say("one");
  await expect(row(ada, "one").getByRole("button", { name: "Reply" })).toHaveCount(1);
  const sheet = ada.page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await ada.messageBox.focus();
  await ada.page.keyboard.type("why?");
  await expect(ada.messageBox).toHaveValue("why?");
  await ada.messageBox.fill("");
  await ada.page.keyboard.press("Control+/");
  await expect(sheet.getByText("Reply", { exact: true })).toBeVisible();
  await expect(sheet.getByText("/kick name")).toBeVisible();
  await ada.page.keyboard.press("Escape");
  await expect(sheet).toHaveCount(0);
  await expect(ada.messageBox).toBeFocused();
  await ada.page.getByRole("button", { name: "Keyboard shortcuts" }).click();
  await expect(sheet).toBeVisible();
  await sheet.getByRole("button", { name: "Close" }).click();
  await ada.log.focus();
  await ada.page.keyboard.press("?");
  await sheet.getByRole("checkbox", { name: /^Single keys/ }).uncheck();
  await ada.page.keyboard.press("Escape");
  await expect(sheet).toHaveCount(0);

  const later = await ada.another();
  await later.page.goto(ada.page.url());
  await later.inside();
  await ben.say("two");
  await expect(row(later, "two").getByRole("button", { name: "Reply" })).toHaveCount(1);
  await later.log.focus();
  await later.page.keyboard.press("ArrowUp");
  await expect(row(later, "two")).toBeFocused();
  await later.page.keyboard.type("r?");
  await expect(later.messageBox).toHaveValue("r?");
  await expect(later.page.getByText("Replying to Ben")).toHaveCount(0);
});

test("everything that can be done to a message is in its menu", async ({ visitor }) => {
  const ada = await visitor({ permissions: ["clipboard-write"] });
  await ada.create({ as: "Ada" });
  await ada.say("**words** to copy");
  await ada.relayed("**words** to copy");
  const open = async () => {
    await row(ada, "words to copy").hover();
    await row(ada, "words to copy").getByRole("button", { name: "More" }).click();
  };
  await open();
  await ada.page.getByRole("menuitem", { name: "Copy text" }).click();
  await expect(async () => {
    await ada.messageBox.fill("");
    await ada.messageBox.press("Control+V");
    await expect(ada.messageBox).toHaveValue("**words** to copy", { timeout: 500 });
  }).toPass();
  await ada.messageBox.fill("");
  await open();
  await ada.page.getByRole("menuitem", { name: "Edit" }).click();
  await expect(ada.messageBox).toHaveValue("**words** to copy");
  await expect(ada.messageBox).toBeFocused();
  await ada.page.keyboard.press("Escape");
  await open();
  await ada.page.getByRole("menuitem", { name: "Delete" }).click();
  await ada.confirmDelete();
  await ada.shows(["This message was deleted."]);
});

test("a finger that stays on a message opens its menu", async ({ visitor }) => {
  const ada = await visitor({ hasTouch: true, isMobile: true, viewport: { width: 360, height: 720 } });
  await ada.create({ as: "Ada" });
  await ada.messageBox.fill("hold me");
  await ada.sendButton.click();
  await ada.relayed("hold me");
  await expect(row(ada, "hold me").getByRole("button", { name: "More" })).toHaveCount(1);
  const box = await row(ada, "hold me").locator(".message-text").boundingBox();
  const [x, y] = [(box?.x ?? 0) + 20, (box?.y ?? 0) + 10];
  const line = await ada.page.context().newCDPSession(ada.page);
  const menu = ada.page.getByRole("menu", { name: "More" });
  await line.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [{ x, y }] });
  await line.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  await line.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [{ x, y }] });
  await expect(menu.getByRole("menuitem", { name: "Reply" })).toBeVisible();
  await line.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  await menu.getByRole("menuitem", { name: "Reply" }).click();
  await expect(ada.page.getByText("Replying to Ada")).toBeVisible();
  await ada.page.getByRole("button", { name: "Cancel" }).click();
  const moved = await row(ada, "hold me").locator(".message-text").boundingBox();
  const finger = [{ x: (moved?.x ?? 0) + 20, y: (moved?.y ?? 0) + 10 }];
  await line.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: finger });
  await expect(menu.getByRole("menuitem", { name: "Select text" })).toBeVisible();
  await line.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  await menu.getByRole("menuitem", { name: "Select text" }).click();
  await expect.poll(() => ada.page.evaluate(() => getSelection()?.toString())).toBe("hold me");
});

test("formatting keys put marks around a selection, and take them away", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  const { keyboard } = ada.page;
  await ada.messageBox.pressSequentially("very good");
  await keyboard.press("Control+Shift+ArrowLeft");
  await keyboard.press("Control+b");
  await expect(ada.messageBox).toHaveValue("very **good**");
  await keyboard.press("Control+i");
  await expect(ada.messageBox).toHaveValue("very ***good***");
  await keyboard.press("Control+b");
  await keyboard.press("Control+i");
  await expect(ada.messageBox).toHaveValue("very good");
  await keyboard.press("Control+Shift+X");
  await expect(ada.messageBox).toHaveValue("very ~~good~~");
  await keyboard.press("Control+z");
  await expect(ada.messageBox, "as if it were typed").toHaveValue("very good");
  await keyboard.press("End");
  await keyboard.type(" ");
  await keyboard.press("Control+e");
  await keyboard.type("x");
  await expect(ada.messageBox).toHaveValue("very good `x`");
  await keyboard.press("Enter");
  await expect(ben.texts.locator("code")).toHaveText("x");
});
