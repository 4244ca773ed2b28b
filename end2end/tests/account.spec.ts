// Accounts, for those who want one: the way in and out, the logins, the end.
import { expect, test } from "../fixtures";
import type { Tab } from "../tab";

const REFUSED = /status of 40[0-9]/;
const NO_MATCH = "User name and password don't match. Check both.";
const NOT_YOURS = "That isn't your password. Check it.";
const PASSWORD = "low tide at six";

function panel(tab: Tab, name: string) {
  return tab.page.getByRole("group", { name, exact: true });
}

async function fill(tab: Tab, name: string, boxes: Record<string, string>): Promise<void> {
  for (const [label, text] of Object.entries(boxes)) {
    await panel(tab, name).getByRole("textbox", { name: label, exact: true }).fill(text);
  }
  await panel(tab, name).getByRole("button", { name }).click();
}

function signUp(tab: Tab, user: string, password = PASSWORD): Promise<void> {
  return fill(tab, "Create account", { "User name": user, Password: password });
}

/** What was done last, as the page says it. */
function said(tab: Tab, text: string): Promise<void> {
  return expect(tab.page.getByRole("status").filter({ hasText: text })).toBeVisible();
}

function signIn(tab: Tab, user: string, password = PASSWORD): Promise<void> {
  return fill(tab, "Sign in", { "User name": user, Password: password });
}

test("sign up, sign out, sign in", async ({ visitor }) => {
  const ada = await visitor();
  ada.watch.allow(REFUSED);
  await ada.open("/account");
  await signUp(ada, "ada");
  await expect(ada.page.getByText("Signed in as ada.")).toBeVisible();
  await said(ada, "Your account is there, and you are signed in.");
  await ada.page.reload();
  await expect(ada.page.getByText("Signed in as ada.")).toBeVisible();
  await ada.running();
  await ada.page.getByRole("button", { name: "Sign out" }).click();
  await expect(panel(ada, "Sign in")).toBeVisible();
  await said(ada, "You are signed out.");
  expect(await ada.status("/api/v1/me/logins")).toBe(401);
  await signIn(ada, "ADA");
  await expect(ada.page.getByText("Signed in as ada.")).toBeVisible();
});

test("an unknown user and a wrong password get one answer", async ({ visitor }) => {
  const ada = await visitor();
  await ada.open("/account");
  await signUp(ada, "ada");
  await expect(ada.page.getByText("Signed in as ada.")).toBeVisible();
  const eve = await visitor();
  eve.watch.allow(REFUSED);
  await eve.open("/account");
  await signIn(eve, "nobody");
  await expect(eve.alert).toHaveText(NO_MATCH);
  await expect(panel(eve, "Sign in").getByRole("textbox", { name: "User name" })).toHaveValue("nobody");
  await signIn(eve, "ada", "high tide at noon");
  await expect(eve.alert).toHaveText(NO_MATCH);
});

test("a taken name and a short password are refused where they were typed", async ({ visitor }) => {
  const ada = await visitor();
  await ada.open("/account");
  await signUp(ada, "ada");
  await expect(ada.page.getByText("Signed in as ada.")).toBeVisible();
  const eve = await visitor();
  eve.watch.allow(REFUSED);
  await eve.open("/account");
  await signUp(eve, "Ada");
  await expect(eve.alert).toHaveText("That user name is taken. Choose another.");
  await signUp(eve, "eve", "short");
  await expect(eve.alert).toHaveText("A password has 8 to 256 characters. Choose another.");
  await signUp(eve, "e v e");
  await expect(eve.alert).toContainText("A user name has 3 to 32 letters");
});

test("a guest who signs up keeps their room and begins under another name", async ({ visitor }) => {
  const ada = await visitor();
  const code = await ada.create({ as: "Ada" });
  const ben = await visitor();
  await ben.join(code, "Ben");
  const settings = await ada.another();
  await settings.open("/account");
  await signUp(settings, "countess");
  await expect(settings.page.getByText("Signed in as countess.")).toBeVisible();
  // What the guest was called is never stored; those inside see the new name at once.
  await expect(settings.nameBox).not.toHaveValue("Ada");
  const name = await settings.nameBox.inputValue();
  await ben.sees(["Ben", name]);
  await ada.page.reload();
  await ada.inside();
  await ben.sees(["Ben", name]);
  await ada.say("still me");
  await ben.shows(["still me"]);
});

test("an account begins under the name that it chose", async ({ visitor }) => {
  const ada = await visitor();
  await ada.open("/account");
  await fill(ada, "Create account", { "User name": "ada", Password: PASSWORD, "Name in rooms": "O'Brien & \"Sons\"" });
  await expect(ada.nameBox).toHaveValue("O\u2019Brien & \u201CSons\u201D");
  await ada.page.reload();
  await expect(ada.nameBox).toHaveValue("O\u2019Brien & \u201CSons\u201D");
});

test("a password is shown while one looks at it", async ({ visitor }) => {
  const ada = await visitor();
  await ada.open("/account");
  const form = panel(ada, "Sign in");
  const box = form.getByRole("textbox", { name: "Password", exact: true });
  await box.fill(PASSWORD);
  await expect(box).toHaveAttribute("type", "password");
  await form.getByRole("button", { name: "Show password" }).click();
  await expect(box).toHaveAttribute("type", "text");
  await expect(box).toHaveValue(PASSWORD);
  await form.getByRole("button", { name: "Hide password" }).click();
  await expect(box).toHaveAttribute("type", "password");
});

test("rooms are listed, and their owner ends one from its menu", async ({ visitor }) => {
  const ada = await visitor();
  await ada.open("/account");
  await signUp(ada, "ada");
  await expect(ada.page.getByText("You are in no room.")).toBeVisible();
  const code = await ada.create({ name: "Low Tide" });
  const ben = await visitor();
  await ben.join(code, "Ben");

  const theirs = await ben.another();
  await theirs.open("/account");
  await theirs.page.getByLabel("More about Low Tide").click();
  await expect(theirs.page.getByRole("button", { name: "Leave room" })).toBeVisible();
  await expect(theirs.page.getByRole("button", { name: "End for everyone" })).toHaveCount(0);

  const settings = await ada.another();
  await settings.open("/account");
  await expect(settings.page.getByRole("link", { name: "Low Tide" })).toHaveAttribute("href", `/r/${code}`);
  await settings.page.getByLabel("More about Low Tide").click();
  await settings.page.getByRole("button", { name: "End for everyone" }).click();
  await said(settings, "The room has ended for everyone.");
  await expect(settings.page.getByText("You are in no room.")).toBeVisible();
  await expect(ben.page.getByText("It was ended for everyone.", { exact: false })).toBeVisible();
});

test("a new password ends every other login", async ({ visitor }) => {
  const ada = await visitor();
  await ada.open("/account");
  await signUp(ada, "ada");
  await expect(ada.page.getByText("Signed in as ada.")).toBeVisible();
  const phone = await visitor();
  phone.watch.allow(REFUSED);
  await phone.open("/account");
  await signIn(phone, "ada");
  await expect(phone.page.getByText("Signed in as ada.")).toBeVisible();

  ada.watch.allow(REFUSED);
  await fill(ada, "Change password", { "Current password": "wrong one", "New password": "high tide at noon" });
  await expect(ada.alert).toHaveText(NOT_YOURS);
  await fill(ada, "Change password", { "Current password": PASSWORD, "New password": "high tide at noon" });
  await expect(ada.page.getByText("Changed. Every other login has ended.")).toBeVisible();
  expect(await ada.status("/api/v1/me/logins")).toBe(200);
  expect(await phone.status("/api/v1/me/logins")).toBe(401);

  await phone.open("/account");
  await signIn(phone, "ada");
  await expect(phone.alert).toHaveText(NO_MATCH);
  await signIn(phone, "ada", "high tide at noon");
  await expect(phone.page.getByText("Signed in as ada.")).toBeVisible();
});

test("logins are listed, and a revoked one is cut off at once", async ({ visitor }) => {
  const ada = await visitor();
  await ada.open("/account");
  await signUp(ada, "ada");
  await expect(ada.page.getByText("Signed in as ada.")).toBeVisible();
  const lost = await visitor();
  lost.watch.allow(REFUSED);
  await lost.open("/account");
  await signIn(lost, "ada");
  await expect(lost.page.getByText("Signed in as ada.")).toBeVisible();
  await lost.create();

  await ada.page.reload();
  await expect(ada.page.getByText("This one")).toHaveCount(1);
  await expect(ada.page.getByText(/^Chrome on Linux, began /)).toHaveCount(2);
  const revoke = ada.page.getByRole("button", { name: /^Revoke the login that began / });
  await expect(revoke).toHaveCount(1);
  await revoke.click();
  await expect(revoke).toHaveCount(0);
  await said(ada, "That login has ended.");
  await expect(lost.state).toContainText("Disconnected");
  await expect(lost.page.getByText("This login was ended. Sign in again.")).toBeVisible();
  await expect(lost.messageBox).toBeVisible();
  expect(await lost.status("/api/v1/me/logins")).toBe(401);
});

test("a deleted account is gone", async ({ visitor }) => {
  const ada = await visitor();
  ada.watch.allow(REFUSED);
  await ada.open("/account");
  await signUp(ada, "ada");
  await expect(ada.page.getByText("Signed in as ada.")).toBeVisible();
  await ada.page.locator("summary", { hasText: "Delete account" }).click();
  await fill(ada, "Delete account", { Password: "wrong one" });
  await expect(ada.alert).toHaveText(NOT_YOURS);
  await fill(ada, "Delete account", { Password: PASSWORD });
  await expect(panel(ada, "Sign in")).toBeVisible();
  await signIn(ada, "ada");
  await expect(ada.alert).toHaveText(NO_MATCH);
  await signUp(ada, "ada", "another password");
  await expect(ada.page.getByText("Signed in as ada.")).toBeVisible();
});

test("a guest can be forgotten", async ({ visitor }) => {
  const ada = await visitor();
  ada.watch.allow(REFUSED);
  const code = await ada.create({ as: "Ada" });
  const ben = await visitor();
  await ben.join(code, "Ben");
  const settings = await ada.another();
  await settings.open("/account");
  await settings.page.locator("summary", { hasText: "Forget me" }).click();
  await panel(settings, "Forget me").getByRole("button", { name: "Forget me" }).click();
  await ben.sees(["Ben"]);
});
