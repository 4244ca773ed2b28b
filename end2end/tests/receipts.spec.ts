// How far an own message came: relayed to so many, read by so many, and neither where somebody wants none of it.
import { expect, test } from "../fixtures";
import type { Tab } from "../tab";

async function three(visitor: (options?: object) => Promise<Tab>): Promise<[Tab, Tab, Tab]> {
  const ada = await visitor();
  const code = await ada.create({ as: "Ada" });
  const [ben, cleo] = [await visitor(), await visitor()];
  await ben.join(code, "Ben");
  await cleo.join(code, "Cleo");
  await expect(ada.people).toHaveCount(3);
  return [ada, ben, cleo];
}

const box = (tab: Tab) => tab.page.getByRole("checkbox", { name: "Tell others what I have read" });
const foot = (tab: Tab) => tab.log.locator(".log-foot");

test("an own message says to how many it was relayed, then how many have read it", async ({ visitor }) => {
  const [ada, ben, cleo] = await three(visitor);
  for (const tab of [ben, cleo]) {
    await box(tab).uncheck();
  }
  await ada.say("hello");
  await cleo.shows(["hello"]);
  await expect(foot(ada)).toHaveText("Relayed to 2");
  await box(ben).check();
  await expect(foot(ada)).toHaveText("Read by 1");
  await box(cleo).check();
  await expect(foot(ada)).toHaveText("Read by 2");
  await ben.say("hello, you");
  await expect(foot(ada)).toHaveText("");
});

test("who tells nothing is told nothing, and it is remembered", async ({ visitor }) => {
  const [ada, ben, cleo] = await three(visitor);
  await box(ada).uncheck();
  await ada.page.reload();
  await ada.inside();
  await expect(box(ada)).not.toBeChecked();
  await ada.say("hello");
  await ben.shows(["hello"]);
  await expect(foot(ada)).toHaveText("Relayed");
  await ben.say("and you");
  await expect(foot(ben), "Cleo, not Ada").toHaveText("Read by 1");
  await cleo.shows(["hello", "and you"]);
  expect(ada.received("receipt")).toEqual([]);
});
