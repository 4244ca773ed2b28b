// Between "no scripts" and "running": until the program runs nothing that was typed is lost, and what is wrong is said.
import { expect, test } from "../fixtures";
import type { Tab } from "../tab";

/** Send does nothing, and the text stays. */
async function keepsTheText(tab: Tab): Promise<void> {
  const address = tab.page.url();
  await tab.messageBox.fill("words that took long to write");
  await tab.sendButton.click();
  await tab.sendButton.press("Enter");
  await expect(tab.messageBox).toHaveValue("words that took long to write");
  expect(tab.page.url()).toBe(address);
}

const strip = (tab: Tab) => tab.page.locator("#start");
const FAILED = /net::ERR_|Failed to (fetch|load)|dynamically imported|status of 50[0-9]|preload|WebAssembly|TypeError|integrity/;

test("without WebAssembly the page says so at once", async ({ visitor, server }) => {
  const ada = await visitor();
  ada.watch.allow(FAILED);
  await ada.page.addInitScript(() => Reflect.deleteProperty(window, "WebAssembly"));
  await ada.page.goto(await ada.member(server.url));
  await expect(strip(ada)).toContainText("does not run WebAssembly");
  await keepsTheText(ada);
});

for (const [file, pattern] of [
  ["its script", /\.js$/],
  ["its program", /\.wasm$/],
] as const) {
  test(`where ${file} does not arrive the page says so at once`, async ({ visitor, server }) => {
    const ada = await visitor();
    ada.watch.allow(FAILED);
    await ada.page.route(pattern, (route) => route.abort());
    await ada.page.goto(await ada.member(server.url));
    await expect(strip(ada)).toContainText("did not load");
    await keepsTheText(ada);
    await ada.page.unroute(pattern);
    ada.watch.goes = true;
    await strip(ada).getByRole("link", { name: "Reload" }).click();
    await ada.inside();
    await expect(strip(ada)).toBeHidden();
  });
}

test("a program that is spoilt on its way is said too", async ({ visitor, server }) => {
  const ada = await visitor();
  ada.watch.allow(FAILED, /CompileError|console error/);
  await ada.page.route(/\.wasm$/, (route) => route.fulfill({ status: 200, contentType: "text/html", body: "<h1>Blocked</h1>" }));
  await ada.page.goto(await ada.member(server.url));
  await expect(strip(ada)).toContainText("did not load");
  await keepsTheText(ada);
});

test("what a page fetches when it is idle is there when it is used before that", async ({ visitor, server }) => {
  const ada = await visitor();
  let waitedFor = 0;
  // What is fetched in the background never comes; what a call waits for does.
  await ada.page.route(/\.later\.wasm$/, async (route) => {
    if (route.request().resourceType() === "xhr") {
      waitedFor += 1;
      await route.continue();
    }
  });
  await ada.page.goto(await ada.member(server.url));
  await ada.inside();
  expect(waitedFor, "a page begins without it").toBe(0);
  await ada.page.keyboard.press("Control+k");
  await expect(ada.page.getByRole("dialog")).toBeVisible();
  await ada.page.keyboard.press("Escape");
  await ada.page.getByRole("button", { name: "Room menu" }).click();
  await expect(ada.page.getByRole("menuitem", { name: "Rename room" })).toBeVisible();
  expect(waitedFor, "once is enough").toBeLessThanOrEqual(1);
});

test("a slow program is said after ten seconds, and then runs", async ({ visitor, server }) => {
  const ada = await visitor();
  ada.watch.allow(/preload/);
  let go = () => {};
  const waited = new Promise<void>((resolve) => (go = resolve));
  await ada.page.route(/\.wasm$/, async (route) => {
    await waited;
    await route.continue();
  });
  const path = await ada.member(server.url);
  const ben = await visitor();
  await ben.join(path.replace("/r/", ""));
  const began = Date.now();
  await ada.page.goto(path);
  await expect(strip(ada)).toBeHidden();
  await keepsTheText(ada);
  await expect(strip(ada)).toBeVisible({ timeout: 15_000 });
  expect(Date.now() - began).toBeGreaterThan(9_000);
  await expect(strip(ada)).toContainText("still loading");
  await expect(ada.page.getByText("People, 1")).toBeVisible();
  await expect(ada.page.getByText("and 1 more"), "nobody is beyond a list that is not there yet").toBeHidden();
  go();
  await ada.online();
  await expect(strip(ada)).toBeHidden();
  await expect(ada.messageBox).toHaveValue("words that took long to write");
  await ada.messageBox.press("Enter");
  await ada.shows(["words that took long to write"]);
});

test("where not even the page's own script runs, the strip comes all the same", async ({ visitor, server }) => {
  const ada = await visitor();
  ada.watch.allow(/Content Security Policy|preload|violates/);
  await ada.page.route(/\/r\//, async (route) => {
    const response = await route.fetch();
    const headers = { ...response.headers(), "content-security-policy": "script-src 'none'" };
    await route.fulfill({ response, headers });
  });
  await ada.page.goto(await ada.member(server.url));
  await expect(strip(ada)).toBeHidden();
  await expect(strip(ada)).toBeVisible({ timeout: 15_000 });
  await keepsTheText(ada);
});
