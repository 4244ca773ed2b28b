// What every test gets: a server of its own, a relay in front of it where it asks for one, and people with a browser
// each. At the end nobody's console may have said anything and no request may have left the machine.
import { type BrowserContextOptions, test as base, expect } from "@playwright/test";

import { Proxy } from "./proxy";
import { Relay } from "./relay";
import { type Flags, type Limits, Server } from "./server";
import { Tab } from "./tab";
import { Watch } from "./watch";

interface Fixtures {
  /** Limits of the server that differ from its own. */
  limits: Limits;
  /** More options of it. */
  flags: Flags;
  server: Server;
  relay: Relay;
  /** A proxy in front of the server that rewrites every document; it ends after the browsers, which ask for icons late. */
  proxied: (rewrite: (html: string) => string) => Promise<Proxy>;
  /** Somebody new: a browser that has never been here. */
  visitor: (options?: BrowserContextOptions) => Promise<Tab>;
}

export const test = base.extend<Fixtures>({
  limits: [{}, { option: true }],

  flags: async ({}, use) => {
    await use(() => []);
  },

  server: async ({ limits, flags }, use, info) => {
    const server = await Server.start(limits, flags);
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

  proxied: async ({ server }, use) => {
    const proxies: Proxy[] = [];
    await use(async (rewrite) => {
      const proxy = await Proxy.start(server.port, rewrite);
      proxies.push(proxy);
      return proxy;
    });
    for (const proxy of proxies) {
      await proxy.stop();
    }
  },

  // Takes the relay and the proxies although it uses neither: what is set up first ends last, so the browsers are gone
  // before what they speak through is, and none complains of a refused connection.
  visitor: async ({ browser, contextOptions, server, relay: _relay, proxied: _proxied }, use) => {
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
