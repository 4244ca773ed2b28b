// One WhisperSpace process with a port and a data folder of its own. It is always ended by its id.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Limits by their names in app/protocol/src/limits.rs. */
export type Limits = Record<string, number>;

/** More options, for a server at this port. */
export type Flags = (port: number) => string[];

const START_MS_MAX = 20_000;
const STOP_MS_MAX = 15_000;
const LOG_CHARS_MAX = 200_000;

export class Server {
  private child: ChildProcess | undefined;
  private log = "";

  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly limits: Limits,
    private readonly flags: Flags,
  ) {}

  /** Starts the binary; the limits replace those it has by itself. */
  static async start(limits: Limits = {}, flags: Flags = () => []): Promise<Server> {
    const folder = await mkdtemp(path.join(os.tmpdir(), "whisperspace-e2e-"));
    const server = new Server(await freePort(), folder, limits, flags);
    await server.run();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Ends it as a crash or a power cut would: it has no time to say or write anything. */
  async kill(): Promise<void> {
    await this.end("SIGKILL");
  }

  /** Asks it to stop. */
  async terminate(): Promise<void> {
    await this.end("SIGTERM");
  }

  /** Starts it again after its end: same port, same data. */
  async restart(): Promise<void> {
    await this.run();
  }

  /** Ends it and removes its data. */
  async stop(): Promise<void> {
    if (this.child) {
      await this.terminate();
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  /** What it wrote, for a failed test. */
  output(): string {
    return this.log;
  }

  /** Lines of its log that a healthy run does not have. */
  complaints(): string[] {
    return this.log.split("\n").filter((line) => /panicked|\bERROR\b/.test(line));
  }

  /** Makes an operator while it runs. */
  async addOperator(name: string, password: string): Promise<void> {
    const data = path.join(this.folder, "data");
    const child = spawn(binary(), ["--data-dir", data, "admin", "add", name], {
      cwd: this.folder,
      env: cleanEnvironment(),
      stdio: ["pipe", "ignore", "inherit"],
    });
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    child.stdin?.end(`${password}\n`);
    if ((await ended) !== 0) {
      throw new Error("no operator was made");
    }
  }

  private async run(): Promise<void> {
    const limits = Object.entries(this.limits).map(([name, value]) => `${name}=${value}`);
    const data = path.join(this.folder, "data");
    const flags = ["--listen", `127.0.0.1:${this.port}`, "--data-dir", data, ...this.flags(this.port)];
    const child = spawn(binary(), flags, {
      cwd: this.folder,
      env: { ...cleanEnvironment(), ...(limits.length > 0 ? { WHISPERSPACE_LIMIT: limits.join(",") } : {}) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child = child;
    const note = (chunk: Buffer) => {
      this.log = (this.log + chunk.toString()).slice(-LOG_CHARS_MAX);
    };
    child.stdout?.on("data", note);
    child.stderr?.on("data", note);
    child.once("error", (error) => note(Buffer.from(String(error))));
    const deadline = Date.now() + START_MS_MAX;
    while (!(await answers(`${this.url}/healthz`))) {
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
        child.kill("SIGKILL");
        throw new Error(`the server did not start:\n${this.log}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  private async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) {
      return;
    }
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill(signal);
    const late = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
    await ended;
    clearTimeout(late);
  }
}

/** WHISPERSPACE_BIN, or what was built last for release, or for development. */
function binary(): string {
  if (process.env.WHISPERSPACE_BIN) {
    return path.resolve(process.env.WHISPERSPACE_BIN);
  }
  const target = path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "target");
  const found = ["release", "debug"].map((kind) => path.join(target, kind, "whisperspace")).find(existsSync);
  if (!found) {
    throw new Error("there is no whisperspace binary: run `cargo xtask build`, or name one in WHISPERSPACE_BIN");
  }
  return found;
}

/** The tests decide how the server is configured, not the shell they run in. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("WHISPERSPACE_")));
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const probe = net.createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as net.AddressInfo;
  await new Promise<void>((resolve) => probe.close(() => resolve()));
  return port;
}
