import { createServer } from "node:http";

/** A tiny HTTP server to be load-tested; sends its port to the parent. */
const body = JSON.stringify({ ok: true, items: Array.from({ length: 20 }, (_, i) => i) });
const server = createServer((_, response) => {
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  response.end(body);
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", 1024, () => {
  const address = server.address();
  process.send?.({ port: typeof address === "object" && address !== null ? address.port : 0 });
});
process.on("disconnect", () => process.exit(0));
