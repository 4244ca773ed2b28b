// One tab, in the words of a person: what can be read on it and done in it. Everything is found as people find it, by
// its role and name; only the text of a message, which has no name of its own, is found by its class.
import { type Locator, type Page, expect } from "@playwright/test";

import type { Frame, Watch } from "./watch";

/** A new room's options, by what the boxes are called. */
export interface RoomOptions {
  as?: string;
  name?: string;
  pin?: string;
  capacity?: number;
}

/** Longer than the longest wait between two attempts to connect. */
const HEARS_MS_MAX = 40_000;

export class Tab {
  readonly nameBox: Locator;
  readonly codeBox: Locator;
  readonly pinBox: Locator;
  readonly messageBox: Locator;
  readonly createButton: Locator;
  readonly joinButton: Locator;
  readonly sendButton: Locator;
  readonly leaveButton: Locator;
  readonly retryNow: Locator;
  readonly log: Locator;
  readonly texts: Locator;
  readonly notes: Locator;
  readonly people: Locator;
  readonly state: Locator;
  readonly pill: Locator;
  readonly alert: Locator;
  /** The path of its host that the site is below, if any. */
  below = "";

  constructor(
    readonly page: Page,
    readonly watch: Watch,
  ) {
    this.nameBox = page.getByRole("textbox", { name: "Your name" });
    this.codeBox = page.getByRole("textbox", { name: "Room code" });
    this.pinBox = page.getByRole("textbox", { name: "PIN", exact: true });
    this.messageBox = page.getByRole("textbox", { name: "Message", exact: true });
    this.createButton = page.getByRole("button", { name: "Create room" });
    this.joinButton = page.getByRole("button", { name: "Join room" });
    this.sendButton = page.getByRole("button", { name: "Send message" });
    this.leaveButton = page.getByRole("button", { name: "Leave room" });
    this.retryNow = page.getByRole("button", { name: "Retry now" });
    this.log = page.getByRole("log", { name: "Messages" });
    this.texts = this.log.getByRole("article").locator(".message-text");
    this.notes = this.log.locator(".system-row");
    this.people = page.getByRole("list", { name: "People" }).getByRole("listitem");
    this.state = page.getByRole("banner").getByRole("status");
    this.pill = page.getByRole("button", { name: /^\d+ new$/ });
    this.alert = page.getByRole("alert").filter({ hasText: /\S/ });
  }

  /** Opens a page of the site and waits until its program runs. */
  async open(path: string): Promise<void> {
    await this.page.goto(this.below + path);
    await this.running();
  }

  /** The theme is chosen on every page but the room, and cannot be before the program runs. */
  async running(): Promise<void> {
    await expect(this.page.getByRole("radio", { name: "System" })).toBeEnabled();
  }

  /** Inside a room, with a line. */
  async inside(): Promise<void> {
    await expect(this.messageBox).toBeVisible();
    await this.online();
  }

  async online(timeout?: number): Promise<void> {
    await expect(this.state).toContainText("Connected", { timeout });
  }

  /** A room that this browser is a member of, and has not opened yet: its path. */
  async member(origin: string): Promise<string> {
    const { request } = this.page.context();
    const options = { data: {}, headers: { origin } };
    expect((await request.post("/api/v1/guest", options)).ok()).toBe(true);
    const room = (await (await request.post("/api/v1/rooms", options)).json()) as { code: string };
    return `/r/${room.code}`;
  }

  /** From the landing page into a room of one's own; the answer is its code as the address has it. */
  async create(options: RoomOptions = {}): Promise<string> {
    await this.open("/");
    if (options.as !== undefined) {
      await this.nameBox.fill(options.as);
    }
    if (options.name ?? options.pin ?? options.capacity) {
      await this.page.getByText("Options for a new room").click();
      await this.page.getByRole("textbox", { name: "Room name" }).fill(options.name ?? "");
      await this.pinBox.fill(options.pin ?? "");
      if (options.capacity !== undefined) {
        await this.page.getByRole("textbox", { name: "People at once" }).fill(options.capacity.toString());
      }
    }
    await this.createButton.click();
    await this.inside();
    return this.code();
  }

  /** From the landing page into a room by what is typed as its code. */
  async join(typed: string, as?: string): Promise<void> {
    await this.open("/");
    await this.askToJoin(typed, as);
    await this.inside();
  }

  /** Fills in the landing page's form, and presses its button. */
  async askToJoin(typed: string, as?: string): Promise<void> {
    if (as !== undefined) {
      await this.nameBox.fill(as);
    }
    await this.codeBox.fill(typed);
    await this.joinButton.click();
  }

  /** Leaves a room that ends with it: the first press can be taken back, and a second one right behind it is none. */
  async leaveAlone(): Promise<void> {
    await this.leaveButton.click();
    await expect(this.page.getByText(/Leaving in [1-9] s\./)).toBeVisible();
    await this.leaveButton.click();
  }

  code(): string {
    const code = /\/r\/([2-9A-Z]{8})$/.exec(new URL(this.page.url()).pathname)?.[1];
    expect(code, `a room's address: ${this.page.url()}`).toBeDefined();
    return code as string;
  }

  /** Types a message and presses Enter. */
  async say(text: string): Promise<void> {
    await this.messageBox.fill(text);
    await this.messageBox.press("Enter");
  }

  /** Answers the question that stands above the box when a message is to be taken back. */
  async confirmDelete(): Promise<void> {
    await expect(this.page.getByText("Delete this message for everybody?")).toBeVisible();
    await this.page.locator("form.composer").getByRole("button", { name: "Delete", exact: true }).click();
  }

  /** The log shows exactly these messages, in this order. */
  async shows(texts: string[], timeout?: number): Promise<void> {
    await expect(this.texts).toHaveText(texts, { timeout });
  }

  /** The server has taken these: a row is drawn before its message has gone anywhere. */
  async relayed(...texts: string[]): Promise<void> {
    const waiting = () => texts.filter((text) => !this.watch.isRelayed(this.page, text));
    await expect.poll(waiting, { message: "what the server has not taken yet" }).toEqual([]);
  }

  /** The page has been told these, its own among them, and has read them: what is told before a reload is not told again. */
  async told(...texts: string[]): Promise<void> {
    const heard = () => this.received("message").map(({ text }) => text);
    await expect.poll(heard, { message: "the messages that the page was told" }).toEqual(expect.arrayContaining(texts));
    // A frame is noted before the page reads it; what is asked of the page now is answered after that.
    await this.page.evaluate(() => new Promise((done) => setTimeout(done)));
  }

  /**
   * Listens for a sentence that goes away by itself: to be asked before what makes it come, and awaited after. Looking from
   * outside every second would miss it on a busy machine.
   */
  hears(sentence: string): Promise<void> {
    const heard = this.page.evaluate(
      ([sentence, ms]) =>
        new Promise<boolean>((done) => {
          const look = () => document.body.innerText.includes(sentence) && done(true);
          new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
          setTimeout(() => done(false), ms);
          look();
        }),
      [sentence, HEARS_MS_MAX] as const,
    );
    const checked = heard.then((said) => expect(said, `the page says: ${sentence}`).toBe(true));
    // Whoever awaits it is told; until then nobody listens.
    checked.catch(() => {});
    return checked;
  }

  /** As many people inside as these, under these names. */
  async sees(names: string[]): Promise<void> {
    await expect(this.people.locator(".person-name")).toHaveText(names);
  }

  received(kind: string): Frame[] {
    return this.watch.received(this.page, kind);
  }

  /** Another tab of the same browser. */
  async another(): Promise<Tab> {
    const tab = new Tab(await this.page.context().newPage(), this.watch);
    tab.below = this.below;
    return tab;
  }

  /** Calls the HTTP API as this browser. */
  async status(path: string): Promise<number> {
    return (await this.page.context().request.get(path)).status();
  }
}
