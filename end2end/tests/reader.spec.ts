// What a reader's browser may be like: without cookies, with a clock that is hours off.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { expect, test } from "../fixtures";

/** A profile of a person who blocks cookies. */
async function withoutCookies(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "whisperspace-profile-"));
  await mkdir(path.join(folder, "Default"));
  const blocked = { profile: { default_content_setting_values: { cookies: 2 } } };
  await writeFile(path.join(folder, "Default", "Preferences"), JSON.stringify(blocked));
  return folder;
}

test("where cookies are blocked the page says so, and makes no guest", async ({ playwright, launchOptions, server }) => {
  const folder = await withoutCookies();
  const context = await playwright.chromium.launchPersistentContext(folder, { ...launchOptions, baseURL: server.url });
  const posts: string[] = [];
  context.on("request", (request) => request.method() === "POST" && posts.push(request.url()));
  const page = context.pages()[0] ?? (await context.newPage());
  const strip = page.locator("#start");
  for (const address of ["/", "/account", "/about"]) {
    await page.goto(address);
    await expect(page.locator("html[data-running]")).toBeAttached();
    await expect(strip).toContainText("Cookies of this site are blocked");
  }
  await page.goto("/");
  await expect(page.locator("html[data-running]")).toBeAttached();
  await page.getByRole("textbox", { name: "Your name" }).fill("Ada");
  await page.getByRole("button", { name: "Create room" }).click();
  await expect(page.locator(".form-error")).toContainText("Cookies of this site are blocked");
  await expect(page.getByRole("textbox", { name: "Your name" })).toHaveValue("Ada");
  expect(posts).toEqual([]);
  await context.close();
  await rm(folder, { recursive: true, force: true });
});

test("where cookies are blocked and nothing runs, a form says so and keeps what was typed", async ({
  playwright,
  launchOptions,
  server,
}) => {
  const folder = await withoutCookies();
  const options = { ...launchOptions, baseURL: server.url, javaScriptEnabled: false };
  const context = await playwright.chromium.launchPersistentContext(folder, options);
  const page = context.pages()[0] ?? (await context.newPage());
  await page.goto("/");
  await page.getByRole("textbox", { name: "Your name" }).fill("Ada");
  await page.getByRole("button", { name: "Create room" }).click();
  for (let time = 0; time < 2; time += 1) {
    await expect(page.locator(".form-error")).toContainText("Cookies of this site are blocked");
    await expect(page.getByRole("textbox", { name: "Your name" })).toHaveValue("Ada");
    await expect(page.getByText("Something went wrong")).toHaveCount(0);
    await page.getByRole("button", { name: "Create room" }).click();
  }
  await context.close();
  await rm(folder, { recursive: true, force: true });
});

test("where cookies are lost on the way the page says so, and makes no second guest", async ({ visitor }) => {
  const ada = await visitor();
  const { page } = ada;
  ada.watch.allow(/status of 401/);
  let guests = 0;
  // As something in between that takes `Set-Cookie` out of every answer.
  await page.route("**/api/v1/guest", async (route) => {
    guests += 1;
    const answer = await route.fetch();
    await page.context().clearCookies();
    const headers = Object.fromEntries(Object.entries(answer.headers()).filter(([name]) => name !== "set-cookie"));
    await route.fulfill({ status: answer.status(), headers, body: await answer.body() });
  });
  await ada.open("/");
  for (const name of ["Ada", "Ada", "Eve"]) {
    await ada.nameBox.fill(name);
    await ada.createButton.click();
    await expect(page.locator(".form-error")).toContainText("Cookies of this site are blocked");
    await expect(page.getByText("Cookies of this site are blocked")).toHaveCount(1);
    await expect(ada.nameBox).toHaveValue(name);
  }
  expect(guests).toBe(1);
});

for (const [hours, which] of [
  [-3, "behind"],
  [23, "ahead"],
] as const) {
  test(`a clock that is ${which} does not change how long a room lasts`, async ({ visitor }) => {
    const ada = await visitor();
    await ada.page.addInitScript((shift) => {
      const now = Date.now;
      Date.now = () => now() + shift;
      // What the page says before it has a line counts too.
      const left: string[] = [];
      Object.assign(window, { left });
      new MutationObserver(() => {
        const text = document.querySelector(".time-left")?.textContent ?? "";
        if (text !== "" && left.at(-1) !== text) {
          left.push(text);
        }
      }).observe(document, { subtree: true, childList: true, characterData: true });
    }, hours * 3_600_000);
    await ada.create();
    await ada.page.reload();
    await ada.inside();
    await expect(ada.page.locator(".time-left")).toHaveText("23 h left");
    expect(await ada.page.evaluate(() => (window as unknown as { left: string[] }).left)).toEqual(["23 h left"]);
  });
}
