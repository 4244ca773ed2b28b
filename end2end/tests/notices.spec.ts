// What a person is told of rooms that they are not looking at, and what may call for attention outside of the page.
import { audit } from "../audit";
import { expect, test } from "../fixtures";
import type { Tab } from "../tab";

/** Notes what the page shows on the desktop and how many tones it plays, instead of doing either. */
async function listen(tab: Tab): Promise<void> {
  await tab.page.addInitScript(() => {
    const heard = { tones: 0, shown: [] as string[], asked: 0 };
    Object.assign(window, { heard });
    const node = () => ({
      frequency: { value: 0 },
      gain: { setValueAtTime: () => null, exponentialRampToValueAtTime: () => null },
      connect: () => null,
      start: () => {
        heard.tones += 1;
      },
      stop: () => null,
    });
    class Sound {
      currentTime = 0;
      destination = {};
      createOscillator = node;
      createGain = node;
    }
    class Shown {
      static permission = "default";
      static async requestPermission(): Promise<string> {
        heard.asked += 1;
        Shown.permission = "granted";
        return "granted";
      }
      constructor(_title: string, options: { body: string }) {
        heard.shown.push(options.body);
      }
    }
    Object.assign(window, { AudioContext: Sound, Notification: Shown });
  });
}

interface Heard {
  tones: number;
  shown: string[];
  asked: number;
}

function heard(tab: Tab): Promise<Heard> {
  return tab.page.evaluate(() => (window as unknown as { heard: Heard }).heard);
}

/** Ada in two rooms, looking at the second; Ben in the first. */
async function apart(visitor: () => Promise<Tab>): Promise<[Tab, Tab]> {
  const ben = await visitor();
  const code = await ben.create({ as: "Ben", name: "Harbour" });
  const ada = await visitor();
  await listen(ada);
  await ada.join(code, "Ada");
  await ben.sees(["Ben", "Ada"]);
  await ada.page.getByRole("link", { name: "Another room" }).click();
  await ada.page.getByRole("textbox", { name: "Room name" }).fill("Book club");
  await ada.page.getByRole("dialog").getByRole("button", { name: "Create room" }).click();
  await expect(ada.page.getByRole("heading", { name: "Book club" })).toBeVisible();
  await expect(ada.page.getByRole("button", { name: "Notices", exact: true })).toBeVisible();
  return [ada, ben];
}

test("a mention in another room is counted, listed, and read when its room is shown", async ({ visitor }) => {
  const [ada, ben] = await apart(visitor);
  await ben.say("@Ada have you got the keys?");
  await expect(ada.page.getByRole("link", { name: "Harbour, 1 mention, 1 unread", exact: true })).toBeVisible();
  const button = ada.page.getByRole("button", { name: "Notices, 1 unread" });
  await button.click();
  const list = ada.page.getByRole("list", { name: "Notices" });
  await expect(list.getByRole("listitem")).toHaveCount(1);
  await expect(list).toContainText("You were mentioned in Harbour");
  await audit(ada, "notices", ["desktop"]);
  await list.getByRole("button").click();
  await expect(ada.page.getByRole("heading", { name: "Harbour" })).toBeVisible();
  await expect(ada.page.getByRole("button", { name: "Notices", exact: true })).toBeVisible();
  expect(await heard(ada), "nothing calls before it was wanted").toEqual({ tones: 0, shown: [], asked: 0 });
});

test("another role and being put out are told, and all is read at once", async ({ visitor }) => {
  const [ada, ben] = await apart(visitor);
  const row = ben.people.filter({ hasText: "Ada" }).getByRole("button").first();
  await row.click();
  await ben.page.getByRole("menuitem", { name: "Make moderator" }).click();
  await expect(ada.page.getByRole("button", { name: "Notices, 1 unread" })).toBeVisible();
  await expect(ben.people.filter({ hasText: "Ada" })).toContainText("moderator");
  await ben.people.filter({ hasText: "Ada" }).getByRole("button").first().click();
  await ben.page.getByRole("menuitem", { name: "Kick" }).click();
  await ada.page.getByRole("button", { name: "Notices, 2 unread" }).click();
  const list = ada.page.getByRole("list", { name: "Notices" });
  await expect(list.getByRole("listitem")).toContainText([
    "You were put out of Harbour",
    "You are a moderator of Harbour now",
  ]);
  await ada.page.getByRole("button", { name: "Mark all as read" }).click();
  await expect(ada.page.getByRole("button", { name: "Mark all as read" })).toHaveCount(0);
  await ada.page.keyboard.press("Escape");
  await expect(ada.page.getByRole("button", { name: "Notices", exact: true })).toBeVisible();
});

test("sounds and the desktop call where they are wanted, without what was said", async ({ visitor }) => {
  const [ada, ben] = await apart(visitor);
  await ada.page.getByRole("button", { name: "Notices", exact: true }).click();
  await ada.page.getByRole("button", { name: "Allow notifications on the desktop" }).click();
  await expect(ada.page.getByRole("checkbox", { name: "Notifications on the desktop" })).toBeChecked();
  await ada.page.getByRole("checkbox", { name: "Sound for mentions" }).check();
  await ada.page.getByRole("checkbox", { name: "Sound for messages" }).check();
  await ada.page.keyboard.press("Escape");
  await ben.say("nothing about anybody");
  await expect.poll(async () => (await heard(ada)).tones).toBe(1);
  await ben.say("@Ada secret words");
  await expect.poll(async () => (await heard(ada)).tones).toBe(3);
  await expect.poll(async () => (await heard(ada)).shown).toEqual(["You were mentioned in one of your rooms"]);
  await ada.page.getByRole("link", { name: /^Harbour/ }).click();
  await ben.say("@Ada in view");
  await expect(ada.texts.last()).toContainText("in view");
  expect((await heard(ada)).tones, "in view nothing sounds").toBe(3);
  await ada.page.reload();
  await ada.page.getByRole("button", { name: /^Notices/ }).click();
  await expect(ada.page.getByRole("checkbox", { name: "Sound for mentions" }), "kept in this browser").toBeChecked();
});

test("two tabs call once, what one shows is read in the other, and text is shown only where it was wanted", async ({ visitor }) => {
  const [ada, ben] = await apart(visitor);
  await ada.page.getByRole("button", { name: "Notices", exact: true }).click();
  await ada.page.getByRole("button", { name: "Allow notifications on the desktop" }).click();
  const text = ada.page.getByRole("checkbox", { name: "Show how a mention begins in them" });
  await expect(text).not.toBeChecked();
  await text.check();
  await ada.page.getByRole("checkbox", { name: "Sound for mentions" }).check();
  await ada.page.keyboard.press("Escape");
  const beside = await ada.another();
  await listen(beside);
  await beside.page.addInitScript(() => Object.assign((window as unknown as { Notification: object }).Notification, { permission: "granted" }));
  await beside.page.goto(ada.page.url());
  await beside.inside();
  await expect(beside.page.getByRole("button", { name: "Notices", exact: true })).toBeVisible();
  await ben.say("@Ada the keys are here");
  for (const tab of [ada, beside]) {
    await expect(tab.page.getByRole("button", { name: "Notices, 1 unread" })).toBeVisible();
  }
  const all = async () => {
    const [one, two] = [await heard(ada), await heard(beside)];
    return { tones: one.tones + two.tones, shown: [...one.shown, ...two.shown] };
  };
  await expect.poll(all).toEqual({ tones: 2, shown: ["You were mentioned in one of your rooms: @Ada the keys are here"] });
  await beside.page.getByRole("button", { name: "Notices, 1 unread" }).click();
  await beside.page.getByRole("list", { name: "Notices" }).getByRole("button").click();
  await expect(ada.page.getByRole("button", { name: "Notices", exact: true })).toBeVisible();
  expect((await all()).tones).toBe(2);
});
