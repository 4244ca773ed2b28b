// People in browsers and a client of the Socket.IO interface in one room. The client is the official one.
import { type ManagerOptions, type Socket, io } from "socket.io-client";

import { expect, test } from "../fixtures";

interface Sender {
  _id: string;
  username: string;
}

interface Said {
  content: string;
  html?: string;
  sender: Sender;
}

interface Person {
  userId: string;
  username: string;
}

/** A client that has joined a room, and everything it was told. */
class Client {
  readonly said: Said[] = [];
  readonly typing: string[] = [];
  people: string[] = [];
  readonly reasons: string[] = [];

  private constructor(
    readonly socket: Socket,
    readonly id: string,
  ) {
    socket.on("new_message", (message: Said) => this.said.push(message));
    socket.on("users_online", (people: Person[]) => {
      this.people = people.map((person) => person.username);
    });
    socket.on("user_typing", (person: { username: string }) => this.typing.push(`${person.username} types`));
    socket.on("user_stop_typing", (person: { username: string }) => this.typing.push(`${person.username} stops`));
    socket.on("disconnect", (reason) => {
      this.reasons.push(reason);
      // Who was there before is not who is there now.
      this.people = [];
    });
  }

  static async start(url: string, transports: ManagerOptions["transports"]): Promise<Client> {
    const answer = await fetch(`${url}/api/v1/guest`, { method: "POST" });
    const { token, id } = (await answer.json()) as { token: string; id: string };
    const socket = io(url, { transports, auth: { token }, forceNew: true, reconnectionDelay: 100 });
    const client = new Client(socket, id);
    await new Promise<void>((connected, failed) => {
      socket.once("connect", connected);
      socket.once("connect_error", failed);
    });
    return client;
  }

  async ask(event: string, argument: unknown): Promise<{ ok: boolean; code?: string }> {
    return this.socket.timeout(10_000).emitWithAck(event, argument);
  }
}

const clients: Client[] = [];

test.afterEach(() => {
  for (const client of clients.splice(0)) {
    client.socket.disconnect();
  }
});

async function start(url: string, transports: ManagerOptions["transports"]): Promise<Client> {
  const client = await Client.start(url, transports);
  clients.push(client);
  return client;
}

for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
  test(`a page and a Socket.IO client talk both ways: ${transports.join(", then ")}`, async ({ visitor, server }) => {
    const ada = await visitor();
    const code = await ada.create({ as: "Ada" });
    const client = await start(server.url, transports);
    expect(await client.ask("join_room", code.toLowerCase())).toMatchObject({ ok: true });
    await expect(ada.people).toHaveCount(2);
    await expect.poll(() => client.people.length).toBe(2);
    expect(client.people).toContain("Ada");

    await ada.messageBox.pressSequentially("2 <");
    await expect.poll(() => client.typing).toContain("Ada types");
    await ada.say("2 < 3 & <b>bold</b>");
    await expect.poll(() => client.said.length).toBe(1);
    expect(client.said[0]?.sender.username).toBe("Ada");
    expect(client.said[0]?.content).not.toContain("<b>");

    client.socket.emit("typing_start", { room: code });
    await expect(ada.page.getByText(/is typing…$/)).toBeVisible();
    const sent = await client.ask("send_message", { room: code, content: "**yes** <img src=x onerror=alert(1)>" });
    expect(sent).toMatchObject({ ok: true });
    await expect(ada.texts).toHaveCount(2);
    await expect(ada.texts.nth(1)).toContainText("yes");
    await expect(ada.texts.nth(1).locator("img")).toHaveCount(0);
    await expect.poll(() => client.said.length).toBe(2);
    // An existing client knows its own messages by this.
    expect(client.said[1]?.sender._id).toBe(client.id);
    expect(client.said[0]?.sender._id).not.toBe(client.id);

    await ada.leaveButton.click();
    await ada.page.waitForURL("/");
    await expect.poll(() => client.people.length).toBe(1);
    expect(client.reasons).toEqual([]);
  });
}

test.describe("with pings twice a second", () => {
  test.use({ limits: { ping_every_ms: 500, silence_ms_max: 2_500 } });

  test("a client that answers pings stays, over a server's restart too", async ({ visitor, server }) => {
    const ada = await visitor();
    ada.watch.allow(/WebSocket connection to .* failed|net::ERR_|status of 50[0-9]/);
    const code = await ada.create({ as: "Ada" });
    const client = await start(server.url, ["polling", "websocket"]);
    client.socket.on("connect", () => client.socket.emit("join_room", code));
    expect(await client.ask("join_room", code)).toMatchObject({ ok: true });
    let pings = 0;
    client.socket.io.on("ping", () => {
      pings += 1;
    });
    // Longer than the silence that ends a line.
    await expect.poll(() => pings).toBeGreaterThan(8);
    expect(client.reasons).toEqual([]);

    await server.terminate();
    await server.restart();
    await expect.poll(() => client.reasons).toHaveLength(1);
    await ada.online(20_000);
    await expect.poll(() => client.people.length, { timeout: 20_000 }).toBe(2);
    await ada.say("back again");
    await expect.poll(() => client.said.map((said) => said.content)).toEqual(["back again"]);
  });
});
