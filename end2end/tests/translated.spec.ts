// A page in translation goes on: words that change are translated anew, facts and names stay as they are.
import { LOST_LINE, expect, test } from "../fixtures";
import { translated } from "../translator";

test("a translated room tells what happens", async ({ visitor, relay }) => {
  const ada = await visitor({ baseURL: relay.url });
  ada.watch.allow(LOST_LINE, /status of 40[0-9]/);
  const code = await ada.create({ as: "Ada", name: "Low tide" });
  // Its label is translated too.
  const box = ada.page.locator("#message");
  const title = ada.page.getByRole("complementary").getByRole("heading");
  await expect(title).toHaveText("People, 1");
  await translated(ada.page);
  await expect(title).toHaveText("«People, 1»");
  await expect(ada.page.locator("h1")).toHaveText("Low tide");
  await expect(ada.page.getByText("«It's just you»")).toBeVisible();

  const ben = await visitor();
  await ben.join(code, "Ben");
  await expect(title).toHaveText("«People, 2»");
  await ada.sees(["Ada", "Ben"]);
  await expect(ada.page.getByText("«Say hi»")).toBeVisible();
  await ben.messageBox.pressSequentially("H");
  const typing = ada.page.locator(".typing-line");
  await expect(typing).toHaveText("«Ben is typing…»");
  await ben.messageBox.fill("");
  await expect(typing).toHaveText("");
  await ben.messageBox.pressSequentially("Hello");
  await expect(typing).toHaveText("«Ben is typing…»");
  await ben.messageBox.press("Enter");
  await expect(typing).toHaveText("");
  await ada.shows(["«Hello»"]);
  await ben.leaveButton.click();
  await expect(title).toHaveText("«People, 1»");

  await box.fill("x".repeat(5_001));
  await expect(ada.page.locator(".counter")).toHaveText("«1 too many»");
  await box.press("Enter");
  await expect(ada.alert.first()).toContainText("«");
  await box.fill("x".repeat(4_000));
  await expect(ada.page.locator(".counter")).toContainText(/4.?000/);
  await expect(ada.page.locator(".composer-error")).toHaveText("");
  await box.fill("");

  relay.cut();
  await expect(ada.state).toContainText("«Connection lost");
  const banner = ada.page.locator(".banner").filter({ hasText: "Connection lost" });
  const first = await banner.innerText();
  expect(first).toContain("«");
  await expect(banner).not.toHaveText(first);
  relay.resume();
  await ada.online(30_000);
  await expect(banner).toHaveCount(0);
});

test("translated forms say what is wrong, and then what else", async ({ visitor }) => {
  const ada = await visitor();
  ada.watch.allow(/status of 40[0-9]/);
  await ada.open("/");
  await translated(ada.page);
  const note = ada.page.locator("#field-code-note");
  const join = ada.page.locator(".code-box button");
  await ada.codeBox.fill("AB");
  await join.click();
  await expect(note).toContainText("«");
  const first = await note.innerText();
  await ada.codeBox.fill("ZZZZ-2222");
  await join.click();
  await expect(note).toHaveText(/«No room with that code/);
  expect(await note.innerText()).not.toEqual(first);
});
