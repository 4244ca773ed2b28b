// Drives a room's page through all that must not wait for the second half of its program: it is shown, people talk, lines
// are lost in every way, the server goes, the page is hidden and left. The program (FIRST_LOAD/room.wasm) notes which
// of its functions run.
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";

import type { Page } from "@playwright/test";

import { LOST_LINE, expect, test } from "../fixtures";

const folder = process.env.FIRST_LOAD ?? "";
const RETURN_MS_MAX = 25_000;
/** The program that counts is a few times as slow. */
test.setTimeout(300_000);

const ran: boolean[] = [];

/** Adds what has run on this page. */
async function count(page: Page): Promise<void> {
  const marks = await page.evaluate(() => Array.from((globalThis as unknown as { ran: Uint8Array }).ran));
  marks.forEach((mark, number) => (ran[number] ||= mark === 1));
}

/** Has the page believe that it is hidden or seen. */
async function seen(page: Page, yes: boolean): Promise<void> {
  await page.evaluate((yes) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => !yes });
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => (yes ? "visible" : "hidden") });
    document.dispatchEvent(new Event("visibilitychange"));
  }, yes);
}

/** Has it believe that it is left, and come back to. */
async function left(page: Page): Promise<void> {
  await page.evaluate(() => {
    window.dispatchEvent(new Event("beforeunload", { cancelable: true }));
    window.dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
  });
  await seen(page, false);
  await page.evaluate(() => window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  await seen(page, true);
}

test("a room's page", async ({ visitor, server, relay }) => {
  const ben = await visitor();
  const code = await ben.create({ as: "Ben" });
  const ada = await visitor({ baseURL: relay.url });
  for (const tab of [ada, ben]) {
    tab.watch.allow(/./);
  }
  for (const file of ["room.wasm", "room.js"]) {
    const body = await readFile(path.join(folder, file));
    const contentType = file.endsWith(".js") ? "text/javascript" : "application/wasm";
    await ada.page.context().route(`**/${file}`, (route) => route.fulfill({ body, contentType }));
  }
  // Shown, empty and with somebody inside.
  await ada.page.goto(await ada.member(relay.url));
  await ada.online();
  await count(ada.page);
  await left(ada.page);
  await ada.join(code, "Ada");
  await ben.sees(["Ben", "Ada"]);

  await ada.say("a word");
  await ada.say("https://example.org/ and **more**\n\n- of it");
  await ben.say("an answer");
  await ben.say("Hello @Ada, `code` and\n\nmore");
  await ben.messageBox.pressSequentially("typing");
  await expect(ada.page.getByText("Ben is typing")).toBeVisible();
  await ben.messageBox.fill("");
  await ada.messageBox.fill("half a sentence");
  await ada.messageBox.press("Shift+Enter");
  await ada.page.keyboard.type("and more of it");
  await seen(ada.page, false);
  await ben.say("while Ada is away");
  await seen(ada.page, true);
  await ada.page.mouse.wheel(0, -400);
  await ada.page.mouse.wheel(0, 800);
  await count(ada.page);

  // Its line is lost: cut, silent, by a network that goes.
  relay.cut();
  await expect(ada.state).toContainText("Connection lost");
  await ada.messageBox.fill("typed without a line");
  await ada.messageBox.press("Enter");
  await ada.retryNow.click();
  await left(ada.page);
  relay.resume();
  await ada.online(RETURN_MS_MAX);
  await ada.page.context().setOffline(true);
  await seen(ada.page, false);
  await seen(ada.page, true);
  await ada.page.context().setOffline(false);
  relay.stall();
  await ada.page.evaluate(() => window.dispatchEvent(new Event("online")));
  await seen(ada.page, false);
  await seen(ada.page, true);
  await expect(ada.state).not.toContainText("Connected", { timeout: 60_000 });
  await ada.messageBox.fill("and without a word");
  await ada.messageBox.press("Enter");
  relay.resume();
  await ada.online(60_000);
  await count(ada.page);

  // The server stops, and is killed.
  await server.terminate();
  await expect(ada.page.getByText("Server is restarting, hold on.").first()).toBeVisible();
  await left(ada.page);
  await server.restart();
  await ada.online(RETURN_MS_MAX);
  await ada.say("here again");
  await server.kill();
  await expect(ada.state).not.toContainText("Connected");
  await ada.messageBox.fill("not sent");
  await left(ada.page);
  await server.restart();
  await ada.online(RETURN_MS_MAX);
  await ben.online(RETURN_MS_MAX);
  await ben.say("all are back");
  await expect(ada.log.getByText("all are back")).toBeVisible();

  // Others come and go; it is left with words that were not sent, and while it parts.
  const cleo = await visitor();
  await cleo.join(code, "Cleo");
  await ada.sees(["Ada", "Ben", "Cleo"]).catch(() => {});
  await cleo.page.close();
  await expect(ada.notes.filter({ hasText: "Cleo" }).first()).toBeVisible();
  await ada.messageBox.fill("words that stay");
  await left(ada.page);
  await ada.messageBox.fill("");
  await ada.leaveButton.click();
  await left(ada.page);
  await count(ada.page);
  await writeFile(path.join(folder, "ran.json"), JSON.stringify(Array.from(ran, (mark) => (mark ? 1 : 0))));
});
