// Many clients that ask for everything the moment they are connected, as the original's client does.
// Arguments: url, room. Standard input: one token a line. Prints how each call was answered.
import { readFileSync } from "node:fs";
import { io } from "socket.io-client";

const [url, room] = process.argv.slice(2);
const tokens = readFileSync(0, "utf8").split("\n").filter(Boolean);
const ways = [["websocket"], ["polling", "websocket"], ["polling"]];
const tally = { join_room: 0, send_message: 0, refused: 0 };

function client(token, number) {
  return new Promise((resolve, reject) => {
    const socket = io(url, { auth: { token }, transports: ways[number % 3], forceNew: true, reconnection: false });
    socket.on("connect_error", reject);
    socket.on("disconnect", (reason) => reject(new Error(reason)));
    socket.on("connect", () => {
      let open = 2;
      const answered = (event) => (answer) => {
        if (answer.ok) tally[event] += 1;
        else if (answer.code === "RATE_LIMIT") tally.refused += 1;
        else reject(new Error(JSON.stringify(answer)));
        open -= 1;
        if (open === 0) resolve(socket);
      };
      socket.emit("join_room", room, answered("join_room"));
      socket.emit("send_message", { room, content: `from ${number}` }, answered("send_message"));
    });
  });
}

await Promise.all(tokens.map(client));
process.stdout.write(`${JSON.stringify(tally)}\n`);
process.exit(0);
