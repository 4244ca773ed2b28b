// A proxy between browser and server that rewrites every document on its way, as minifying ones do. Everything else, and
// sockets, it passes on as they are.
import http from "node:http";
import net from "node:net";

export class Proxy {
  private constructor(
    private readonly server: http.Server,
    private readonly lines: Set<net.Socket>,
  ) {}

  /** Starts one on a free port, in front of the port of a server. */
  static async start(target: number, rewrite: (html: string) => string): Promise<Proxy> {
    const lines = new Set<net.Socket>();
    const server = http.createServer((request, response) => {
      const headers = { ...request.headers };
      // What is compressed cannot be rewritten.
      delete headers["accept-encoding"];
      const options = { host: "127.0.0.1", port: target, method: request.method, path: request.url, headers };
      const onward = http.request(options, (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () => {
          let body = Buffer.concat(chunks);
          const told = { ...answer.headers };
          if (told["content-type"]?.startsWith("text/html")) {
            body = Buffer.from(rewrite(body.toString()));
          }
          delete told["content-length"];
          delete told["transfer-encoding"];
          response.writeHead(answer.statusCode ?? 502, told).end(body);
        });
      });
      onward.on("error", () => response.destroy());
      request.pipe(onward);
    });
    server.on("connection", (line) => {
      lines.add(line);
      line.on("close", () => lines.delete(line));
    });
    server.on("upgrade", (request, near: net.Socket, head) => {
      const far = net.connect(target, "127.0.0.1", () => {
        const pairs = Array.from({ length: request.rawHeaders.length / 2 }, (_, at) => request.rawHeaders.slice(2 * at, 2 * at + 2));
        const lines = pairs.map(([name, value]) => `${name}: ${value}\r\n`).join("");
        far.write(`${request.method} ${request.url} HTTP/1.1\r\n${lines}\r\n`);
        far.write(head);
        near.pipe(far);
        far.pipe(near);
      });
      for (const [one, other] of [
        [near, far],
        [far, near],
      ]) {
        one.on("error", () => other.destroy());
        one.on("close", () => other.destroy());
      }
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", resolve);
    });
    return new Proxy(server, lines);
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
}
