// Who is inside, as the others see it: tabs, reloads, names, hands on the keyboard.
import { LOST_LINE, expect, test } from "../fixtures";
import { Tab } from "../tab";

/** Two people in a room; the second one's list is what is looked at. */
async function two(visitor: (options?: object) => Promise<Tab>): Promise<[Tab, Tab]> {
  const ada = await visitor();
  const code = await ada.create({ as: "Ada" });
  const ben = await visitor();
  await ben.join(code, "Ben");
  await ada.sees(["Ada", "Ben"]);
  return [ada, ben];
}

/** What a tab was told about who is inside since a moment, until somebody new came in: that is told in order. */
async function news(tab: Tab, known: number, newcomer: Tab): Promise<unknown[]> {
  const count = await tab.people.count();
  await newcomer.join(tab.code(), "Zoe");
  await expect(tab.people).toHaveCount(count + 1);
  const frames = tab.received("presence").slice(known);
  return frames.flatMap(({ joined, changed, left }) => [joined, changed, left].flat().filter(Boolean));
}

/** The news of a tab that nothing else happened. */
const ONLY_THE_NEWCOMER = [expect.objectContaining({ name: "Zoe" })];

test.describe("tabs", () => {
  test("a reload keeps the seat and nobody notices", async ({ visitor }) => {
    const [ada, ben] = await two(visitor);
    await ada.say("before");
    await ben.shows(["before"]);
    await ada.relayed("before");
    await ada.page.reload();
    await ada.inside();
    await ada.sees(["Ada", "Ben"]);
    await ada.say("after");
    await ben.shows(["before", "after"]);
    await ben.sees(["Ben", "Ada"]);
    await expect(ben.notes, "nobody came or went").toHaveCount(0);
    await expect(ada.notes, "nothing was missed").toHaveCount(0);
  });

  test("what is said during a reload arrives after it", async ({ visitor }) => {
    const [ada, ben] = await two(visitor);
    await ada.page.goto("about:blank");
    await ben.say("while you were away");
    await ben.relayed("while you were away");
    await ada.page.goBack();
    await ada.inside();
    await ada.shows(["while you were away"]);
  });

  test("a second tab changes nothing for others, nor does closing one of two", async ({ visitor }) => {
    const [ada, ben] = await two(visitor);
    const known = ben.received("presence").length;

    const second = await ada.another();
    await second.page.goto(ada.page.url());
    await second.inside();
    await second.sees(["Ada", "Ben"]);
    await second.say("from the second tab");
    await ben.shows(["from the second tab"]);
    await ada.shows(["from the second tab"]);

    await ada.page.close();
    await second.say("still here");
    await ben.shows(["from the second tab", "still here"]);
    await ben.sees(["Ben", "Ada"]);
    expect(await news(ben, known, await visitor())).toEqual(ONLY_THE_NEWCOMER);
  });

  test("a duplicated tab begins a session of its own", async ({ visitor }) => {
    const [ada, ben] = await two(visitor);
    const popup = ada.page.context().waitForEvent("page");
    // What a script opens gets a copy of the session storage, as a duplicated tab does.
    await ada.page.evaluate(() => {
      window.open(location.href);
    });
    const copy = new Tab(await popup, ada.watch);
    await copy.inside();
    await ada.online();
    await ada.say("from the first");
    await expect(copy.texts.last()).toHaveText("from the first");
    await copy.say("from the copy");
    await ben.shows(["from the first", "from the copy"]);
    await ada.shows(["from the first", "from the copy"]);
    await expect(copy.texts.last()).toHaveText("from the copy");
    await ben.sees(["Ben", "Ada"]);
    await expect(ben.notes, "nobody came or went").toHaveCount(0);
  });
});

test.describe("leaving", () => {
  test.use({ limits: { grace_ms: 1_000 } });

  test("closing the only tab ends the seat after the grace", async ({ visitor }) => {
    const [ada, ben] = await two(visitor);
    await ada.page.close();
    await ben.sees(["Ben"]);
    await expect(ben.notes).toHaveText(["Ada left"]);
  });

  test("leaving in one tab leaves in all of them", async ({ visitor }) => {
    const [ada, ben] = await two(visitor);
    const second = await ada.another();
    await second.page.goto(ada.page.url());
    await second.inside();
    await ada.leaveButton.click();
    await ben.sees(["Ben"]);
    await expect(ada.createButton).toBeVisible();
    await expect(second.alert).toContainText("You left the room in another tab");
    await expect(second.messageBox).not.toBeEditable();
  });
});

test.describe("typing", () => {
  test.use({ limits: { typing_expires_ms: 4_000, typing_every_ms: 200 } });

  test("the line appears while somebody types and goes when they stop", async ({ visitor }) => {
    const [ada, ben] = await two(visitor);
    const line = ada.page.getByText("Ben is typing…");
    await expect(line).toHaveCount(0);
    await ben.messageBox.pressSequentially("hello");
    await expect(line).toBeVisible();
    await expect(ben.page.getByText("is typing…"), "nobody is told of themselves").toHaveCount(0);
    await ben.messageBox.press("Enter");
    await ada.shows(["hello"]);
    await expect(line).toHaveCount(0);

    await ben.messageBox.pressSequentially("never mind");
    await expect(line).toBeVisible();
    await ben.messageBox.fill("");
    await expect(line).toHaveCount(0);

    await ben.messageBox.pressSequentially("hm");
    await expect(line).toBeVisible();
    await expect(line, "a signal ends by itself").toHaveCount(0);
  });
});

test("a new name is seen by the others in the room", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  await ada.say("as Ada");
  await ben.shows(["as Ada"]);
  const settings = await ada.another();
  await settings.open("/account");
  await expect(settings.nameBox).toHaveValue("Ada");
  await settings.nameBox.fill("Countess Lovelace");
  await settings.page.getByRole("button", { name: "Save" }).click();
  await expect(settings.page.getByText("Saved")).toBeVisible();
  await ben.sees(["Ben", "Countess Lovelace"]);
  await ada.sees(["Countess Lovelace", "Ben"]);
  await ada.say("as myself");
  await expect(ben.log.getByRole("article").last()).toContainText("Countess Lovelace");
  await expect(ben.log.getByRole("article").first()).toContainText("Ada");
});

test("one's own name is changed in the room, and everybody is told", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  const own = ada.people.first();
  await own.getByRole("button", { name: /Ada/ }).click();
  await expect(own.getByText("Owner of this room")).toBeVisible();
  await own.getByRole("button", { name: "Change name" }).click();
  await expect(ada.nameBox).toBeFocused();
  await ada.nameBox.fill("x".repeat(31));
  ada.watch.allow(/status of 400/);
  await ada.nameBox.press("Enter");
  await expect(ada.alert).toContainText("A name has 1 to 30");
  await expect(ada.nameBox).toBeFocused();
  await ada.nameBox.fill("Countess Lovelace");
  await ada.nameBox.press("Enter");
  await ben.sees(["Ben", "Countess Lovelace"]);
  await ada.sees(["Countess Lovelace", "Ben"]);
  await expect(own.getByRole("button", { name: /Countess Lovelace/ })).toBeFocused();
  await ada.page.keyboard.press("Escape");
  await expect(ada.page.getByRole("button", { name: "Change name" })).toHaveCount(0);
});

test("somebody is mentioned from their row", async ({ visitor }) => {
  const [ada] = await two(visitor);
  await ada.messageBox.fill("and");
  await ada.people.nth(1).getByRole("button", { name: /Ben/ }).click();
  await ada.people.nth(1).getByRole("button", { name: "Mention" }).click();
  await expect(ada.messageBox).toBeFocused();
  await expect(ada.messageBox).toHaveValue("and @Ben ");
  await ada.page.keyboard.type("look");
  await ada.messageBox.press("Enter");
  await ada.shows(["and @Ben look"]);
});

test.describe("a dropped line", () => {
  test("is shown beside the name until it is back", async ({ visitor, relay }) => {
    const ada = await visitor();
    const code = await ada.create({ as: "Ada" });
    const ben = await visitor({ baseURL: relay.url });
    ben.watch.allow(LOST_LINE);
    await ben.join(code, "Ben");
    const row = ada.people.filter({ hasText: "Ben" });
    await expect(row).not.toContainText("away");
    relay.cut();
    await expect(row).toContainText("away, reconnecting");
    relay.resume();
    await expect(row).not.toContainText("away", { timeout: 20_000 });
  });
});

test("with forty people the link stays in view", async ({ visitor, server }) => {
  const ada = await visitor();
  const code = await ada.create({ as: "Ada" });
  const origin = server.url;
  const lines = ada.page.evaluate(
    async ({ code, origin }) => {
      for (let number = 0; number < 40; number += 1) {
        const made = await fetch(`${origin}/api/v1/guest`, {
          method: "POST",
          credentials: "omit",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ name: `Person ${number}` }),
        });
        const { token } = (await made.json()) as { token: string };
        const socket = new WebSocket(`${origin.replace("http", "ws")}/ws`, "whisperspace.v1");
        socket.onopen = () => {
          socket.send(JSON.stringify({ t: "hello", token }));
          socket.send(JSON.stringify({ t: "join", cid: "join", code }));
        };
      }
    },
    { code, origin },
  );
  await lines;
  await expect(ada.people).toHaveCount(41, { timeout: 60_000 });
  await expect(ada.page.getByRole("button", { name: "Copy link" })).toBeInViewport({ ratio: 1 });
});

test.describe("a hidden tab", () => {
  test.use({ limits: { ping_every_ms: 500, silence_ms_max: 5_000 } });

  test("stays connected though its timers hardly run, and is shown as away", async ({ visitor }) => {
    const ada = await visitor();
    // Hidden for Playwright is not hidden for the page, so the page is told so. Timers then run once a minute at most
    // and nothing is drawn, as in Chromium's background tabs.
    await ada.page.addInitScript(() => {
      let hidden = false;
      Object.defineProperty(document, "visibilityState", { get: () => (hidden ? "hidden" : "visible") });
      Object.defineProperty(document, "hidden", { get: () => hidden });
      const { setTimeout: later, setInterval: often, requestAnimationFrame: draw } = window;
      const minute = 60_000;
      const slow = (ms?: number) => (hidden ? Math.max(ms ?? 0, minute) : ms);
      window.setTimeout = ((run: TimerHandler, ms?: number) => later(run, slow(ms))) as typeof setTimeout;
      window.setInterval = ((run: TimerHandler, ms?: number) => often(run, slow(ms))) as typeof setInterval;
      window.requestAnimationFrame = (run) => (hidden ? 0 : draw(run));
      Object.assign(window, {
        setHidden: (now: boolean) => {
          hidden = now;
          document.dispatchEvent(new Event("visibilitychange"));
        },
      });
    });
    const hide = (now: boolean) =>
      ada.page.evaluate((on) => (window as unknown as { setHidden(on: boolean): void }).setHidden(on), now);
    const code = await ada.create({ as: "Ada" });
    const ben = await visitor();
    await ben.join(code, "Ben");

    await hide(true);
    await expect(ben.people.filter({ hasText: "Ada" })).toContainText("away");
    const before = ada.received("ping").length;
    const pings = () => ada.received("ping").length - before;
    // Twice as long as the silence that ends a line.
    await expect.poll(pings, { timeout: 40_000 }).toBeGreaterThan(20);
    await ben.say("are you there?");
    await ada.told("are you there?");
    expect(ada.watch.lines.filter((line) => line.page === ada.page)).toHaveLength(1);
    expect(ada.watch.lines[0]?.closed).toBe(false);

    await hide(false);
    await ada.online();
    await ada.shows(["are you there?"]);
    await expect(ben.people.filter({ hasText: "Ada" })).not.toContainText("away");
    await expect(ada.notes.filter({ hasText: "missed" })).toHaveCount(0);
  });
});

test("those inside have names of different colours, the same on every screen", async ({ visitor }) => {
  const ada = await visitor();
  const code = await ada.create({ as: "Ada" });
  const others: Tab[] = [];
  for (const name of ["Ben", "Cleo", "Dora", "Emil"]) {
    const other = await visitor();
    await other.join(code, name);
    others.push(other);
  }
  const everybody = [ada, ...others];
  for (const tab of everybody) {
    await expect(tab.people).toHaveCount(5);
    await tab.say("here");
  }
  const worn = async (tab: Tab) => {
    await expect(tab.texts).toHaveCount(5);
    const names = tab.log.locator(".message-name");
    const colours = await names.evaluateAll((all) =>
      all.map((name) => [name.textContent, getComputedStyle(name).color] as const),
    );
    return Object.fromEntries(colours);
  };
  const seen = await worn(ada);
  expect(new Set(Object.values(seen)).size, JSON.stringify(seen)).toBe(5);
  for (const tab of others) {
    expect(await worn(tab)).toEqual(seen);
  }
});
