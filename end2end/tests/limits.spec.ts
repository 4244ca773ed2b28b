// Limits that people meet: nothing they typed is lost.
import { expect, test } from "../fixtures";

test.use({ limits: { sends_burst: 3, sends_refill_ms: 700 } });

test("who sends too fast is asked to wait, and the rest goes by itself in order", async ({ visitor }) => {
  const ada = await visitor();
  const code = await ada.create();
  const ben = await visitor();
  await ben.join(code);
  const said = ["one", "two", "three", "four", "five", "six"];
  for (const text of said) {
    await ada.say(text);
  }
  await expect(ada.page.getByText(/^Slow down: you can send again in \d+ s\.$/)).toBeVisible();
  await ben.shows(said);
  await ada.shows(said);
  await expect(ada.log.getByText(/Waiting|Sending|Not sent/)).toHaveCount(0);
  await expect(ada.page.getByText(/^Slow down/)).toHaveCount(0);
});

test.describe("with one connection a person", () => {
  test.use({ limits: { connections_per_user: 1 } });

  test("the tab that is one too many is told why, and comes in when there is room", async ({ visitor }) => {
    const ada = await visitor();
    const code = await ada.create();
    const other = await ada.another();
    await other.page.goto(`/r/${code}`);
    await expect(other.page.getByText("There are too many connections from you.").first()).toBeVisible();
    await ada.page.close();
    await other.online(25_000);
  });
});
