// Without scripts: a room can be made and joined, and what goes wrong is said. Talking needs them: that is said too.
import { expect, test } from "../fixtures";

const PLAIN = { javaScriptEnabled: false };
/** The page fetches its program ahead, which never runs here. */
const UNUSED = /was preloaded using link preload but not used/;

test("a room is created and joined by plain forms", async ({ visitor, server }) => {
  const ada = await visitor(PLAIN);
  ada.watch.allow(UNUSED);
  await ada.page.goto("/");
  const notice = ada.page.locator("noscript");
  await expect(notice).toBeVisible();
  expect(await notice.evaluate((element) => element.textContent)).toContain("talking needs them");
  await ada.nameBox.fill("Ada");
  await ada.page.getByText("Options for a new room").click();
  await ada.page.getByRole("textbox", { name: "Room name" }).fill("Low tide");
  await ada.createButton.click();
  await expect(ada.page).toHaveURL(/\/r\/[2-9A-Z]{8}$/);
  await expect(ada.page.getByRole("heading", { level: 1 })).toHaveText("Low tide");

  const ben = await visitor(PLAIN);
  ben.watch.allow(UNUSED);
  await ben.page.goto("/");
  await ben.askToJoin(`${ada.code().slice(0, 4)}-${ada.code().slice(4)}`.toLowerCase());
  await expect(ben.page).toHaveURL(`${server.url}/r/${ada.code()}`);
  await ben.nameBox.fill("Ben");
  await ben.joinButton.click();
  await expect(ben.page.getByRole("heading", { level: 1 })).toHaveText("Low tide");

  const cleo = await visitor(PLAIN);
  cleo.watch.allow(UNUSED);
  await cleo.page.goto(`/r/${ada.code()}`);
  await expect(cleo.page.getByRole("heading", { level: 1 })).toHaveText("Join Low tide");
  await cleo.nameBox.fill("Cleo");
  await cleo.joinButton.click();
  await expect(cleo.page.getByRole("heading", { level: 1 })).toHaveText("Low tide");
});

test("pressing Enter in the code box leads to the room", async ({ visitor }) => {
  const ada = await visitor();
  const code = await ada.create({ name: "Low tide" });
  const ben = await visitor(PLAIN);
  ben.watch.allow(UNUSED);
  await ben.page.goto("/");
  await ben.codeBox.fill(code);
  await ben.codeBox.press("Enter");
  await expect(ben.page.getByRole("heading", { level: 1 })).toHaveText("Join Low tide");
});

test("a wrong code and a wrong PIN come back with the reason", async ({ visitor }) => {
  const ada = await visitor();
  const code = await ada.create({ name: "Low tide", pin: "marram grass" });
  const ben = await visitor(PLAIN);
  ben.watch.allow(UNUSED);
  await ben.page.goto("/");
  await ben.askToJoin("nonsense");
  await expect(ben.page.getByText("A room code has 8 letters and digits")).toBeVisible();
  ben.watch.allow(/status of 40[34]/);
  await ben.askToJoin("zzzz-2222");
  await expect(ben.page.getByText("No room with that code.")).toBeVisible();
  await ben.page.getByRole("textbox", { name: "another code" }).fill(code);
  await ben.joinButton.click();
  await expect(ben.pinBox).toBeVisible();
  await ben.pinBox.fill("sea buckthorn");
  await ben.joinButton.click();
  await expect(ben.page.getByText("That PIN doesn't match")).toBeVisible();
  await expect(ben.pinBox).toHaveValue("sea buckthorn");
  await expect(ben.pinBox).toBeFocused();
  await ben.pinBox.fill("marram grass");
  await ben.joinButton.click();
  await expect(ben.page.getByRole("heading", { level: 1 })).toHaveText("Low tide");
});

for (const runs of [false, true]) {
  const name = runs ? "before the program runs" : "without scripts";
  test(`a form that is refused ${name} keeps what was typed`, async ({ visitor }) => {
    const ada = await visitor(runs ? {} : PLAIN);
    const { page } = ada;
    ada.watch.allow(UNUSED, /status of 400/);
    let go = (): void => {};
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    let holds = runs;
    await page.route(/\.wasm$/, async (route) => {
      if (holds) {
        await held;
      }
      await route.continue().catch(() => {});
    });
    await page.goto("/", { waitUntil: "commit" });
    await ada.nameBox.fill("Ada");
    await page.getByText("Options for a new room").click();
    await page.getByRole("textbox", { name: "Room name" }).fill("Low tide");
    await ada.pinBox.fill("sea");
    await page.getByRole("textbox", { name: "People at once" }).fill("7");
    await page.locator("#field-lifetime").selectOption("21600");
    await ada.createButton.click();
    await expect(page.getByText("A PIN or passphrase has 4 to 64 visible characters")).toBeVisible();
    await expect(ada.pinBox).toBeFocused();
    holds = false;
    go();
    if (runs) {
      await expect(page.locator("html[data-running]")).toHaveAttribute("data-running", "hydrated");
      await expect(page, "loaded again, it would be sent again").toHaveURL("/");
    }
    await expect(ada.nameBox).toHaveValue("Ada");
    await expect(page.getByRole("textbox", { name: "Room name" })).toHaveValue("Low tide");
    await expect(ada.pinBox).toHaveValue("sea");
    await expect(page.getByRole("textbox", { name: "People at once" })).toHaveValue("7");
    await expect(page.locator("#field-lifetime")).toHaveValue("21600");
    expect(ada.watch.requests.filter((url) => /tide|sea|Ada/.test(url)), "in no address").toEqual([]);
    await ada.pinBox.fill("sea buckthorn");
    await ada.createButton.click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Low tide");
  });
}

test("reading a page makes nobody a guest", async ({ visitor }) => {
  const ada = await visitor(PLAIN);
  ada.watch.allow(UNUSED);
  await ada.page.goto("/");
  await ada.page.goto("/about");
  await expect(ada.page.getByRole("heading", { name: "What is promised" })).toBeVisible();
  expect(await ada.page.context().cookies()).toEqual([]);
});
