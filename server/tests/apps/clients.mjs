// Clients of applications as a document describes them: the official socket.io-client, and plain WebSockets. What each
// hears is kept in order until a row of the table asks for it; nothing is thrown away.
import { createHmac } from "node:crypto";
import { createRequire } from "node:module";

// The packages are installed once, beside the other programs that drive them.
const require = createRequire(new URL("../socketio/package.json", import.meta.url));
const { Manager } = require("socket.io-client");
const WebSocket = require("ws");

const base64 = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
export const variable = (application, what) => process.env[`WHISPERSPACE_APP_${application.toUpperCase()}_${what}`];

/** A token of an application, as its own login would make it; what is `forged` of it, an attacker made. */
export function token(application, claims, { header = {}, secret, without = [] } = {}) {
  const now = Math.floor(Date.now() / 1000);
  const said = { iss: application, iat: now, exp: now + 600, ...claims };
  for (const [name, value] of Object.entries(said)) {
    // Times are told as seconds from now.
    if (typeof value === "string" && value.startsWith("$now")) said[name] = now + Number(value.slice(4));
    if (typeof value === "string" && value.startsWith("$long")) said[name] = "a".repeat(Number(value.slice(5)));
  }
  for (const name of without) delete said[name];
  const head = { alg: "HS256", typ: "JWT", ...header };
  const body = `${base64(head)}.${base64(said)}`;
  if (head.alg === "none") return `${body}.`;
  const hash = head.alg.replace("HS", "sha");
  return `${body}.${createHmac(hash, secret ?? variable(application, "SECRET")).update(body).digest("base64url")}`;
}

/** Every way of the transport, in turn: a document's clients use them all. */
const ways = [["websocket"], ["polling"], ["polling", "websocket"]];
let made = 0;

/** One connection of one person: a Socket.IO session with its namespaces, or a plain WebSocket. */
export class Client {
  constructor(name, application, { user = name, claims = {}, ...told }, url) {
    Object.assign(this, { name, application, url, user, namespaces: ["/"], ...told });
    this.claims = { sub: user, ...claims };
    this.transports ??= ways[made++ % ways.length];
    this.heard = [];
    this.doors = new Map();
    // The last fence of each namespace.
    this.fences = new Map();
    this.isOpen = false;
  }

  open() {
    this.isOpen = true;
    const bearer = this.token ?? token(this.application, this.claims, this.forged);
    if (this.path) return this.openPlain(bearer);
    const manager = new Manager(this.url, { transports: this.transports, reconnectionDelay: 50, forceNew: true, query: this.query });
    for (const namespace of this.namespaces) {
      const socket = manager.socket(namespace, { auth: { token: bearer } });
      const hear = (event, ...args) => this.hear(namespace, event, args);
      for (const event of ["connect", "disconnect"]) socket.on(event, (reason) => hear(event, ...(reason ? [reason] : [])));
      socket.on("connect_error", (error) => hear("connect_error", error.message));
      socket.onAny(hear);
      this.doors.set(namespace, socket);
      socket.connect();
    }
    this.manager = manager;
    return undefined;
  }

  /** `{"event", "data"}` a message, as the document has it. */
  openPlain(bearer) {
    const address = `${this.url.replace("http", "ws")}${this.path}`;
    const ways = {
      header: () => new WebSocket(address, { headers: { authorization: `Bearer ${bearer}` } }),
      protocol: () => new WebSocket(address, ["whisperspace.events", `bearer.${bearer}`]),
      frame: () => new WebSocket(address),
    };
    this.plain = ways[this.way ?? "header"]();
    this.plain.on("open", () => {
      if (this.way === "frame") this.plain.send(JSON.stringify({ token: bearer }));
      this.hear("/", "connect", []);
    });
    this.plain.on("message", (text) => {
      const { event, data } = JSON.parse(text);
      this.hear("/", event, [data]);
    });
    this.plain.on("error", (error) => this.hear("/", "connect_error", [error.message]));
    this.plain.on("close", () => this.hear("/", "disconnect", []));
  }

  hear(namespace, event, args) {
    // After this one the official client stays away.
    if (event === "disconnect" && args[0] === "io server disconnect") this.isOpen = false;
    if (event === "fence") {
      this.fences.set(namespace, args[0]);
      return this.wake?.();
    }
    this.heard.push({ at: namespace === "/" ? this.name : this.name + namespace, event, args });
    return this.wake?.();
  }

  emit(namespace, event, args, answered) {
    const socket = this.doors.get(namespace);
    if (answered) socket.emit(event, ...args, answered);
    else socket.emit(event, ...args);
  }

  close() {
    this.isOpen = false;
    for (const socket of this.doors.values()) socket.disconnect();
    this.plain?.close();
  }

  /** As by a fault of the network. The client connects again by itself. */
  drop() {
    this.manager.engine.close();
  }
}
