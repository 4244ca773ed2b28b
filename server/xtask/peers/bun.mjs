// A peer of `cargo xtask bench fanout`: Bun's own publish and subscribe, nothing around it.
// "jROOM" joins, anything else goes to the room that was joined last.
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(Bun.argv[2] ?? 0),
  fetch(request, server) {
    if (server.upgrade(request, { data: { room: "" } })) return;
    return new Response("", { status: 404 });
  },
  websocket: {
    idleTimeout: 0,
    message(socket, text) {
      if (text[0] === "j") {
        socket.data.room = text;
        socket.subscribe(text);
        socket.send(text);
      } else {
        server.publish(socket.data.room, text);
      }
    },
  },
});
console.log(`listening on 127.0.0.1:${server.port}`);
