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
  await ben.askToJoin(`${ada.code().slice(0, 4)}-${ada.code().slice(4)}`.toLowerCase(), "Ben");
  await expect(ben.page).toHaveURL(`${server.url}/r/${ada.code()}`);
  await expect(ben.page.getByRole("heading", { level: 1 })).toHaveText("Low tide");

  const cleo = await visitor(PLAIN);
  cleo.watch.allow(UNUSED);
  await cleo.page.goto(`/r/${ada.code()}`);
  await expect(cleo.page.getByRole("heading", { level: 1 })).toHaveText("Join Low tide");
  await cleo.nameBox.fill("Cleo");
  await cleo.joinButton.click();
  await expect(cleo.page.getByRole("heading", { level: 1 })).toHaveText("Low tide");
});

test("pressing Enter in the code box joins", async ({ visitor }) => {
  const ada = await visitor();
  const code = await ada.create({ name: "Low tide" });
  const ben = await visitor(PLAIN);
  ben.watch.allow(UNUSED);
  await ben.page.goto("/");
  await ben.codeBox.fill(code);
  await ben.codeBox.press("Enter");
  await expect(ben.page.getByRole("heading", { level: 1 })).toHaveText("Low tide");
});

test("a wrong code and a wrong PIN come back with the reason", async ({ visitor }) => {
  const ada = await visitor();
  const code = await ada.create({ name: "Low tide", pin: "marram grass" });
  const ben = await visitor(PLAIN);
  ben.watch.allow(UNUSED);
  await ben.page.goto("/");
  await ben.askToJoin("zzzz-2222");
  await expect(ben.page.getByText("No room with that code.")).toBeVisible();
  await ben.askToJoin(code, "Ben");
  await expect(ben.pinBox).toBeVisible();
  await ben.pinBox.fill("sea buckthorn");
  await ben.joinButton.click();
  await expect(ben.page.getByText("That PIN doesn't match")).toBeVisible();
  await ben.pinBox.fill("marram grass");
  await ben.joinButton.click();
  await expect(ben.page.getByRole("heading", { level: 1 })).toHaveText("Low tide");
});

test("reading a page makes nobody a guest", async ({ visitor }) => {
  const ada = await visitor(PLAIN);
  ada.watch.allow(UNUSED);
  await ada.page.goto("/");
  await ada.page.goto("/about");
  await expect(ada.page.getByRole("heading", { name: "What is promised" })).toBeVisible();
  expect(await ada.page.context().cookies()).toEqual([]);
});
