// `SHOTS=folder npm run shots`: pictures of every page and state, at five widths, light, dark and in forced colours.
import { shoot } from "../camera";
import { LOST_LINE, expect, test } from "../fixtures";
import type { Tab } from "../tab";

const REFUSED = /status of 4[0-9][0-9]/;
/** The longest that a name may be, in the widest signs. */
const WIDE = ["👩‍👩‍👧‍👦 Wanderers of the 🌊🌊🌊", "W".repeat(30), "ﷺ﷽".repeat(12)];

test.setTimeout(240_000);

/** The people are beside the log, or a sheet that is opened. */
async function openPeople(tab: Tab): Promise<void> {
  if (!(await tab.page.locator("#people").isVisible())) {
    await tab.page.getByRole("button", { name: /^\d+ people$/ }).click();
  }
}

test("pages without a room", async ({ visitor }) => {
  const ada = await visitor();
  ada.watch.allow(REFUSED);
  await ada.open("/");
  await expect(ada.nameBox).not.toHaveValue("");
  await shoot(ada, "landing");
  await ada.page.getByText("Options for a new room").click();
  await ada.page.getByRole("textbox", { name: "People at once" }).fill("501");
  await ada.createButton.click();
  await expect(ada.alert).toBeVisible();
  await shoot(ada, "landing-options");
  await ada.open("/");
  await ada.askToJoin("zzzz-2222");
  await expect(ada.alert).toBeVisible();
  await shoot(ada, "landing-wrong-code");
  await ada.open("/about");
  await shoot(ada, "about");
  await ada.page.goto("/nowhere");
  await expect(ada.page.getByRole("heading", { name: "There is nothing here" })).toBeVisible();
  await shoot(ada, "not-found");
  await ada.page.goto("/r/ZZZZ2222");
  await expect(ada.page.getByRole("heading", { name: "No such room" })).toBeVisible();
  await shoot(ada, "unknown");
});

test("the account", async ({ visitor }) => {
  const ada = await visitor();
  ada.watch.allow(REFUSED);
  await ada.open("/account");
  await shoot(ada, "account-signed-out");
  const signUp = ada.page.getByRole("group", { name: "Create account" });
  await signUp.getByRole("textbox", { name: "User name" }).fill("low-tide");
  await signUp.getByRole("textbox", { name: "Password" }).fill("short");
  await signUp.getByRole("button", { name: "Create account" }).click();
  await expect(ada.alert).toBeVisible();
  await shoot(ada, "account-refused");
  await signUp.getByRole("textbox", { name: "Password" }).fill("a long password");
  await signUp.getByRole("button", { name: "Create account" }).click();
  await expect(ada.page.getByText("This one")).toBeVisible();
  const name = "A room whose name is as long as a name can be ok";
  await ada.create({ name });
  await ada.open("/account");
  await shoot(ada, "account", async () => ada.page.evaluate(() => scrollTo(0, 0)));
  await ada.page.getByLabel(`More about ${name}`).click();
  await ada.page.locator("summary", { hasText: "Delete account" }).click();
  await shoot(ada, "account-open", async () => ada.page.evaluate(() => scrollTo(0, document.body.scrollHeight)));
});

test("a room", async ({ visitor, relay }) => {
  const ada = await visitor({ baseURL: relay.url });
  ada.watch.allow(LOST_LINE, REFUSED);
  const code = await ada.create({ as: "Low Tide", name: "Reading circle", capacity: 3 });
  await shoot(ada, "room-empty");
  const ben = await visitor();
  await ben.open(`/r/${code}`);
  await expect(ben.nameBox).not.toHaveValue("");
  await ben.nameBox.fill("Paper Lantern");
  await shoot(ben, "join");
  await ben.joinButton.click();
  await ben.inside();
  const cleo = await visitor();
  await cleo.join(code, "Quiet Otter");
  await expect(ada.people).toHaveCount(3);
  await ben.say("Has everybody got the book?");
  await expect(ada.texts).toHaveCount(1);
  await cleo.say("Mine came this morning. It is *much* thicker than I thought.");
  await cleo.say("612 pages");
  await expect(ada.texts).toHaveCount(3);
  await ada.say("Chapter three by Thursday, then. Whoever is late brings cake.");
  await expect(ben.texts).toHaveCount(4);
  await ben.say("I will be late.");
  await expect(ada.texts).toHaveCount(5);
  await ada.say("**Lemon** cake, please. The recipe is on page 40 of `bakes.pdf`.");
  await ada.page.setViewportSize({ width: 1280, height: 800 });
  await shoot(ada, "room");
  await shoot(ada, "people", async () => {
    await openPeople(ada);
    const row = ada.people.nth(1).getByRole("button", { name: /Paper Lantern/ });
    if ((await row.getAttribute("aria-expanded")) !== "true") {
      await row.click();
    }
  });
  await ada.page.keyboard.press("Escape");
  const late = await visitor();
  late.watch.allow(REFUSED);
  await late.open("/");
  await late.askToJoin(code, "Late");
  await expect(late.page.getByText("This room is full").first()).toBeVisible();
  await shoot(late, "full");
  relay.cut();
  await expect(ada.state).toContainText("Connection lost");
  await ada.say("Is anybody still there?");
  await shoot(ada, "lost");
});

test.describe("people of whom nothing is heard", () => {
  test.use({ limits: { ping_every_ms: 300, silence_ms_max: 1_000, grace_ms: 120_000 } });

  test("away and reconnecting, and names as wide as they get", async ({ visitor, relay }) => {
    const ada = await visitor();
    ada.watch.allow(REFUSED);
    const code = await ada.create({ as: WIDE[0], name: "🌊".repeat(50) });
    for (const name of WIDE.slice(1)) {
      const other = await visitor();
      await other.join(code, name);
      await other.say("I am who I am");
      await other.say(`https://example.org/${"unbroken".repeat(20)}`);
    }
    const ben = await visitor({ baseURL: relay.url });
    ben.watch.allow(LOST_LINE);
    await ben.join(code, "Paper Lantern");
    await ada.say("My name is long");
    await expect(ada.texts).toHaveCount(5);
    relay.cut();
    await expect(ada.people.filter({ hasText: "Paper" })).toContainText("away, reconnecting");
    await shoot(ada, "wide-names");
    await shoot(ada, "away", () => openPeople(ada));
  });
});

/** Waits the strip of a program that does not run, in a room that this browser made. */
async function strip(tab: Tab, path: string, text: string): Promise<void> {
  tab.watch.allow(/preload|net::ERR_|Failed to|dynamically|TypeError/);
  await tab.page.goto(path, { waitUntil: "domcontentloaded" });
  await expect(tab.page.locator("#start")).toContainText(text);
  await expect(tab.page.locator("#start")).toBeVisible({ timeout: 15_000 });
}

test("a program that does not run", async ({ visitor }) => {
  const ada = await visitor();
  const code = await ada.create({ as: "Ada", name: "Reading circle" });
  const slow = await ada.another();
  await slow.page.route(/\.wasm$/, () => {});
  await strip(slow, `/r/${code}`, "still loading");
  await shoot(slow, "slow");
  await slow.page.close();
  const failed = await ada.another();
  await failed.page.route(/\.wasm$/, (route) => route.abort());
  await strip(failed, `/r/${code}`, "did not load");
  await shoot(failed, "failed");
  await failed.page.close();
  const without = await ada.another();
  await without.page.addInitScript(() => Reflect.deleteProperty(window, "WebAssembly"));
  await strip(without, `/r/${code}`, "WebAssembly");
  await shoot(without, "no-webassembly");
  await strip(without, "/", "WebAssembly");
  await shoot(without, "no-webassembly-landing");
});

test("a site without cookies", async ({ visitor }) => {
  const ada = await visitor();
  await ada.page.addInitScript(() => Object.defineProperty(document, "cookie", { get: () => "", set: () => {} }));
  await ada.page.goto("/");
  await expect(ada.page.locator("#start")).toContainText("Cookies of this site are blocked");
  await ada.createButton.click();
  await expect(ada.page.locator(".form-error")).toContainText("Cookies");
  await shoot(ada, "cookies");
});

test.describe("refusals", () => {
  test.use({ limits: { pin_tries: 1, sends_burst: 2, sends_refill_ms: 60_000 } });

  test("a PIN that waits, a text that is too long, too much at once, and an end", async ({ visitor, server }) => {
    const ada = await visitor();
    ada.watch.allow(REFUSED);
    const code = await ada.create({ as: "Ada", name: "Reading circle", pin: "marram grass" });
    const ben = await visitor();
    ben.watch.allow(REFUSED);
    await ben.open(`/r/${code}`);
    await ben.pinBox.fill("one");
    await shoot(ben, "pin");
    await ben.pinBox.press("Enter");
    await expect(ben.page.locator("[role=timer]")).toHaveText(/Wait/);
    await shoot(ben, "pin-wait");
    await ada.say("one");
    await ada.say("two");
    await ada.say("three, which waits");
    await expect(ada.page.getByText(/^Slow down/)).toBeVisible();
    await ada.messageBox.fill("x".repeat(5_001));
    await ada.sendButton.click();
    await expect(ada.alert).toBeVisible();
    await shoot(ada, "refused-text");
    await ada.messageBox.fill("");
    await ada.leaveButton.click();
    await expect(ada.page.getByText(/Leaving in/)).toBeVisible();
    await ada.page.getByRole("button", { name: "Stay" }).click();
    await ada.messageBox.fill("not sent yet");
    await ada.page.context().request.delete(`/api/v1/rooms/${code}`, { headers: { origin: server.url } });
    await expect(ada.state).toHaveText("Ended");
    await shoot(ada, "ended");
  });
});

test("a message that was not sent", async ({ visitor }) => {
  const ada = await visitor();
  await ada.page.routeWebSocket(/\/ws$/, (page) => {
    const server = page.connectToServer();
    page.onMessage((text) => {
      const frame = JSON.parse(text.toString()) as { t: string; cid: string; text: string };
      if (frame.t === "send" && frame.text.startsWith("No")) {
        page.send(JSON.stringify({ t: "error", code: "text_too_long", cid: frame.cid, text: "" }));
      } else {
        server.send(text);
      }
    });
  });
  await ada.create({ as: "Ada", name: "Reading circle" });
  await ada.say("This one goes.");
  await expect(ada.log.getByText("Relayed")).toBeVisible();
  await ada.say("No, this one does not, whatever is tried, and its reason stands below the whole of its text.");
  await expect(ada.log.getByText("Not sent.")).toBeVisible({ timeout: 60_000 });
  await shoot(ada, "not-sent");
});

test("several rooms", async ({ visitor }) => {
  const ada = await visitor();
  const ben = await visitor();
  await ben.create({ as: "Amber Finch", name: "A room whose name is as long as a name can be ok" });
  const [long, book] = [ben.code(), await ben.create({ name: "Book club" })];
  await ada.join(long, "Quiet Heron");
  await ada.join(book);
  await ada.create({ name: "Night shift" });
  const list = (tab: Tab) => tab.page.getByRole("navigation", { name: "Rooms" });
  await ben.say("Chapter four until Friday?");
  await ben.say("I have two questions about the lighthouse.");
  await list(ben).getByRole("link", { name: /^A room/ }).click();
  await ben.inside();
  await ben.say("unread as well");
  await expect(list(ada).getByRole("link", { name: /^Book club, 2 unread$/ })).toBeVisible();
  await expect(list(ada).getByRole("link", { name: /1 unread$/ })).toBeVisible();
  await shoot(ada, "rooms");
  const open = async () => {
    if (!(await list(ada).isVisible())) {
      await ada.page.getByRole("button", { name: /^Rooms/ }).click();
    }
  };
  await shoot(ada, "rooms-sheet", open);
  await ada.page.keyboard.press("ControlOrMeta+k");
  await shoot(ada, "rooms-go-to");
  await ada.page.keyboard.press("Escape");
  await list(ada).getByRole("link", { name: "Another room" }).click();
  await shoot(ada, "rooms-another");
  await ada.page.keyboard.press("Escape");
  await list(ada).getByRole("link", { name: /^Book club/ }).click();
  await expect(ada.log.locator(".unread-mark")).toBeVisible();
  await shoot(ada, "rooms-switched");
});
