// An operator's page: they sign in, look, end a room in which somebody is, and close what new people do.
import { audit } from "../audit";
import { expect, test } from "../fixtures";

const PLAIN = { javaScriptEnabled: false };
/** The page fetches its program ahead, which never runs here. */
const UNUSED = /was preloaded using link preload but not used/;

test("an operator signs in, looks, and ends a room; a person in it sees it end", async ({ visitor, server }) => {
  const ada = await visitor();
  await ada.create({ name: "Low tide" });
  const maria = await visitor();
  maria.watch.allow(/status of 404/);
  await maria.page.goto("/admin");
  await expect(maria.page.getByRole("heading", { level: 1 })).toHaveText("There is nothing here");

  await server.addOperator("maria", "correct horse battery");
  maria.watch.allow(/status of 401/);
  await maria.page.goto("/admin");
  await expect(maria.page.getByRole("heading", { level: 1 })).toHaveText("Operator");
  await audit(maria, "the sign-in of operators");
  const signIn = async (password: string) => {
    await maria.page.getByLabel("Operator's name").fill("maria");
    await maria.page.getByLabel("Password").fill(password);
    await maria.page.getByRole("button", { name: "Sign in" }).click();
  };
  await signIn("wrong horse battery");
  await expect(maria.page.getByRole("alert")).toContainText("don't match");
  await signIn("correct horse battery");
  await expect(maria.page.getByText("Signed in as maria")).toBeVisible();
  const room = maria.page.getByRole("table").first().getByRole("row").nth(1);
  await expect(room).toContainText("no");
  await expect(maria.page.locator("body")).not.toContainText(ada.code());
  await audit(maria, "the page of operators");
  await maria.page.setViewportSize({ width: 360, height: 780 });
  expect(await maria.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);

  await room.getByRole("button").click();
  await expect(maria.page.getByRole("heading", { level: 1 })).toHaveText("End this room for everybody in it?");
  await audit(maria, "the question");
  await maria.page.getByRole("link", { name: "Cancel" }).click();
  await maria.page.getByRole("table").first().getByRole("row").nth(1).getByRole("button").click();
  await maria.page.getByRole("button", { name: "End room" }).click();
  await expect(maria.page.getByRole("status")).toHaveText("The room has ended.");
  await expect(maria.page.getByText("Nobody is in any room of this node.")).toBeVisible();
  await expect(ada.page.getByRole("heading", { name: "The room was ended" })).toBeVisible();
});

test("it works without scripts: what is closed is closed until it is opened again", async ({ visitor, server }) => {
  await server.addOperator("maria", "correct horse battery");
  const maria = await visitor(PLAIN);
  await maria.page.goto("/admin");
  await maria.page.getByLabel("Operator's name").fill("maria");
  await maria.page.getByLabel("Password").fill("correct horse battery");
  await maria.page.getByRole("button", { name: "Sign in" }).click();
  await maria.page.getByRole("button", { name: "Close: Making rooms" }).click();
  await maria.page.getByRole("button", { name: "Close" }).click();
  await expect(maria.page.getByRole("status")).toHaveText("Nobody can make a room.");
  const ada = await visitor(PLAIN);
  ada.watch.allow(UNUSED);
  ada.watch.allow(/status of 403/);
  await ada.page.goto("/");
  await ada.nameBox.fill("Ada");
  await ada.createButton.click();
  await expect(ada.page.getByText("The operator of this server has closed that for now.")).toBeVisible();
  await maria.page.getByRole("button", { name: "Open: Making rooms" }).click();
  await maria.page.getByRole("button", { name: "Open" }).click();
  await expect(maria.page.getByRole("status")).toHaveText("People can make rooms again.");
  await ada.createButton.click();
  await expect(ada.page).toHaveURL(/\/r\/[2-9A-Z]{8}$/);
  await maria.page.getByRole("button", { name: "Sign out" }).click();
  await expect(maria.page.getByRole("button", { name: "Sign in" })).toBeVisible();
});
