// The one outage that is as long as in life, with the server's own limits.
import { LOST_LINE, expect, test } from "../fixtures";

test("35 seconds without a line end the seat, and say how many messages were missed", async ({ visitor, relay }) => {
  test.setTimeout(120_000);
  const ben = await visitor();
  const code = await ben.create({ as: "Ben" });
  const ada = await visitor({ baseURL: relay.url });
  ada.watch.allow(LOST_LINE);
  await ada.join(code, "Ada");
  await ben.say("zero");
  await ada.shows(["zero"]);

  const start = Date.now();
  relay.cut();
  await expect(ada.state).toContainText("Connection lost");
  await ben.say("one");
  await ben.sees(["Ben", "Ada"]);
  await expect.poll(() => Date.now() - start, { timeout: 40_000 }).toBeGreaterThanOrEqual(22_000);
  await ben.sees(["Ben", "Ada"]);
  await expect.poll(() => Date.now() - start, { timeout: 40_000 }).toBeGreaterThanOrEqual(35_000);
  await ben.sees(["Ben"]);
  await ben.say("two");
  await ben.say("three");
  await ben.relayed("one", "two", "three");

  const missed = "3 messages were missed and cannot be fetched.";
  const told = ada.hears(`Back online. ${missed}`);
  relay.resume();
  await told;
  await ada.online(25_000);
  await expect(ada.notes.filter({ hasText: "missed" })).toHaveText(missed);
  await ben.say("four");
  await ada.shows(["zero", "four"]);
  await ben.sees(["Ben", "Ada"]);
});
