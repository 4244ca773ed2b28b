// The log as it is read and copied: quiet states, larger emoji, links, code, marks, spoilers, selections.
import { expect, test } from "../fixtures";
import type { Tab } from "../tab";

async function two(visitor: (options?: object) => Promise<Tab>): Promise<[Tab, Tab]> {
  const ada = await visitor({ permissions: ["clipboard-write"] });
  const code = await ada.create({ as: "Ada" });
  const ben = await visitor();
  await ben.join(code, "Ben");
  await expect(ada.people).toHaveCount(2);
  return [ada, ben];
}

/** What is on the clipboard, as another box gets it. */
async function pasted(tab: Tab): Promise<string> {
  await tab.messageBox.focus();
  await tab.messageBox.press("ControlOrMeta+v");
  const text = await tab.messageBox.inputValue();
  await tab.messageBox.fill("");
  return text;
}

/** From the middle of one element to the middle of another, the button still down. */
async function drag(tab: Tab, from: string, to: string): Promise<void> {
  const middle = async (text: string) => {
    const box = await tab.log.getByText(text, { exact: true }).boundingBox();
    expect(box).not.toBeNull();
    return { x: (box?.x ?? 0) + 4, y: (box?.y ?? 0) + (box?.height ?? 0) / 2 };
  };
  const [start, end] = [await middle(from), await middle(to)];
  await tab.page.mouse.move(start.x, start.y);
  await tab.page.mouse.down();
  await tab.page.mouse.move(end.x + 40, end.y, { steps: 4 });
}

test("how far own messages came is said once, at their end, and not any more when somebody answered", async ({
  visitor,
}) => {
  const [ada, ben] = await two(visitor);
  for (const text of ["one", "two", "three https://example.org/a/rather/long/address"]) {
    await ada.say(text);
  }
  await expect(ben.texts).toHaveCount(3);
  await expect(ada.log.getByText(/^(Relayed|Read by)/)).toHaveCount(1);
  // Measured in one go, and until the rows stand.
  const below = () =>
    ada.log.evaluate((log) => {
      const [mark, text] = [log.querySelector(".log-foot"), [...log.querySelectorAll(".message-text")].at(-1)];
      return (mark?.getBoundingClientRect().top ?? 0) - (text?.getBoundingClientRect().bottom ?? 0);
    });
  await expect.poll(below, "below the text").toBeGreaterThanOrEqual(-8);
  await ben.say("four");
  await expect(ada.texts).toHaveCount(4);
  await expect(ada.log.getByText(/^(Relayed|Read by)/)).toHaveCount(0);
});

test("messages that follow each other keep a distance", async ({ visitor }) => {
  const [ada] = await two(visitor);
  await ada.say("one");
  await ada.say("two");
  const distance = async () => {
    const lines = await ada.texts.evaluateAll((texts) =>
      texts.map((text) => {
        const range = document.createRange();
        range.selectNodeContents(text);
        return range.getBoundingClientRect();
      }),
    );
    return (lines[1]?.y ?? 0) - (lines[0]?.y ?? 0);
  };
  await expect.poll(distance, "more than from line to line").toBeGreaterThanOrEqual(24 + 4);
});

test("emoji alone are larger, and not among words", async ({ visitor }) => {
  const [ada] = await two(visitor);
  for (const text of ["👍🏽 🎉", "👍🏽 good"]) {
    await ada.say(text);
  }
  // A row is drawn anew when its message comes back from the server: measured until both stand.
  const sizes = () => ada.texts.evaluateAll((texts) => texts.map((text) => getComputedStyle(text).fontSize));
  await expect.poll(sizes).toEqual(["32px", "16px"]);
});

test("addresses are links also without a scheme", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  await ada.say("see www.example.org, or ask ada@example.org.");
  const link = (name: string) => ben.texts.getByRole("link", { name });
  await expect(link("www.example.org")).toHaveAttribute("href", "https://www.example.org");
  await expect(link("ada@example.org")).toHaveAttribute("href", "mailto:ada@example.org");
});

test("code scrolls instead of breaking, and is copied by a button", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  const code = `let ${"identifier_".repeat(40)} = 1;\nlet b = 2;`;
  await ben.say(`\`\`\`rust\n${code}\n\`\`\``);
  const block = ada.texts.locator("pre");
  await expect(block).toBeVisible();
  const size = await block.evaluate((pre) => [pre.scrollWidth, pre.clientWidth, pre.clientHeight] as const);
  expect(size[0]).toBeGreaterThan(size[1]);
  expect(size[2], "two lines").toBeLessThan(80);
  await block.hover();
  await ada.texts.getByRole("button", { name: "Copy code" }).click();
  await expect(ada.log.getByText("Copied")).toBeVisible();
  expect(await pasted(ada)).toBe(code);
  await expect(ada.log.getByText("Copied")).toHaveCount(0);
  expect(await ada.texts.first().textContent(), "the button is no part of the message").toBe(code);
});

test("marks stacked upon a letter stay in their row", async ({ visitor }) => {
  const [ada] = await two(visitor);
  await ada.say("above");
  await ada.say(`z${"\u0336\u0347\u0353\u035b\u0300".repeat(40)}algo`);
  const clips = () => ada.texts.evaluateAll((texts) => texts.map((text) => getComputedStyle(text).overflowY));
  await expect.poll(clips).toEqual(["clip", "clip"]);
});

test("a spoiler is hidden until it is opened, whatever the colours", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  await ben.page.emulateMedia({ forcedColors: "active" });
  await ada.say("the end: ||they all **live** 🎉||");
  const spoiler = ben.log.getByRole("button", { name: "Spoiler, show it" });
  const looks = () =>
    ben.log.locator(".spoiler > :last-child").evaluate((secret) => {
      const spoiler = secret.parentElement as HTMLElement;
      return { opacity: getComputedStyle(secret).opacity, selects: getComputedStyle(spoiler).userSelect };
    });
  expect(await looks()).toEqual({ opacity: "0", selects: "none" });
  // On what is drawn of it: its name, read aloud only, is a pixel at its edge, and the first that Playwright would press.
  await spoiler.click({ position: { x: 20, y: 10 } });
  expect(await looks()).toEqual({ opacity: "1", selects: "auto" });
  await expect(spoiler).toHaveCount(0);
});

test("several rows are copied as name, time and text, each once and without empty lines", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  await ada.say("one");
  await ada.say("two");
  await expect(ben.texts).toHaveText(["one", "two"]);
  await ben.say("three **bold**");
  await expect(ada.texts).toHaveCount(3);
  await ada.log.evaluate((log) => {
    const rows = log.querySelectorAll("article");
    const range = document.createRange();
    range.setStartBefore(rows[0] as Element);
    range.setEndAfter(rows[rows.length - 1] as Element);
    getSelection()?.removeAllRanges();
    getSelection()?.addRange(range);
  });
  await ada.log.press("ControlOrMeta+c");
  const lines = (await pasted(ada)).trim().split("\n");
  expect(lines.map((line) => line.replace(/\d\d:\d\d/, "TIME").trim())).toEqual([
    "Ada TIME",
    "one",
    "Ada TIME",
    "two",
    "Ben TIME",
    "three bold",
  ]);
});

test("what is being selected does not grow while messages arrive", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  for (let line = 1; line <= 25; line += 1) {
    await ben.say(`line ${line}`);
  }
  await expect(ada.texts).toHaveCount(25);
  await expect(ada.texts.last()).toBeInViewport({ ratio: 1 });
  const place = () => ada.log.evaluate((log) => log.scrollTop);
  const selected = () => ada.page.evaluate(() => getSelection()?.toString());
  await drag(ada, "line 24", "line 25");
  const [before, text] = [await place(), await selected()];
  expect(text).toContain("line 2");
  for (let line = 26; line <= 29; line += 1) {
    await ben.say(`line ${line}`);
  }
  await expect(ada.pill).toHaveText("4 new");
  expect(await place()).toBe(before);
  expect(await selected()).toBe(text);
  await ada.page.mouse.up();
  await ben.say("line 30");
  await expect(ada.pill).toHaveText("5 new");
  expect(await selected(), "what is selected holds too").toBe(text);
  await ada.pill.click();
  await expect(ada.texts.last()).toBeInViewport();
  await expect(ada.pill).toHaveCount(0);
});
