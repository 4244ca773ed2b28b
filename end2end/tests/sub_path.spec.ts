// The site below a path of its host (`--public-url https://example.org/chat`), behind a proxy that hands paths on as they
// are (here: none) and behind one that takes the path away. Nothing that a browser asks for is anywhere else on the host.
import http from "node:http";
import net from "node:net";

import { test as base, expect } from "../fixtures";
import type { Tab } from "../tab";

const BELOW = "/chat";

/** Leads what is below the path to a server as if it were at its root, as `location /chat/` with a slash in nginx. */
class Front {
  /** The server's port, once it is known. */
  target = 0;
  private readonly lines = new Set<net.Socket>();
  private readonly server = http.createServer((request, response) => {
    const path = inner(request.url);
    if (path === undefined) {
      response.writeHead(404).end("something else is here");
      return;
    }
    const { method, headers } = request;
    const onward = http.request({ host: "127.0.0.1", port: this.target, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });

  static async start(): Promise<Front> {
    const front = new Front();
    front.server.on("connection", (line) => {
      front.lines.add(line);
      line.on("close", () => front.lines.delete(line));
    });
    front.server.on("upgrade", (request, near: net.Socket, head) => front.upgrade(request, near, head));
    await new Promise<void>((resolve) => front.server.listen(0, "127.0.0.1", resolve));
    return front;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as net.AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const line of this.lines) {
      line.destroy();
    }
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private upgrade(request: http.IncomingMessage, near: net.Socket, head: Buffer): void {
    const raw = request.rawHeaders;
    const lines = Array.from({ length: raw.length / 2 }, (_, at) => `${raw[2 * at]}: ${raw[2 * at + 1]}\r\n`).join("");
    const far = net.connect(this.target, "127.0.0.1", () => {
      far.write(`GET ${inner(request.url) ?? "/nowhere"} HTTP/1.1\r\n${lines}\r\n`);
      far.write(head);
      near.pipe(far).pipe(near);
    });
    near.on("error", () => far.destroy()).on("close", () => far.destroy());
    far.on("error", () => near.destroy()).on("close", () => near.destroy());
  }
}

function inner(asked = ""): string | undefined {
  return asked === BELOW ? "/" : asked.startsWith(`${BELOW}/`) ? asked.slice(BELOW.length) : undefined;
}

interface Site {
  strips: boolean;
  front: Front | undefined;
  /** Where the browser finds the host. */
  origin: string;
  /** Somebody new, who comes to the site below the path. */
  person: () => Promise<Tab>;
}

const test = base.extend<Site>({
  strips: [false, { option: true }],

  front: async ({ strips }, use) => {
    const front = strips ? await Front.start() : undefined;
    await use(front);
    await front?.stop();
  },

  flags: async ({ front }, use) => {
    await use((port) => ["--public-url", `${front?.url ?? `http://127.0.0.1:${port}`}${BELOW}`]);
  },

  origin: async ({ server, front }, use) => {
    if (front) {
      front.target = server.port;
    }
    await use(front?.url ?? server.url);
  },

  person: async ({ visitor, origin }, use) => {
    await use(async () => {
      const tab = await visitor({ baseURL: origin });
      tab.below = BELOW;
      return tab;
    });
  },
});

/** Fails on everything that a browser asked for outside of the path. */
function staysBelow(tab: Tab, origin: string): void {
  const host = new URL(origin).host;
  const outside = tab.watch.requests.filter((address) => {
    const { protocol, host: asked, pathname } = new URL(address);
    return /^(http|ws):$/.test(protocol) && (asked !== host || (pathname !== BELOW && !pathname.startsWith(`${BELOW}/`)));
  });
  expect(outside, "nothing is asked for outside of the path").toEqual([]);
}

for (const strips of [false, true]) {
  test.describe(strips ? "a proxy takes the path away" : "the path arrives", () => {
    test.use({ strips });

    test("below a path, people make rooms, invite, talk, come back and leave", async ({ person, origin }) => {
      const ada = await person();
      const first = await ada.create({ as: "Ada", name: "Harbour", pin: "4711" });
      expect(ada.page.url()).toBe(`${origin}/chat/r/${first}`);

      await ada.page.getByRole("button", { name: "Invite", exact: true }).click();
      await expect(ada.page.locator(".invite-link")).toHaveText(`${origin}/chat/r/${first}`);
      await expect(ada.page.getByRole("img", { name: "QR code of the link" })).toBeVisible();
      await ada.page.getByRole("button", { name: "Make invite link" }).click();
      await expect(ada.page.locator(".invite-link")).toContainText("#");
      const link = await ada.page.locator(".invite-link").innerText();
      await ada.page.keyboard.press("Escape");
      const ben = await person();
      await ben.page.goto(link);
      await ben.running();
      await ben.nameBox.fill("Ben");
      await ben.joinButton.click();
      await ben.inside();
      expect(ben.page.url()).toBe(`${origin}/chat/r/${first}`);

      const tab = await ada.another();
      await tab.page.goto(`${BELOW}/r/${first}`);
      await tab.inside();
      await ada.say("from one tab");
      await tab.say("from the other");
      await ben.say("and back");
      const said = ["from one tab", "from the other", "and back"];
      await ada.relayed("from one tab");
      for (const reader of [ada, tab, ben]) {
        await expect(reader.texts).toHaveCount(said.length);
      }
      await tab.page.close();

      await ada.page.reload();
      await ada.inside();
      await ada.say("after a reload");
      await expect(ben.texts.last()).toHaveText("after a reload");

      const rooms = ada.page.getByRole("navigation", { name: "Rooms" });
      const title = ada.page.getByRole("heading", { level: 1 });
      await rooms.getByRole("link", { name: "Another room" }).click();
      const dialog = ada.page.getByRole("dialog", { name: "Another room" });
      await dialog.getByRole("textbox", { name: "Room name" }).fill("Night shift");
      await dialog.getByRole("button", { name: "Create room" }).click();
      await expect(title).toHaveText("Night shift");
      await ada.inside();
      const second = ada.code();
      expect(ada.page.url()).toBe(`${origin}/chat/r/${second}`);
      await ada.page.goBack();
      await expect(title).toHaveText("Harbour");
      expect(ada.page.url()).toBe(`${origin}/chat/r/${first}`);
      await ada.page.goForward();
      await expect(title).toHaveText("Night shift");

      await ada.leaveAlone();
      await expect(title).toHaveText("Harbour");
      expect(ada.page.url()).toBe(`${origin}/chat/r/${first}`);
      await ben.leaveButton.click();
      await ben.running();
      await expect(ben.page).toHaveURL(`${origin}/chat/`);
      staysBelow(ada, origin);
      staysBelow(ben, origin);
    });

    test("below a path, pages lead to each other and what they keep is theirs", async ({ person, origin }) => {
      const ada = await person();
      await ada.page.goto(BELOW);
      await ada.running();
      await expect(ada.nameBox).not.toHaveValue("");
      await ada.page.getByRole("link", { name: "How do I know?" }).click();
      await ada.running();
      await expect(ada.page).toHaveURL(`${origin}/chat/about`);
      await ada.page.getByRole("radio", { name: "Dark" }).check({ force: true });
      await ada.page.getByRole("link", { name: "Sign in" }).click();
      await ada.running();
      await expect(ada.page).toHaveURL(`${origin}/chat/account`);
      await expect(ada.page.locator("html")).toHaveAttribute("data-theme", "dark");
      await ada.page.getByRole("link", { name: "back to the start" }).first().click();
      await expect(ada.page).toHaveURL(`${origin}/chat/`);
      await ada.running();

      const context = ada.page.context();
      const all = (await context.cookies()).map(({ name, path }) => `${name} ${path}`);
      expect(all.sort()).toEqual(["theme /chat", "ws+chat /chat"]);
      expect(await context.cookies(`${origin}/`), "none is sent to the root").toEqual([]);
      expect(await context.cookies(`${origin}/chatter`), "nor beside it").toEqual([]);

      await ada.create();
      await ada.say("kept for a reload");
      await ada.relayed("kept for a reload");
      await ada.page.reload();
      await ada.inside();
      const kept = await ada.page.evaluate(() => [...Object.keys(sessionStorage), ...Object.keys(localStorage)]);
      expect(kept.filter((name) => !name.includes("/chat"))).toEqual([]);
      const session = await context.newCDPSession(ada.page);
      const { url, errors } = await session.send("Page.getAppManifest");
      expect({ url, errors }).toEqual({ url: `${origin}/chat/manifest.webmanifest`, errors: [] });
      const manifest = (await (await context.request.get(url)).json()) as Record<string, string>;
      expect([manifest.start_url, manifest.scope].map((at) => new URL(at, url).href)).toEqual([`${origin}/chat/`, `${origin}/chat/`]);
      staysBelow(ada, origin);

      ada.watch.allow(/status of 404/);
      await ada.page.goto(`${BELOW}/nowhere`);
      await expect(ada.page.getByRole("heading", { name: "There is nothing here" })).toBeVisible();
      await ada.running();
      await ada.page.getByRole("link", { name: "back to the start" }).first().click();
      await expect(ada.page).toHaveURL(`${origin}/chat/`);
      staysBelow(ada, origin);
    });
  });
}
