// What every test gets: a server of its own, a relay in front of it where it asks for one, and people with a browser
// each. At the end nobody's console may have said anything and no request may have left the machine.
import { type BrowserContextOptions, test as base, expect } from "@playwright/test";

import { Relay } from "./relay";
import { type Limits, Server } from "./server";
import { Tab } from "./tab";
import { Watch } from "./watch";

interface Fixtures {
  /** Limits of the server that differ from its own. */
  limits: Limits;
  server: Server;
  relay: Relay;
  /** Somebody new: a browser that has never been here. */
  visitor: (options?: BrowserContextOptions) => Promise<Tab>;
}

export const test = base.extend<Fixtures>({
  limits: [{}, { option: true }],

  server: async ({ limits }, use, info) => {
    const server = await Server.start(limits);
    await use(server);
    await server.stop();
    if (info.status !== info.expectedStatus) {
      await info.attach("server.log", { body: server.output(), contentType: "text/plain" });
    }
    expect(server.complaints(), "the server logs no error").toEqual([]);
  },

  relay: async ({ server }, use) => {
    const relay = await Relay.start(server.port);
    await use(relay);
    await relay.stop();
  },

  visitor: async ({ browser, contextOptions, server }, use) => {
    const watches: Watch[] = [];
    const contexts: { close(): Promise<void> }[] = [];
    await use(async (options = {}) => {
      const context = await browser.newContext({ ...contextOptions, baseURL: server.url, ...options });
      const watch = new Watch(context);
      contexts.push(context);
      watches.push(watch);
      return new Tab(await context.newPage(), watch);
    });
    for (const context of contexts) {
      await context.close();
    }
    for (const watch of watches) {
      watch.check();
    }
  },
});

export { expect };
export { LOST_LINE } from "./watch";
