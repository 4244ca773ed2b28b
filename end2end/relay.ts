// A line between browser and server that a test can cut: a TCP relay of our own on the loopback.
//
// The browser's own offline switch leaves open WebSockets alone, so a lost line has to be made below it.
import net from "node:net";

type Mode = "open" | "refusing" | "stalled";

interface Pair {
  near: net.Socket;
  far: net.Socket;
}

export class Relay {
  private readonly pairs = new Set<Pair>();
  private mode: Mode = "open";

  private constructor(
    private readonly listener: net.Server,
    private readonly target: number,
  ) {}

  /** Starts one on a free port, in front of the port of a server. */
  static async start(target: number): Promise<Relay> {
    const listener = net.createServer();
    const relay = new Relay(listener, target);
    listener.on("connection", (near) => relay.take(near));
    await new Promise<void>((resolve, reject) => {
      listener.once("error", reject);
      listener.listen(0, "127.0.0.1", resolve);
    });
    return relay;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.listener.address() as net.AddressInfo).port}`;
  }

  /** Cuts every line and refuses new ones: both sides see at once that it is gone. */
  cut(): void {
    this.mode = "refusing";
    this.drop();
  }

  /** Cuts every line; new ones are let through. */
  drop(): void {
    for (const { near, far } of this.pairs) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
    this.pairs.clear();
  }

  /** Nothing passes any more and nobody is told, as behind a wall. */
  stall(): void {
    this.mode = "stalled";
    for (const pair of this.pairs) {
      hold(pair);
    }
  }

  /** New lines pass again, and those that stalled go on. */
  resume(): void {
    this.mode = "open";
    for (const pair of this.pairs) {
      join(pair);
    }
  }

  async stop(): Promise<void> {
    this.drop();
    await new Promise<void>((resolve) => this.listener.close(() => resolve()));
  }

  private take(near: net.Socket): void {
    if (this.mode === "refusing") {
      near.on("error", () => {});
      near.resetAndDestroy();
      return;
    }
    const pair = { near, far: net.connect(this.target, "127.0.0.1") };
    this.pairs.add(pair);
    for (const [one, other] of [
      [pair.near, pair.far],
      [pair.far, pair.near],
    ] as const) {
      one.setNoDelay(true);
      // A reset on one side ends the other; `close` follows each error.
      one.on("error", () => {});
      one.on("close", () => {
        other.destroy();
        this.pairs.delete(pair);
      });
    }
    if (this.mode === "open") {
      join(pair);
    } else {
      hold(pair);
    }
  }
}

function join({ near, far }: Pair): void {
  near.pipe(far);
  far.pipe(near);
}

function hold({ near, far }: Pair): void {
  near.unpipe(far);
  far.unpipe(near);
  near.pause();
  far.pause();
}
