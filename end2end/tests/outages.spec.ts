// Lines that are lost and servers that go: who missed something is told so, and who did not is told that too.
import { LOST_LINE, expect, test } from "../fixtures";
import type { Relay } from "../relay";
import type { Tab } from "../tab";

const NOTHING_MISSED = "Back online. Nothing was missed.";
const POSSIBLY = "Some messages may have been missed.";
/** The longest wait between two attempts, and a little. */
const RETURN_MS_MAX = 25_000;

type NewVisitor = (options?: { baseURL?: string }) => Promise<Tab>;

/** Ada, behind the relay, and Ben, who is not, in one room. */
async function two(visitor: NewVisitor, relay: Relay): Promise<[Tab, Tab]> {
  const ben = await visitor();
  const code = await ben.create({ as: "Ben" });
  const ada = await visitor({ baseURL: relay.url });
  ada.watch.allow(LOST_LINE);
  await ada.join(code, "Ada");
  await ben.sees(["Ben", "Ada"]);
  return [ada, ben];
}

/** Waits until a span of time is over. The only way to know that a line was down for so long. */
async function since(start: number, ms: number): Promise<void> {
  await expect.poll(() => Date.now() - start, { timeout: ms + 5_000 }).toBeGreaterThanOrEqual(ms);
}

test("5 seconds without a line lose nothing, and say so", async ({ visitor, relay }) => {
  const [ada, ben] = await two(visitor, relay);
  await ada.say("before");
  await ben.shows(["before"]);
  const start = Date.now();
  relay.cut();
  await expect(ada.state).toContainText("Connection lost");
  await ben.say("one");
  await ben.say("two");
  await ada.say("three");
  await ada.say("four");
  await expect(ada.log.getByText("Waiting to be sent"), "said once for all").toHaveCount(1);
  await ben.relayed("one", "two");
  await since(start, 5_000);
  const told = ada.hears(NOTHING_MISSED);
  relay.resume();
  await told;
  await ada.online(RETURN_MS_MAX);
  await ada.shows(["before", "one", "two", "three", "four"]);
  await ben.shows(["before", "one", "two", "three", "four"]);
  await expect(ada.notes.filter({ hasText: "missed" })).toHaveCount(0);
  await expect(ben.notes.filter({ hasText: "left" }), "the seat was kept").toHaveCount(0);
});

test("a line that stalls without a word loses nothing either", async ({ visitor, relay }) => {
  const [ada, ben] = await two(visitor, relay);
  const start = Date.now();
  relay.stall();
  await ben.say("one");
  await ada.say("two");
  await ben.relayed("one");
  await since(start, 3_000);
  await ada.shows(["two"]);
  await ben.shows(["one"]);
  relay.resume();
  await ada.shows(["one", "two"]);
  await ben.shows(["one", "two"]);
  await expect(ada.log.getByText("Sending…")).toHaveCount(0);
});

test("the banner counts down, and Retry now connects at once", async ({ visitor, relay }) => {
  test.setTimeout(150_000);
  const [ada, ben] = await two(visitor, relay);
  relay.cut();
  const banner = ada.page.getByText(/^Connection lost\. Reconnecting in \d+ s$/);
  // Wait for a long wait, so that it is the button that ends it.
  await expect.poll(async () => seconds(await banner.allTextContents()), { timeout: 100_000 }).toBeGreaterThanOrEqual(8);
  await expect(ada.retryNow).toBeVisible();
  const first = seconds(await banner.allTextContents());
  await expect.poll(async () => seconds(await banner.allTextContents())).toBeLessThan(first);
  relay.resume();
  await ada.retryNow.focus();
  await expect.poll(async () => seconds(await banner.allTextContents())).toBeLessThan(first - 1);
  await expect(ada.retryNow, "the seconds take no focus").toBeFocused();
  const opened = () => ada.watch.lines.filter((line) => line.page === ada.page).length;
  const [before, left] = [opened(), seconds(await banner.allTextContents())];
  const pressed = Date.now();
  await ada.retryNow.click();
  await expect.poll(opened, "a line is opened").toBe(before + 1);
  expect(Date.now() - pressed, "before the wait was over").toBeLessThan(left * 1_000);
  await ada.online();
  await expect(ada.retryNow).toHaveCount(0);
  await expect(ada.messageBox, "who pressed it goes on in the box").toBeFocused();
  await ada.say("back");
  await ben.shows(["back"]);
});

test("what is typed while there is no line goes once when it is back", async ({ visitor, relay }) => {
  const [ada, ben] = await two(visitor, relay);
  relay.cut();
  await expect(ada.state).toContainText("Connection lost");
  const said = ["one", "two", "three"];
  for (const text of said) {
    await ada.say(text);
  }
  await ada.shows(said);
  await expect(ada.messageBox).toHaveValue("");
  relay.resume();
  await ben.shows(said, RETURN_MS_MAX);
  await ada.shows(said);
  await expect(ada.log.getByText(/Waiting|Sending|Not sent/)).toHaveCount(0);
});

test.describe("after the grace", () => {
  test.use({ limits: { grace_ms: 800 } });

  test("the seat has ended, and the missed messages are counted", async ({ visitor, relay }) => {
    const [ada, ben] = await two(visitor, relay);
    await ben.say("zero");
    await ada.shows(["zero"]);
    relay.cut();
    await ben.sees(["Ben"]);
    await ben.say("one");
    await ben.say("two");
    await ben.shows(["zero", "one", "two"]);
    await ben.relayed("one", "two");
    const told = ada.hears("Back online. 2 messages were missed and cannot be fetched.");
    relay.resume();
    await told;
    await ada.online(RETURN_MS_MAX);
    await expect(ada.notes.filter({ hasText: "missed" })).toHaveText("2 messages were missed and cannot be fetched.");
    await ben.sees(["Ben", "Ada"]);
    await ben.say("three");
    await ada.shows(["zero", "three"]);
  });

  test("who missed nothing is told that", async ({ visitor, relay }) => {
    const [ada, ben] = await two(visitor, relay);
    relay.cut();
    await ben.sees(["Ben"]);
    const told = ada.hears(NOTHING_MISSED);
    relay.resume();
    await told;
    await ada.online(RETURN_MS_MAX);
    await expect(ada.notes.filter({ hasText: "missed" })).toHaveCount(0);
  });
});

test.describe("with little memory for what is not confirmed", () => {
  test.use({ limits: { retention_bytes_max: 2_048 } });

  test("a short drop in which much is said says how much was lost", async ({ visitor, relay }) => {
    const [ada, ben] = await two(visitor, relay);
    relay.cut();
    await expect(ada.state).toContainText("Connection lost");
    const said = Array.from({ length: 12 }, (_, index) => `${index} ${"x".repeat(400)}`);
    for (const text of said) {
      await ben.say(text);
    }
    await ben.relayed(...said);
    relay.resume();
    await ada.online(RETURN_MS_MAX);
    const note = ada.notes.filter({ hasText: "missed" });
    await expect(ada.texts.last()).toHaveText(said.at(-1) as string);
    await expect(note).toHaveCount(1);
    const arrived = await ada.texts.allTextContents();
    expect(said.slice(said.length - arrived.length), "the newest arrive, in order").toEqual(arrived);
    const missed = said.length - arrived.length;
    expect(missed).toBeGreaterThan(0);
    await expect(note).toContainText(`${missed} message`);
  });
});

test("a server that is killed and started again finds both back, told that they possibly missed some", async ({
  visitor,
  server,
  relay,
}) => {
  const [ada, ben] = await two(visitor, relay);
  ben.watch.allow(LOST_LINE);
  await ada.say("before");
  await ben.shows(["before"]);
  await server.kill();
  for (const tab of [ada, ben]) {
    await expect(tab.state).toContainText("Connection lost");
  }
  await ada.say("typed in between");
  // Whoever is back first speaks to nobody: Ada waits until Ben is there.
  relay.cut();
  await server.restart();
  await ben.online(RETURN_MS_MAX);
  relay.resume();
  for (const tab of [ada, ben]) {
    await tab.online(RETURN_MS_MAX);
    await expect(tab.notes.filter({ hasText: POSSIBLY })).toHaveCount(1);
  }
  await ada.sees(["Ada", "Ben"]);
  await ben.sees(["Ben", "Ada"]);
  await ben.shows(["before", "typed in between"]);
  await ben.say("after");
  await ada.shows(["before", "typed in between", "after"]);
  await ben.say("again");
  await ada.shows(["before", "typed in between", "after", "again"]);
});

test("a server that stops says so first, and a page says that it restarts", async ({ visitor, server }) => {
  const ada = await visitor();
  await ada.create();
  ada.watch.allow(LOST_LINE);
  await server.terminate();
  await expect(ada.page.getByText("Server is restarting, hold on.").first()).toBeVisible();
  await server.restart();
  await ada.online(RETURN_MS_MAX);
  await ada.say("here again");
  await expect(ada.log.getByText("Relayed")).toHaveCount(1);
});

function seconds(texts: string[]): number {
  return Number(/(\d+) s$/.exec(texts[0] ?? "")?.[1] ?? 0);
}

test("who leaves without a line is told so, and the others when it is back", async ({ visitor, relay }) => {
  const [ada, ben] = await two(visitor, relay);
  await ada.say("so long");
  await ben.shows(["so long"]);
  relay.cut();
  await expect(ada.state).toContainText("Connection lost");
  await ada.leaveButton.click();
  await expect(ada.page.getByRole("heading", { name: "You left the room" })).toBeVisible();
  await expect(ada.page.getByText("It is told as soon as it can be")).toBeVisible();
  await expect(ada.messageBox).toBeHidden();
  relay.resume();
  await expect(ben.notes.filter({ hasText: "Ada left" })).toBeVisible({ timeout: RETURN_MS_MAX });
  await ben.sees(["Ben"]);
});
