// socket.io-client on strings: one JSON object a line. In: {auth?}, {emit, args, ack?, times?}, {drop}, {close}.
// Out: {on, args}, {ack, args}. Everything is decided by the test that holds the other end.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const [url, way, auth] = process.argv.slice(2);
const ways = { polling: ["polling"], websocket: ["websocket"], upgrade: ["polling", "websocket"] };
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const socket = io(url, {
  transports: ways[way],
  auth: JSON.parse(auth),
  reconnectionDelay: 50,
  reconnectionDelayMax: 200,
});
socket.on("connect", () => say({ on: "connect", args: [] }));
socket.on("connect_error", (error) => say({ on: "connect_error", args: [error.message] }));
socket.on("disconnect", (reason) => say({ on: "disconnect", args: [reason] }));
socket.onAny((on, ...args) => say({ on, args }));
socket.io.on("open", () => {
  socket.io.engine.on("upgrade", (transport) => say({ on: "upgraded", args: [transport.name] }));
});

createInterface({ input: process.stdin }).on("line", (line) => {
  const told = JSON.parse(line);
  if (told.drop) socket.io.engine.close();
  if (told.close) socket.disconnect();
  if (told.emit && told.ack) socket.emit(told.emit, ...told.args, (...args) => say({ ack: told.ack, args }));
  else if (told.emit) for (let times = told.times ?? 1; times > 0; times--) socket.emit(told.emit, ...told.args);
}).on("close", () => process.exit(0));
