// Who stays connected for longer than a token lasts is who they were: the page has its cookie renewed meanwhile.
import type { Cookie } from "@playwright/test";

import { expect, test } from "../fixtures";
import type { Tab } from "../tab";

test.use({ limits: { token_s: 10 } });

/** The cookie with the token, as the browser keeps it over plain HTTP. */
async function login(tab: Tab): Promise<Cookie | undefined> {
  return (await tab.page.context().cookies()).find(({ name }) => name === "ws");
}

/** Waits until a token of before has been over for a second. */
async function outlived(token: Cookie): Promise<void> {
  const over = () => Date.now() / 1_000 - token.expires;
  await expect.poll(over, { message: "seconds since the end of the first token", timeout: 30_000 }).toBeGreaterThan(1);
}

/** Ada owns a room in which Ben is. */
async function two(visitor: () => Promise<Tab>): Promise<[Tab, Tab]> {
  const ada = await visitor();
  const code = await ada.create({ as: "Ada", name: "Low tide" });
  const ben = await visitor();
  await ben.join(code, "Ben");
  await ada.sees(["Ada", "Ben"]);
  return [ada, ben];
}

const ownRow = (tab: Tab) => tab.people.filter({ hasText: "you" });

test("a reload after the token's life finds the owner in their room", async ({ visitor }) => {
  const [ada, ben] = await two(visitor);
  const first = (await login(ada)) as Cookie;
  expect(first.expires, "the browser forgets a token that is over").toBeGreaterThan(0);
  await outlived(first);
  const now = await login(ada);
  expect(now?.value, "another token").not.toBe(first.value);
  await ada.page.reload();
  await ada.inside();
  await ada.sees(["Ada", "Ben"]);
  await ownRow(ada).getByRole("button").first().click();
  await expect(ownRow(ada).getByText("Owner of this room")).toBeVisible();
  await ada.say("still me");
  await ben.shows(["still me"]);
  await ben.sees(["Ben", "Ada"]);
  await expect(ben.notes, "nobody came or went").toHaveCount(0);
});

test("without the renewal the same reload finds a stranger", async ({ visitor }) => {
  const [ada] = await two(visitor);
  ada.watch.allow(/net::ERR_FAILED|status of 40[0-9]/);
  await ada.page.route("**/api/v1/me/token", (route) => route.abort());
  const last = (await login(ada)) as Cookie;
  await outlived(last);
  await ada.page.reload();
  await expect(ada.page.getByRole("heading", { name: "Join Low tide" })).toBeVisible();
});
