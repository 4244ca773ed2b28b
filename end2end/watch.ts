// Listens to everything a browser context says and asks for: what a test did not expect fails it.
import { type BrowserContext, type ConsoleMessage, type Page, expect } from "@playwright/test";

/** One frame of the protocol, as the page sent or got it. */
export interface Frame {
  t: string;
  [field: string]: unknown;
}

/** One WebSocket of a page. */
export interface Line {
  page: Page;
  sent: Frame[];
  received: Frame[];
  closed: boolean;
}

/** A line about a request or socket that a cut made fail. */
export const LOST_LINE = /WebSocket connection to .* failed|net::ERR_/;

export class Watch {
  /** Addresses asked for, in order. */
  readonly requests: string[] = [];
  /** Whether this person goes when the browser asks about words that are not sent. */
  goes = false;
  /** How often it asked. */
  asked = 0;
  readonly lines: Line[] = [];
  private readonly noises: string[] = [];
  private readonly expected: RegExp[] = [];

  constructor(context: BrowserContext) {
    context.on("console", (message) => this.heard(message));
    context.on("weberror", (error) => this.noises.push(`page error: ${error.error().stack ?? error.error()}`));
    context.on("dialog", (dialog) => {
      if (dialog.type() === "beforeunload") {
        this.asked += 1;
        void (this.goes ? dialog.accept() : dialog.dismiss());
        return;
      }
      this.noises.push(`dialog: ${dialog.type()} ${dialog.message()}`);
      void dialog.dismiss();
    });
    context.on("request", (request) => this.requests.push(request.url()));
    context.on("page", (page) => this.follow(page));
  }

  /** What the console may say in this test. */
  allow(...noises: RegExp[]): void {
    this.expected.push(...noises);
  }

  /** Fails on every noise that was not allowed and on every request that left this machine. */
  check(): void {
    const noises = this.noises.filter((noise) => !this.expected.some((pattern) => pattern.test(noise)));
    expect.soft(noises, "the console stays silent").toEqual([]);
    expect.soft(this.foreign(), "nothing but 127.0.0.1 is asked for anything").toEqual([]);
  }

  /** Frames of one kind that a page got, over all its lines. */
  received(page: Page, kind: string): Frame[] {
    const lines = this.lines.filter((line) => line.page === page);
    return lines.flatMap((line) => line.received).filter((frame) => frame.t === kind);
  }

  /** Whether the server said that it took this text from this page. */
  isRelayed(page: Page, text: string): boolean {
    const sent = this.lines.filter((line) => line.page === page).flatMap((line) => line.sent);
    const taken = new Set(this.received(page, "ack").map(({ cid }) => cid));
    return sent.some((frame) => frame.t === "send" && frame.text === text && taken.has(frame.cid));
  }

  private foreign(): string[] {
    return this.requests.filter((address) => {
      const { protocol, hostname } = new URL(address);
      return !["data:", "blob:", "about:"].includes(protocol) && hostname !== "127.0.0.1";
    });
  }

  private heard(message: ConsoleMessage): void {
    // Chromium's hints about markup come as `debug`, and are no messages of the page.
    if (message.type() !== "debug") {
      this.noises.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
    }
  }

  private follow(page: Page): void {
    page.on("crash", () => this.noises.push("the page crashed"));
    page.on("framenavigated", (frame) => {
      // Another document: the lines of the one before are closed, though nobody is left to say so.
      if (frame === page.mainFrame()) {
        for (const line of this.lines.filter((line) => line.page === page)) {
          line.closed = true;
        }
      }
    });
    page.on("websocket", (socket) => {
      this.requests.push(socket.url());
      const line: Line = { page, sent: [], received: [], closed: false };
      this.lines.push(line);
      socket.on("framesent", ({ payload }) => line.sent.push(read(payload)));
      socket.on("framereceived", ({ payload }) => line.received.push(read(payload)));
      socket.on("close", () => {
        line.closed = true;
      });
    });
  }
}

function read(payload: string | Buffer): Frame {
  return JSON.parse(payload.toString()) as Frame;
}
