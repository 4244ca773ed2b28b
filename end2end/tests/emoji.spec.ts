// Emoji by their names: completed while one writes, chosen from all of them, put to messages. Nothing of it is loaded before.
import { audit } from "../audit";
import { expect, test } from "../fixtures";
import type { Tab } from "../tab";

const NAMES = /\/pkg\/[^/]+\/emoji\.txt$/;

async function alone(visitor: () => Promise<Tab>): Promise<Tab> {
  const ada = await visitor();
  await ada.create({ as: "Ada" });
  return ada;
}

function asked(tab: Tab): number {
  return tab.watch.requests.filter((request) => NAMES.test(request)).length;
}

test("a name between colons is completed by keys, and one that is written whole becomes the emoji", async ({
  visitor,
}) => {
  const ada = await alone(visitor);
  expect(asked(ada), "nothing is fetched before it is used").toBe(0);
  const list = ada.page.getByRole("listbox");
  // The names come when nothing more is typed.
  let come = () => {};
  const typed = new Promise<void>((resolve) => (come = resolve));
  await ada.page.route(NAMES, async (route) => {
    await typed;
    await route.continue();
  });
  await ada.messageBox.pressSequentially("well :smile_c");
  come();
  await expect(list.getByRole("option")).toContainText(["smile_cat"]);
  await ada.messageBox.press("Enter");
  await expect(ada.messageBox).toHaveValue("well 😸 ");
  await ada.messageBox.pressSequentially("and :wave: at 10:30");
  await expect(ada.messageBox).toHaveValue("well 😸 and 👋 at 10:30");
  await expect(list).toHaveCount(0);
  await ada.messageBox.press("Enter");
  await ada.relayed("well 😸 and 👋 at 10:30");
  expect(asked(ada), "the names are fetched once").toBe(1);
});

test("the picker is searched, walked by keys, and remembers what was used in this tab", async ({ visitor }) => {
  const ada = await alone(visitor);
  const button = ada.page.getByRole("button", { name: "Emoji", exact: true });
  const picker = ada.page.getByRole("dialog", { name: "Emoji" });
  const search = picker.getByRole("searchbox", { name: "Search emoji" });
  await ada.messageBox.fill("hi ");
  await button.click();
  await expect(search).toBeFocused();
  await expect(picker.getByRole("button", { name: "grinning face", exact: true })).toBeVisible();
  await audit(ada, "the picker");
  await search.fill("waving ha");
  await expect(picker.getByRole("button", { name: "waving hand" })).toBeVisible();
  await picker.getByRole("radio", { name: "Medium", exact: true }).check();
  await search.focus();
  await ada.page.keyboard.press("ArrowDown");
  await expect(picker.getByRole("button", { name: "waving hand" })).toBeFocused();
  await ada.page.keyboard.press("Enter");
  await expect(picker).toHaveCount(0);
  await expect(ada.messageBox).toHaveValue("hi 👋🏽");
  await expect(ada.messageBox).toBeFocused();

  await button.click();
  await expect(picker.getByRole("group", { name: "Used last" }).getByRole("button")).toHaveText(["👋🏽"]);
  await picker.getByRole("button", { name: "Food and drink" }).click();
  const grid = picker.getByRole("group", { name: "Food and drink" }).last();
  await expect(grid.getByRole("button").first()).toBeVisible();
  await grid.getByRole("button").first().focus();
  await ada.page.keyboard.press("ArrowRight");
  await expect(grid.getByRole("button").nth(1)).toBeFocused();
  await ada.page.keyboard.press("ArrowDown");
  await expect(grid.getByRole("button").nth(1)).not.toBeFocused();
  await ada.page.keyboard.press("ArrowUp");
  await expect(grid.getByRole("button").nth(1)).toBeFocused();
  await ada.page.keyboard.press("ArrowUp");
  await expect(search).toBeFocused();
  await ada.page.keyboard.press("Escape");
  await expect(picker).toHaveCount(0);
  await expect(ada.messageBox).toBeFocused();
  await expect(ada.messageBox, "leaving it leaves the text").toHaveValue("hi 👋🏽");
});

test("any emoji of the picker is put to a message", async ({ visitor }) => {
  const ada = await alone(visitor);
  await ada.say("done at last");
  await ada.relayed("done at last");
  const row = ada.log.getByRole("article").filter({ hasText: "done at last" });
  await row.hover();
  await row.getByRole("button", { name: "React" }).click();
  await ada.page.getByRole("button", { name: "Emoji", exact: true }).click();
  await ada.page.getByRole("searchbox").fill("rocket");
  await ada.page.keyboard.press("Enter");
  await expect(row.getByRole("button", { name: /🚀/ })).toBeVisible();
});

test("names that cannot be fetched are told of, and the text stays; another try brings them", async ({ visitor }) => {
  const ada = await alone(visitor);
  ada.watch.allow(/./);
  await ada.page.route(NAMES, (route) => route.abort());
  await ada.messageBox.pressSequentially("so :smil");
  await expect(ada.alert).toContainText("could not be fetched");
  await expect(ada.messageBox).toHaveValue("so :smil");
  await ada.page.getByRole("button", { name: "Emoji", exact: true }).click();
  const picker = ada.page.getByRole("dialog", { name: "Emoji" });
  await expect(picker.getByRole("alert")).toContainText("could not be fetched");
  await ada.page.unroute(NAMES);
  await picker.getByRole("button", { name: "Try again" }).click();
  await expect(picker.getByRole("button", { name: "grinning face", exact: true })).toBeVisible();
  await expect(ada.messageBox).toHaveValue("so :smil");
});
