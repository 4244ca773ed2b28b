// A page that others changed on its way or in the browser works all the same, and keeps what was typed into it.
import type { Page } from "@playwright/test";

import { expect, test } from "../fixtures";
import { MEDDLERS, meddle } from "../meddlers";
import { translated } from "../translator";

/** How the program came into the page. */
const running = (page: Page) => page.locator("html[data-running]");
/** What the meddlers' own nodes make Chromium say. */
const THEIRS = /Refused to|Content Security Policy|violates the following|status of 40[0-9]/;

test("every page is taken over as it was sent", async ({ visitor, server }) => {
  const ada = await visitor();
  ada.watch.allow(/status of 40[0-9]/);
  const code = await ada.create({ as: "Ada", name: "Low tide", pin: "marram grass" });
  const guest = await visitor();
  guest.watch.allow(/status of 40[0-9]/);
  for (const [tab, path] of [
    [ada, "/"],
    [ada, `/r/${code}`],
    [guest, `/r/${code}`],
    [guest, "/r/ZZZZ2222"],
    [guest, "/account"],
    [guest, "/about"],
    [guest, "/nowhere"],
    [guest, "/?error=invalid_code&code=%3Cb%3E"],
  ] as const) {
    await tab.page.goto(server.url + path);
    await expect(running(tab.page), path).toHaveAttribute("data-running", "hydrated");
  }
});

for (const meddler of MEDDLERS) {
  test(`it works although ${meddler.name}`, async ({ visitor, proxied }) => {
    const host = await visitor();
    host.watch.allow(/status of 40[0-9]/);
    const code = await host.create({ as: "Host", name: "Low tide" });
    const proxy = await proxied(meddler.rewrite ?? ((html) => html));
    const ada = await visitor({ baseURL: proxy.url });
    ada.watch.allow(THEIRS);
    await meddle(ada.page.context(), meddler);
    const { page } = ada;

    // The landing page, with something wrong in its form.
    await page.goto("/");
    await expect(running(page)).toBeAttached();
    await page.locator("#field-code").fill("AB");
    await page.locator(".code-box button").click();
    await expect(page.locator("#field-code-note")).not.toHaveText("");

    // In front of a room, and inside.
    await page.goto(`/r/${code}`);
    await expect(running(page)).toBeAttached();
    await page.locator("#field-name").fill("Ada");
    await page.locator(".join-card button[type=submit]").click();
    await expect(page.locator("#message")).toBeVisible();
    await host.sees(["Host", "Ada"]);
    await page.locator("#message").fill("from the card");
    await page.locator("#message").press("Enter");
    await host.shows(["from the card"]);
    await ada.told("from the card");

    // The room as a document of its own.
    await page.goto(`/r/${code}`);
    await expect(running(page)).toBeAttached();
    await host.say("hello");
    await expect(ada.texts).toHaveText([/hello/]);
    await page.locator("#message").fill("from the page");
    await page.locator("button.send").click();
    await host.shows(["from the card", "hello", "from the page"]);
    await expect(page.getByRole("log").locator(".empty-room")).toHaveCount(0);

    // The account, about, and no room.
    await page.goto("/account");
    await expect(running(page)).toBeAttached();
    // Not by its place on the screen: the meddlers move what stands above it.
    await page.getByRole("radio").last().dispatchEvent("click");
    await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
    for (const path of ["/about", "/r/ZZZZ2222", "/nowhere"]) {
      await page.goto(path);
      await expect(running(page)).toBeAttached();
      await expect(page.locator("h1")).toHaveCount(1);
    }
    await expect(page.locator("#start")).toBeHidden();
  });
}

test("what was typed and the focus outlive a page that is drawn anew", async ({ visitor, proxied }) => {
  const proxy = await proxied(MEDDLERS[0]?.rewrite ?? ((html) => html));
  const ada = await visitor({ baseURL: proxy.url });
  ada.watch.allow(THEIRS);
  // The program waits until somebody has typed.
  let go = () => {};
  const typed = new Promise<void>((resolve) => (go = resolve));
  await ada.page.route(/\.wasm$/, async (route) => {
    await typed;
    await route.continue();
  });
  await ada.page.goto("/");
  await ada.page.getByText("Options for a new room").click();
  await ada.page.getByRole("textbox", { name: "Room name" }).fill("Low tide");
  await ada.nameBox.fill("Ada");
  await ada.nameBox.press("Home");
  await ada.page.evaluate(() => document.getElementById("field-name")?.setAttribute("data-before", ""));
  go();
  await expect(running(ada.page)).toHaveAttribute("data-running", "anew");
  await expect(ada.page.locator("[data-before]")).toHaveCount(0);
  await expect(ada.nameBox).toBeFocused();
  await ada.page.keyboard.type("L");
  await expect(ada.nameBox).toHaveValue("LAda");
  await expect(ada.page.getByRole("textbox", { name: "Room name" })).toHaveValue("Low tide");
  await expect(ada.page.getByRole("textbox", { name: "Room name" })).toBeVisible();
});

test("hydration that fails all the same begins again from nothing", async ({ visitor }) => {
  const ada = await visitor();
  ada.watch.allow(/panicked|unreachable|RuntimeError|hydrat|previous WASM instance/i);
  // The fingerprint is right, and the nodes are not.
  await ada.page.addInitScript(() => {
    document.addEventListener("DOMContentLoaded", () => {
      const page = document.getElementById("page") as HTMLElement;
      page.querySelector("main")?.replaceChildren(document.createElement("section"));
      const shape = (node: Node): string =>
        [...node.childNodes]
          .map((it) => (it.nodeType === 1 ? `<${(it as Element).localName}${shape(it)}>` : it.nodeType === 3 ? "#" : "!"))
          .join("");
      let hash = 0x811c9dc5;
      for (const character of shape(page)) {
        hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
      }
      page.dataset.shape = String(hash >>> 0);
    }, true);
  });
  // Hydration comes after the program has arrived, and the script above has run by then.
  await ada.page.goto("/");
  await expect(running(ada.page)).toHaveAttribute("data-running", "anew");
  await ada.create({ as: "Ada" });
});

test("what extensions do to a page that runs does not end it", async ({ visitor }) => {
  const ada = await visitor();
  const code = await ada.create({ as: "Ada" });
  for (const { script } of MEDDLERS.filter(({ name }) => !name.includes("pictures"))) {
    if (script) {
      await ada.page.evaluate(`(${script.toString()})()`);
    }
  }
  await translated(ada.page);
  const ben = await visitor();
  await ben.join(code, "Ben");
  await expect(ada.people).toHaveText([/Ada/, /Ben/]);
  for (const text of ["one", "two", "three"]) {
    await ben.say(text);
  }
  // Two who talk at once are heard in either order: hers comes behind his.
  await expect(ada.texts).toHaveText([/one/, /two/, /three/]);
  await ada.page.locator("#message").fill("four");
  await ada.page.locator("#message").press("Enter");
  await ben.shows(["one", "two", "three", "four"]);
  await expect(ada.texts).toHaveText([/one/, /two/, /three/, /four/]);
  await ben.leaveButton.click();
  await expect(ada.people).toHaveText([/Ada/]);
  await expect(ada.page.locator("#start")).toBeHidden();
});

test("a panic shows what to do, and keeps the text", async ({ visitor }) => {
  const ada = await visitor();
  ada.watch.allow(/panicked|already (mutably )?borrowed|unreachable|RuntimeError|BorrowMut|previous WASM instance/i);
  await ada.create({ as: "Ada" });
  // A frame that arrives while another is being written: the program is entered twice, and panics.
  await ada.page.evaluate(() => {
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (data) {
      this.dispatchEvent(new MessageEvent("message", { data: "{}" }));
      send.call(this, data);
    };
  });
  await ada.messageBox.pressSequentially("words that took long to write");
  const strip = ada.page.locator("#start");
  await expect(strip).toBeVisible();
  await expect(strip).toContainText("Something in this page broke");
  await expect(strip.getByRole("link", { name: "Reload" })).toBeVisible();
  await ada.sendButton.click();
  await expect(ada.messageBox).toHaveValue("words that took long to write");
  await ada.messageBox.press("Enter");
  await expect(ada.messageBox).toHaveValue(/^words that took long to write/);
  await expect(ada.page).toHaveURL(/\/r\/[2-9A-Z]{8}$/);
});
