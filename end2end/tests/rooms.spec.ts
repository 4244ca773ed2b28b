// Into a room and out of it, and what is said there.
import { expect, test } from "../fixtures";

const REFUSED = /status of 4[01][0-9]/;
const NO_ROOM = "No room with that code. Check it, or create a new one.";

/** As people hand it on: small letters, in two groups. */
function spoken(code: string): string {
  return `${code.slice(0, 4)}-${code.slice(4)}`.toLowerCase();
}

test("a guest creates a room with one press and is inside", async ({ visitor }) => {
  const ada = await visitor();
  const code = await ada.create();
  await expect(ada.people).toHaveCount(1);
  await expect(ada.people.first()).toContainText("you");
  await expect(ada.log).toContainText("It's just you");
  await expect(ada.log).toContainText(spoken(code).toUpperCase());
  await expect(ada.messageBox).toBeFocused();
});

test("others join by the typed code and by the copied link", async ({ visitor, server }) => {
  const ada = await visitor({ permissions: ["clipboard-write"] });
  const code = await ada.create({ as: "Ada", name: "Low tide" });
  await ada.page.getByRole("button", { name: "Copy link" }).click();
  await expect(ada.page.getByText("Link copied")).toBeVisible();
  const link = `${server.url}/r/${code}`;
  await ada.messageBox.press("ControlOrMeta+v");
  await expect(ada.messageBox).toHaveValue(link);

  const ben = await visitor();
  await ben.join(`  ${spoken(code)} `, "Ben");
  const cleo = await visitor();
  await cleo.open(link);
  await expect(cleo.page.getByRole("heading", { name: "Join Low tide" })).toBeVisible();
  await expect(cleo.page.getByText("2 people are inside")).toBeVisible();
  await cleo.nameBox.fill("Cleo");
  await cleo.joinButton.click();
  await cleo.inside();

  await ada.sees(["Ada", "Ben", "Cleo"]);
  await ben.sees(["Ben", "Ada", "Cleo"]);
  await cleo.sees(["Cleo", "Ada", "Ben"]);
  for (const tab of [ada, ben, cleo]) {
    await expect(tab.page.getByRole("heading", { level: 1 })).toHaveText("Low tide");
  }
});

test("a pasted link is as good as a code", async ({ visitor, server }) => {
  const ada = await visitor();
  const code = await ada.create();
  const ben = await visitor();
  await ben.join(`${server.url}/r/${code}?from=mail#top`);
  await expect(ada.people).toHaveCount(2);
});

test("both talk both ways and everyone sees one order", async ({ visitor }) => {
  const ada = await visitor();
  const code = await ada.create({ as: "Ada" });
  const ben = await visitor();
  await ben.join(code, "Ben");
  await expect(ada.people).toHaveCount(2);
  const talk = async (tab: typeof ada, name: string) => {
    for (let line = 1; line <= 10; line += 1) {
      await tab.say(`${name} ${line}`);
    }
  };
  await Promise.all([talk(ada, "ada"), talk(ben, "ben")]);
  await expect(ada.texts).toHaveCount(20);
  await expect(ben.texts).toHaveCount(20);
  await expect(ada.log.getByText("Sending…")).toHaveCount(0);
  const order = await ada.texts.allTextContents();
  expect(await ben.texts.allTextContents()).toEqual(order);
  const own = (name: string) => Array.from({ length: 10 }, (_, index) => `${name} ${index + 1}`);
  expect(order.filter((text) => text.startsWith("ada"))).toEqual(own("ada"));
  expect(order.filter((text) => text.startsWith("ben"))).toEqual(own("ben"));
});

test("a newcomer sees nothing that was said before", async ({ visitor }) => {
  const ada = await visitor();
  const code = await ada.create();
  await ada.say("before");
  await ada.relayed("before");
  const ben = await visitor();
  await ben.join(code);
  await expect(ben.log).toContainText("Say hi");
  await ada.say("after");
  await ben.shows(["after"]);
});

test("each form of the first page has its own Enter", async ({ visitor, server }) => {
  const ada = await visitor();
  await ada.open("/");
  await ada.page.getByText("Options for a new room").click();
  await expect(ada.page.getByRole("textbox", { name: "People at once" })).toHaveValue("50");
  await expect(ada.page.getByText("From 2 to 500.")).toBeVisible();
  await expect(ada.page.getByRole("combobox", { name: "Lasts at most" }).locator("option:checked")).toHaveText("24 hours");
  await ada.page.getByRole("textbox", { name: "Room name" }).fill("Low tide");
  await ada.page.getByRole("textbox", { name: "Room name" }).press("Enter");
  await ada.inside();
  await expect(ada.page.getByRole("heading", { level: 1 })).toHaveText("Low tide");

  const ben = await visitor();
  await ben.open("/");
  await ben.codeBox.pressSequentially(`${ada.code().slice(0, 5).toLowerCase()}`);
  await expect(ben.codeBox).toHaveValue(`${ada.code().slice(0, 4)}-${ada.code().slice(4, 5)}`);
  await ben.codeBox.press("Backspace");
  await expect(ben.codeBox).toHaveValue(ada.code().slice(0, 4));
  await ben.codeBox.fill(`${server.url}/r/${ada.code()}?from=mail`);
  await expect(ben.codeBox, "a link becomes its code").toHaveValue(`${ada.code().slice(0, 4)}-${ada.code().slice(4)}`);
  await ben.nameBox.fill("Ben");
  await ben.nameBox.press("Enter");
  await ben.inside();
  await ada.sees([await ada.people.first().locator(".person-name").innerText(), "Ben"]);
});

test("a number outside the limits is told at its box, with the limit", async ({ visitor }) => {
  const ada = await visitor();
  ada.watch.allow(REFUSED);
  await ada.open("/");
  await ada.page.getByText("Options for a new room").click();
  const capacity = ada.page.getByRole("textbox", { name: "People at once" });
  for (const wrong of ["501", "1", "-3", "many", "1e9"]) {
    await capacity.fill(wrong);
    await capacity.press("Enter");
    await expect(ada.alert).toHaveText("That many people don't fit. Choose a number from 2 to 500.");
    await expect(capacity).toBeFocused();
    await expect(capacity).toHaveValue(wrong);
  }
});

test("a wrong code is told under the box and stays in it", async ({ visitor }) => {
  const ada = await visitor();
  ada.watch.allow(REFUSED);
  await ada.open("/");
  await ada.askToJoin("zzzz-2222", "Ada");
  await expect(ada.alert).toHaveText(NO_ROOM);
  await expect(ada.codeBox).toHaveValue("ZZZZ-2222");
  await expect(ada.nameBox).toHaveValue("Ada");
  await ada.askToJoin("not a code");
  await expect(ada.alert).toContainText("8 letters and digits");
  await expect(ada.codeBox).toHaveValue("not a code");
  await expect(ada.codeBox).toHaveAttribute("aria-invalid", "true");
});

test("the link of an unknown room is not found", async ({ visitor }) => {
  const ada = await visitor();
  ada.watch.allow(REFUSED);
  const answer = await ada.page.goto("/r/ZZZZ2222");
  expect(answer?.status()).toBe(404);
  await expect(ada.page.getByRole("heading", { name: "No such room" })).toBeVisible();
  await expect(ada.page.getByText(NO_ROOM)).toBeVisible();
  await ada.page.getByRole("button", { name: "Create a new room" }).click();
  await ada.inside();
});

test("a PIN is asked for, a wrong one refused and the right one taken", async ({ visitor }) => {
  const ada = await visitor();
  const code = await ada.create({ as: "Ada", name: "Behind the dune", pin: "marram grass" });
  const ben = await visitor();
  ben.watch.allow(REFUSED);
  await ben.open("/");
  await ben.askToJoin(code, "Ben");
  await expect(ben.pinBox).toBeVisible();
  await expect(ben.nameBox).toHaveValue("Ben");
  await expect(ben.page.getByText("Behind the dune"), "the name is for those who know the PIN").toHaveCount(0);
  await ben.joinButton.click();
  await expect(ben.alert).toContainText("needs a PIN");
  await ben.pinBox.fill("sea buckthorn");
  await ben.joinButton.click();
  await expect(ben.alert).toContainText("That PIN doesn't match");
  await expect(ben.pinBox).toHaveValue("sea buckthorn");
  await ben.pinBox.fill("marram grass");
  await ben.joinButton.click();
  await ben.inside();
  await ada.sees(["Ada", "Ben"]);
  await ben.page.reload();
  await ben.inside();
});

test.describe("with two tries at a PIN", () => {
  test.use({ limits: { pin_tries: 2 } });

  test("the card says how many are left, and counts the wait down", async ({ visitor }) => {
    const ada = await visitor();
    const code = await ada.create({ pin: "marram grass" });
    const ben = await visitor();
    ben.watch.allow(REFUSED, /status of 429/);
    await ben.open(`/r/${code}`);
    const wait = ben.page.locator("[role=timer]");
    await ben.pinBox.fill("one");
    await ben.pinBox.press("Enter");
    await expect(ben.alert).toHaveText("That PIN doesn't match. 1 try left before a wait.");
    await expect(wait).toBeEmpty();
    await ben.pinBox.press("Enter");
    await expect(ben.alert).toHaveText("That PIN doesn't match. Wait until the time is up, then try again.");
    await expect(wait).toHaveText(/^Wait (30|[12]\d) s\.$/);
    await ben.pinBox.fill("marram grass");
    await ben.pinBox.press("Enter");
    await expect(ben.alert).toHaveText("Too many wrong PINs. Wait until the time is up, then try again.");
    await expect(wait).toHaveText(/^Wait (1\d|2[0-8]) s\.$/);
    await expect(ben.pinBox).toBeFocused();
    await expect(ben.pinBox).toHaveValue("marram grass");
  });
});

test("leaving a room that ends with it can be taken back for ten seconds", async ({ visitor }) => {
  const ada = await visitor();
  const code = await ada.create({ as: "Ada" });
  // There before the ten seconds begin.
  const ben = await visitor();
  await ben.open("/about");
  await ada.leaveButton.dblclick();
  await expect(ada.alert).toContainText("the room ends when you leave");
  await ada.page.getByRole("button", { name: "Stay" }).click();
  await expect(ada.alert).toHaveCount(0);
  await expect(ada.leaveButton).toBeFocused();
  await ada.leaveButton.click();
  await expect(ada.page.getByText(/Leaving in [1-8] s\./)).toBeVisible();
  expect(await ben.status(`/api/v1/rooms/${code}`)).toBe(200);
  await ada.page.goto("/about");
  ben.watch.allow(REFUSED);
  await expect.poll(() => ben.status(`/api/v1/rooms/${code}`), "going away leaves at once").not.toBe(200);

  await ada.create({ as: "Ada" });
  await ada.leaveButton.click();
  await ada.page.waitForURL("/", { timeout: 40_000 });
});

test("a full room says so and lets one in when there is a seat", async ({ visitor }) => {
  const ada = await visitor();
  const code = await ada.create({ as: "Ada", capacity: 2 });
  const ben = await visitor();
  await ben.join(code, "Ben");
  const cleo = await visitor();
  cleo.watch.allow(REFUSED);
  await cleo.open("/");
  await cleo.askToJoin(code, "Cleo");
  const full = cleo.page.getByText("This room is full. Try again when somebody has left.");
  await expect(full).toBeVisible();
  await cleo.page.getByRole("button", { name: "Try again" }).click();
  // What the server tries by itself, because she is a member, is no answer to this page.
  await expect.poll(() => cleo.received("error").filter(({ cid }) => cid).length).toBe(2);
  await expect(full).toBeVisible();
  await expect(ada.people).toHaveCount(2);
  await ben.leaveButton.click();
  await ada.sees(["Ada"]);
  await cleo.page.getByRole("button", { name: "Try again" }).click();
  await cleo.inside();
  await ada.sees(["Ada", "Cleo"]);
});

test("5000 characters go, 5001 stay in the box", async ({ visitor }) => {
  const ada = await visitor();
  const code = await ada.create();
  const ben = await visitor();
  await ben.join(code);
  const over = "🌊".repeat(5001);
  await ada.messageBox.fill(over);
  await expect(ada.page.getByText("1 too many")).toBeVisible();
  await ada.messageBox.press("Enter");
  await expect(ada.alert).toContainText("That message is too long");
  await expect(ada.messageBox).toHaveValue(over);
  await ada.messageBox.press("Backspace");
  await ada.messageBox.press("Enter");
  await expect(ada.messageBox).toHaveValue("");
  await ben.shows(["🌊".repeat(5000)]);
  await ada.shows(["🌊".repeat(5000)]);
});

test("nothing but white space is not sent and stays in the box", async ({ visitor }) => {
  const ada = await visitor();
  await ada.create();
  await ada.messageBox.press("Enter");
  await expect(ada.alert).toContainText("There is nothing to send");
  await ada.messageBox.fill(" \u3000 ");
  await expect(ada.alert).toHaveCount(0);
  await ada.sendButton.click();
  await expect(ada.alert).toContainText("There is nothing to send");
  await expect(ada.messageBox).toHaveValue(" \u3000 ");
  await ada.shows([]);
});

test("Shift and Enter make a new line, white space around is dropped", async ({ visitor }) => {
  const ada = await visitor();
  await ada.create();
  await ada.messageBox.pressSequentially("  one");
  await ada.messageBox.press("Shift+Enter");
  await ada.messageBox.pressSequentially("two  ");
  await ada.messageBox.press("Enter");
  await expect(ada.texts).toHaveCount(1);
  expect(await ada.texts.first().evaluate((text: HTMLElement) => text.innerText)).toBe("one\ntwo");
});

test("comings and goings are lines of the log, gathered", async ({ visitor }) => {
  const ada = await visitor();
  const code = await ada.create({ as: "Ada" });
  const ben = await visitor();
  await ben.join(code, "Ben");
  await expect(ada.notes).toHaveText(["Ben joined"]);
  const cleo = await visitor();
  await cleo.join(code, "Cleo");
  await expect(ada.notes).toHaveText(["Ben and Cleo joined"]);
  await ada.say("hello");
  await cleo.shows(["hello"]);
  await ben.leaveButton.click();
  await expect(ada.notes).toHaveText(["Ben and Cleo joined", "Ben left"]);
  await expect(ben.createButton, "who left is back at the start").toBeVisible();
});

test("two of one name are told apart", async ({ visitor }) => {
  const ada = await visitor();
  const code = await ada.create({ as: "Ada" });
  const other = await visitor();
  await other.join(code, "ada");
  await ada.sees(["Ada", "ada 2"]);
});

test("a drawn name that comes late does not mix with the name that is typed", async ({ visitor }) => {
  const ada = await visitor();
  let answer = () => {};
  const held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await ada.page.route("**/api/v1/guest", async (route) => {
    await held;
    await route.continue();
  });
  await ada.open("/");
  await ada.nameBox.focus();
  const answered = ada.page.waitForResponse("**/api/v1/guest");
  answer();
  await (await answered).finished();
  await ada.page.keyboard.type("Ada");
  await ada.createButton.click();
  await ada.inside();
  await ada.sees(["Ada"]);
});

test("a name that is not allowed is refused and stays in the box", async ({ visitor }) => {
  const ada = await visitor();
  ada.watch.allow(REFUSED);
  await ada.open("/");
  await ada.nameBox.fill("Ada\u202Eadb");
  await ada.createButton.click();
  await expect(ada.alert).toContainText("A name has 1 to 30 visible characters");
  await expect(ada.nameBox).toHaveValue("Ada\u202Eadb");
});

test("a name with markup is a name, typeset", async ({ visitor }) => {
  const ada = await visitor();
  await ada.create({ as: "<b>O'Brien & \"Sons\"" });
  await ada.sees(["\u2039b\u203AO\u2019Brien & \u201CSons\u201D"]);
});

test("the room ends with the last one who leaves", async ({ visitor }) => {
  const ada = await visitor();
  const code = await ada.create();
  const ben = await visitor();
  await ben.join(code);
  await expect(ada.people).toHaveCount(2);
  await ada.leaveButton.click();
  await expect(ben.people).toHaveCount(1);
  expect(await ben.status(`/api/v1/rooms/${code}`)).toBe(200);
  await ben.leaveAlone();
  await expect(ben.createButton).toBeVisible();
  await expect.poll(() => ben.status(`/api/v1/rooms/${code}`)).toBe(410);
  ben.watch.allow(REFUSED);
  await ben.askToJoin(code);
  await expect(ben.alert).toHaveText("This room has ended. Nothing was kept.");
});

test("a room that was ended says so, and its head claims nothing any more", async ({ visitor, server }) => {
  const ada = await visitor();
  const code = await ada.create({ as: "Ada", name: "Low tide" });
  const ben = await visitor({ permissions: ["clipboard-write"] });
  await ben.join(code, "Ben");
  await ada.say("until then");
  await expect(ben.texts).toHaveCount(1);
  await ben.messageBox.fill("not sent yet");
  await expect(ben.page.getByRole("button", { name: "Copy link" })).toBeVisible();
  const ended = await ada.page
    .context()
    .request.delete(`/api/v1/rooms/${code}`, { headers: { origin: server.url } });
  expect(ended.status()).toBe(204);

  await expect(ben.alert).toContainText("The room was ended");
  await ben.page.getByRole("button", { name: "Read what was said" }).click();
  await expect(ben.texts, "what was said can still be read").toHaveCount(1);
  await expect(ben.state).toHaveText("Ended");
  await expect(ben.page.getByText(/left$/)).toBeHidden();
  await expect(ben.page.getByRole("button", { name: "Copy link" })).toHaveCount(0);
  await expect(ben.messageBox).not.toBeEditable();
  await expect(ben.sendButton).toBeHidden();
  await ben.page.getByRole("button", { name: "Copy your text" }).click();
  await expect(ben.page.getByText("Copied", { exact: true })).toBeVisible();
  await ben.leaveButton.click();
  await ben.page.waitForURL("/");
});

test("an ended room in which nothing was said invites nobody and lists nobody", async ({ visitor, server }) => {
  const ada = await visitor();
  const code = await ada.create({ as: "Ada" });
  await expect(ada.page.getByRole("button", { name: "Copy link" })).toBeVisible();
  const ben = await visitor();
  await ben.join(code, "Ben");
  await ben.sees(["Ben", "Ada"]);
  await ada.page.context().request.delete(`/api/v1/rooms/${code}`, { headers: { origin: server.url } });
  for (const tab of [ada, ben]) {
    await expect(tab.alert).toContainText("The room was ended");
    await expect(tab.page.locator(".person")).toHaveCount(0);
    await expect(tab.page.locator("#people-title")).toHaveText("People");
    await expect(tab.page.locator(".chip.count")).toContainText("0");
    await expect(tab.page.getByRole("button", { name: "Copy link" })).toHaveCount(0);
    await expect(tab.page.locator(".empty-room > :not(noscript)")).toHaveCount(0);
  }
});

test("a room that was left on one page says so on the other", async ({ visitor }) => {
  const ada = await visitor();
  const code = await ada.create({ as: "Ada" });
  const second = await ada.another();
  await second.page.goto(`/r/${code}`);
  await second.inside();
  await ada.say("what was said");
  await second.shows(["what was said"]);
  await second.messageBox.fill("what was not said");
  await ada.leaveAlone();
  await ada.page.waitForURL("/");
  await expect(second.alert).toContainText("You left the room in another tab");
  await expect(second.page.getByRole("link", { name: "Create a new room" })).toBeVisible();
  await second.shows(["what was said"]);
  await expect(second.messageBox).toHaveValue("what was not said");
});

test("the PIN is what the card asks for first", async ({ visitor }) => {
  const ada = await visitor();
  const code = await ada.create({ pin: "marram grass" });
  const ben = await visitor();
  await ben.open(`/r/${code}`);
  await expect(ben.pinBox).toBeFocused();
});
