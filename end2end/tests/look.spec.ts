// How it looks where it matters: themes, a phone, and a log that holds still for its reader.
import { SIZES } from "../audit";
import { expect, test } from "../fixtures";
import type { Tab } from "../tab";

function theme(tab: Tab): Promise<string | null> {
  return tab.page.locator("html").getAttribute("data-theme");
}

function background(tab: Tab): Promise<string> {
  return tab.page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
}

test("a chosen theme is in the page as it is served, so that nothing flashes", async ({ visitor, server }) => {
  const ada = await visitor({ colorScheme: "light" });
  await ada.page.addInitScript(() => {
    const seen: (string | null)[] = [];
    Object.assign(window, { themesSeen: seen });
    new MutationObserver(() => seen.push(document.documentElement.getAttribute("data-theme"))).observe(document, {
      subtree: true,
      attributes: true,
      attributeFilter: ["data-theme"],
    });
  });
  await ada.open("/");
  const light = await background(ada);
  await ada.page.getByRole("radio", { name: "Dark" }).check();
  await expect.poll(() => theme(ada)).toBe("dark");
  await expect.poll(() => background(ada)).not.toBe(light);
  const dark = await background(ada);

  const served = await ada.page.context().request.get(`${server.url}/about`);
  expect(await served.text()).toMatch(/<html[^>]*\sdata-theme="dark"/);
  await ada.open("/about");
  expect(await background(ada)).toBe(dark);
  await expect(ada.page.getByRole("radio", { name: "Dark" })).toBeChecked();
  const seen = await ada.page.evaluate(() => (window as unknown as { themesSeen: unknown[] }).themesSeen);
  expect(seen, "changes of the theme while the page starts").toEqual([]);

  await ada.page.getByRole("radio", { name: "System" }).check();
  await expect.poll(() => background(ada)).toBe(light);
  await ada.page.emulateMedia({ colorScheme: "dark" });
  await expect.poll(() => background(ada)).toBe(dark);
});

/** Nothing can be scrolled sideways, and what is given is in view. */
async function fits(tab: Tab): Promise<void> {
  const width = await tab.page.evaluate(() => document.documentElement.scrollWidth);
  expect(width, `${tab.page.url()}: the width of the page`).toBeLessThanOrEqual(SIZES.phone.width);
}

test.describe("on a phone", () => {
  const phone = { viewport: SIZES.phone, hasTouch: true, isMobile: true };

  test("no page is wider than the screen", async ({ visitor }) => {
    const ada = await visitor(phone);
    ada.watch.allow(/status of 404/);
    for (const path of ["/", "/about", "/account"]) {
      await ada.open(path);
      await fits(ada);
    }
    await ada.page.goto("/r/ZZZZ2222");
    await fits(ada);
    const code = await ada.create({ name: "A room whose name is as long as a name can be ok" });
    await fits(ada);
    const ben = await visitor(phone);
    await ben.open(`/r/${code}`);
    await fits(ben);
    await ben.joinButton.tap();
    await ben.inside();
    await ben.messageBox.fill(`${"unbroken".repeat(40)} \`${"code".repeat(60)}\``);
    await ben.sendButton.tap();
    await expect(ada.texts).toHaveCount(1);
    await fits(ada);
    await expect(ada.messageBox).toBeInViewport({ ratio: 1 });
    await expect(ada.sendButton).toBeInViewport({ ratio: 1 });
    await expect(ada.leaveButton).toBeInViewport();
  });

  test("Enter makes a new line and the button sends", async ({ visitor }) => {
    const ada = await visitor(phone);
    await ada.create();
    await ada.messageBox.fill("one");
    await ada.messageBox.press("Enter");
    await expect(ada.messageBox).toHaveValue("one\n");
    await ada.shows([]);
    await ada.sendButton.tap();
    await ada.shows(["one"]);
  });

  test("the people are a sheet that opens and closes", async ({ visitor }) => {
    const ada = await visitor(phone);
    await ada.create({ as: "Ada" });
    const toggle = ada.page.getByRole("button", { name: "1 person" });
    await expect(ada.people).toHaveCount(0);
    await toggle.tap();
    await ada.sees(["Ada"]);
    const sheet = ada.page.getByRole("dialog", { name: "People, 1" });
    await expect(sheet).toBeVisible();
    const below = ada.page.locator("header[inert], main[inert]");
    await expect(below, "what is below cannot be reached").toHaveCount(2);
    for (let presses = 0; presses < 8; presses += 1) {
      await ada.page.keyboard.press("Tab");
      // Behind the last stop comes the browser itself; the document has no focus as long.
      const astray = await ada.page.evaluate(
        () => document.activeElement !== document.body && document.activeElement?.closest("#people") === null,
      );
      expect(astray, "the focus stays inside").toBe(false);
    }
    await ada.page.getByRole("button", { name: "Close the list of people" }).tap();
    await expect(ada.people).toHaveCount(0);
    await expect(toggle).toBeFocused();
    await toggle.tap();
    await ada.page.touchscreen.tap(180, 60);
    await expect(sheet, "a tap beside it closes it").toHaveCount(0);
    await expect(below).toHaveCount(0);
    await toggle.tap();
    await ada.page.setViewportSize(SIZES.desktop);
    await expect(below, "the page grew beyond the sheet").toHaveCount(0);
  });

  test("what went wrong is in view where the button is that was pressed", async ({ visitor }) => {
    const ada = await visitor({ ...phone, viewport: { width: 320, height: 640 } });
    ada.watch.allow(/net::ERR_FAILED/);
    await ada.open("/");
    await ada.page.route("**/api/v1/rooms", (route) => route.abort());
    await ada.createButton.tap();
    await expect(ada.alert).toContainText("The server can't be reached.");
    await expect(ada.createButton).toBeInViewport({ ratio: 1 });
    await expect(ada.alert).toBeInViewport({ ratio: 1 });
  });

  test("the head of a room shows everything at 320 px, one thing beside the other", async ({ visitor }) => {
    const ada = await visitor({ ...phone, viewport: { width: 320, height: 640 } });
    await ada.create({ name: "A room whose name is as long as a name can be ok" });
    for (const width of [320, 360, 640, 768]) {
      await ada.page.setViewportSize({ width, height: 640 });
      const boxes = await ada.page
        .getByRole("banner")
        .locator(".rooms-toggle, .room-name, .copy-code, .time-left, .invite-button, .people-toggle, .dot, .leave")
        .evaluateAll((all) =>
          all.map((element) => {
            const { left, right, top, bottom } = element.getBoundingClientRect();
            return { name: element.className, left, right, top, bottom };
          }),
        );
      expect(boxes.length).toBe(8);
      for (const [index, box] of boxes.entries()) {
        expect(box.right, `${box.name} at ${width}`).toBeLessThanOrEqual(width);
        expect(box.right - box.left, `${box.name} at ${width} is there`).toBeGreaterThan(0);
        for (const other of boxes.slice(index + 1)) {
          const apart =
            box.right <= other.left + 0.5 ||
            other.right <= box.left + 0.5 ||
            box.bottom <= other.top + 0.5 ||
            other.bottom <= box.top + 0.5;
          expect(apart, `${box.name} and ${other.name} at ${width}`).toBe(true);
        }
      }
      const time = await ada.page.locator(".time-left").evaluate((box) => {
        const text = box.querySelector("span") as Element;
        return text.getBoundingClientRect().top < box.getBoundingClientRect().bottom;
      });
      expect(time, `the time is not pushed out of its line at ${width}`).toBe(true);
      const name = boxes.find((box) => box.name === "room-name");
      expect((name?.right ?? 0) - (name?.left ?? 0), `the name at ${width}`).toBeGreaterThan(width / 3);
    }
  });
});

test("a reader who scrolled up is left alone, told how many are new, and taken down by their own message", async ({
  visitor,
}) => {
  const ada = await visitor();
  const code = await ada.create({ as: "Ada" });
  const ben = await visitor();
  await ben.join(code, "Ben");
  for (let line = 1; line <= 25; line += 1) {
    await ben.say(`line ${line}\nand\nmore`);
  }
  await expect(ada.texts).toHaveCount(25);
  await expect(ada.texts.last(), "the end is followed").toBeInViewport();

  const place = () => ada.log.evaluate((log) => log.scrollTop);
  await ada.log.hover();
  await ada.page.mouse.wheel(0, -5_000);
  await expect.poll(place).toBe(0);
  await ben.say("line 26");
  await expect(ada.page.getByRole("button", { name: "1 new" })).toBeVisible();
  await ben.say("line 27");
  await expect(ada.page.getByRole("button", { name: "2 new" })).toBeVisible();
  expect(await place()).toBe(0);

  await ada.pill.click();
  await expect(ada.texts.last()).toBeInViewport();
  await expect(ada.pill).toHaveCount(0);

  await ada.log.hover();
  await ada.page.mouse.wheel(0, -5_000);
  await expect.poll(place).toBe(0);
  await ben.say("line 28");
  await expect(ada.pill).toHaveText("1 new");
  await ada.say("mine");
  await expect(ada.texts.last()).toHaveText("mine");
  await expect(ada.texts.last()).toBeInViewport();
  await expect(ada.pill).toHaveCount(0);
});
