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

test("an unknown command is refused in the box, two slashes say one", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  await ada.say("/help me");
  await expect(ada.alert).toContainText("There are no commands here yet");
  await expect(ada.messageBox).toHaveValue("/help me");
  await expect(ada.messageBox).toBeFocused();
  await ada.say("//help me");
  await ada.say("/usr/bin/env");
  await ben.shows(["/help me", "/usr/bin/env"]);
  await expect(ada.alert).toHaveCount(0);
});
