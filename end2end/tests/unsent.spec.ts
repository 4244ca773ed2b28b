// Words that were not sent: the browser asks before they are lost, and they outlive a reload only where somebody said so.
import { LOST_LINE, expect, test } from "../fixtures";
import type { Tab } from "../tab";

async function reload(tab: Tab): Promise<void> {
  await tab.page.evaluate(() => {
    document.documentElement.dataset.before = "";
    setTimeout(() => location.reload());
  });
}

/** Inside, on another page than the one that was there: that one can still connect again before it goes. */
async function insideAnew(tab: Tab): Promise<void> {
  await expect(tab.page.locator("html:not([data-before])")).toBeAttached();
  await tab.inside();
}

const kept = (tab: Tab) => tab.page.evaluate(() => Object.keys(sessionStorage).filter((key) => key !== "whisperspace.session"));

test("a draft is asked about, and what was sent is not", async ({ visitor }) => {
  const ada = await visitor();
  await ada.create();
  await ada.messageBox.pressSequentially("half a thought");
  await reload(ada);
  await expect.poll(() => ada.watch.asked).toBe(1);
  await expect(ada.messageBox).toHaveValue("half a thought");
  await ada.messageBox.press("Enter");
  await ada.shows(["half a thought"]);
  await expect(ada.page.locator("[data-unsent]")).toHaveCount(0);
  await ada.page.reload();
  await ada.inside();
  expect(ada.watch.asked).toBe(1);
  await ada.messageBox.pressSequentially("never mind");
  await ada.leaveAlone();
  await expect(ada.page).toHaveURL(/\/$/);
  expect(ada.watch.asked, "who leaves for good is not asked").toBe(1);
});

test("without leave nothing that was written outlives the page", async ({ visitor, relay }) => {
  const ada = await visitor({ baseURL: relay.url });
  ada.watch.allow(LOST_LINE);
  await ada.create();
  relay.cut();
  await expect(ada.state).toContainText("Connection lost");
  await ada.say("are you there");
  await ada.messageBox.pressSequentially("hello");
  relay.resume();
  relay.stall();
  ada.watch.goes = true;
  await reload(ada);
  await expect.poll(() => ada.watch.asked).toBe(1);
  relay.resume();
  await insideAnew(ada);
  await expect(ada.messageBox).toHaveValue("");
  await expect(ada.texts).toHaveCount(0);
  expect(await kept(ada)).toEqual([]);
});

test("with leave what waits and the draft come back, and are said once", async ({ visitor, relay }) => {
  const ada = await visitor({ baseURL: relay.url });
  ada.watch.allow(LOST_LINE);
  const code = await ada.create();
  const ben = await visitor();
  await ben.join(code);
  relay.cut();
  await expect(ada.state).toContainText("Connection lost");
  await ada.page.getByRole("checkbox", { name: "Keep unsent words" }).first().check();
  await ada.say("one");
  await ada.say("two <b>");
  await ada.messageBox.pressSequentially("three, perhaps");
  relay.resume();
  relay.stall();
  ada.watch.goes = true;
  await reload(ada);
  await expect.poll(() => ada.watch.asked).toBe(1);
  relay.resume();
  await insideAnew(ada);
  await expect(ada.messageBox).toHaveValue("three, perhaps");
  await ben.shows(["one", "two <b>"]);
  await ada.shows(["one", "two <b>"]);
  expect(await kept(ada)).toEqual(["whisperspace.keep"]);
  const choice = ada.page.getByRole("complementary").getByRole("checkbox", { name: "Keep unsent words" });
  await expect(choice).toBeChecked();
  await choice.uncheck();
  await ada.messageBox.press("End");
  await ada.messageBox.pressSequentially("!");
  await reload(ada);
  await expect.poll(() => ada.watch.asked).toBe(2);
  await insideAnew(ada);
  await expect(ada.messageBox).toHaveValue("");
  expect(await kept(ada)).toEqual([]);
});
