// `SHOTS=folder npm run shots`: pictures of every page, light and dark, on a desk and on a phone.
import path from "node:path";

import { SCHEMES, SIZES } from "../audit";
import { LOST_LINE, expect, test } from "../fixtures";
import type { Tab } from "../tab";

const FOLDER = path.resolve(process.env.SHOTS ?? "test-results/shots");

/** The four pictures of one page. */
async function shoot(tab: Tab, name: string): Promise<void> {
  for (const [size, viewport] of Object.entries(SIZES)) {
    await tab.page.setViewportSize(viewport);
    for (const colorScheme of SCHEMES) {
      await tab.page.emulateMedia({ colorScheme });
      await tab.page.screenshot({ path: path.join(FOLDER, `${name}-${colorScheme}-${size}.png`), caret: "initial" });
    }
  }
  await tab.page.setViewportSize(SIZES.desktop);
}

test("pages without a room", async ({ visitor }) => {
  const ada = await visitor();
  ada.watch.allow(/status of 404/);
  await ada.open("/");
  await expect(ada.nameBox).not.toHaveValue("");
  await shoot(ada, "landing");
  await ada.open("/about");
  await shoot(ada, "about");
  await ada.open("/account");
  await shoot(ada, "account-signed-out");
  const signUp = ada.page.getByRole("group", { name: "Create account" });
  await signUp.getByRole("textbox", { name: "User name" }).fill("low-tide");
  await signUp.getByRole("textbox", { name: "Password" }).fill("a long password");
  await signUp.getByRole("button", { name: "Create account" }).click();
  await expect(ada.page.getByText("This one")).toBeVisible();
  await shoot(ada, "account");
  await ada.page.goto("/nowhere");
  await expect(ada.page.getByRole("heading", { name: "There is nothing here" })).toBeVisible();
  await shoot(ada, "not-found");
});

test("a room", async ({ visitor, relay }) => {
  const ada = await visitor({ baseURL: relay.url });
  ada.watch.allow(LOST_LINE, /status of 40[0-9]/);
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
  await cleo.say("Mine came this morning. It is *much* thicker than I thought.");
  await cleo.say("612 pages");
  await ada.say("Chapter three by Thursday, then. Whoever is late brings cake.");
  await ben.say("I will be late.");
  await ada.say("**Lemon** cake, please. The recipe is on page 40 of `bakes.pdf`.");
  await cleo.messageBox.pressSequentially("And");
  await expect(ada.page.getByText("Quiet Otter is typing…")).toBeVisible();
  await expect(ada.texts).toHaveCount(6);
  await shoot(ada, "room");
  await ada.page.setViewportSize(SIZES.phone);
  await ada.page.getByRole("button", { name: "3 people" }).click();
  for (const colorScheme of SCHEMES) {
    await ada.page.emulateMedia({ colorScheme });
    await ada.page.screenshot({ path: path.join(FOLDER, `people-${colorScheme}-phone.png`) });
  }
  await ada.page.keyboard.press("Escape");
  const late = await visitor();
  late.watch.allow(/status of 40[0-9]/);
  await late.open("/");
  await late.askToJoin(code, "Late");
  await expect(late.page.getByText("This room is full").first()).toBeVisible();
  await shoot(late, "full");
  relay.cut();
  await expect(ada.state).toContainText("Connection lost");
  await ada.say("Is anybody still there?");
  await shoot(ada, "lost");
});
