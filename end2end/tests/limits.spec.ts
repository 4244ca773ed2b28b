// Limits that people meet: nothing they typed is lost.
import { expect, test } from "../fixtures";

test.use({ limits: { sends_burst: 3, sends_refill_ms: 3_000 } });

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
  await ben.shows(said, 40_000);
  await ada.shows(said);
  await expect(ada.log.getByText(/Waiting|Sending|Not sent/)).toHaveCount(0);
  await expect(ada.page.getByText(/^Slow down/)).toHaveCount(0);
});

test.describe("with one message a minute", () => {
  test.use({ limits: { sends_burst: 1, sends_refill_ms: 60_000 } });

  test("what waits in a room that ends is said to be lost, and nobody is asked to wait for it", async ({ visitor, server }) => {
    const ada = await visitor();
    const code = await ada.create();
    await ada.say("one");
    await ada.relayed("one");
    await ada.say("two");
    await expect(ada.page.getByText(/^Slow down/)).toBeVisible();
    const options = { headers: { origin: server.url } };
    expect((await ada.page.context().request.delete(`/api/v1/rooms/${code}`, options)).status()).toBe(204);
    await expect(ada.log.getByText("Not sent. This room has ended.")).toBeVisible();
    await expect(ada.page.getByText(/^Slow down/)).toHaveCount(0);
    await expect(ada.log.getByRole("button", { name: "Discard" })).toBeVisible();
    await expect(ada.log.getByRole("button", { name: "Retry" }), "nothing takes it any more").toBeHidden();
    await expect(ada.log.getByText("Relayed"), "not below what was not sent").toHaveCount(0);
  });
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
