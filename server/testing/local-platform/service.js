import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createServer } from "node:http";

/**
 * The service under test. Its version says how it behaves: `crash` ends at once, `never` is never ready, `stubborn`
 * ignores SIGTERM, `forking` starts a child of its own, `daemonizing` one in a session of its own, `taken` wants a port
 * that is TAKEN_PORT, `failing` answers one request in twenty with 500, `slow` one in five late, `hanging` never
 * answers one in four, `missing` answers one in three with 404, `redirecting` all but /hello with 307, `chatty` prints a
 * hundred lines a second, `hasty` ends as soon as it has said goodbye to its WebSockets, `waiting` waits
 * for its clients without a word; anything else is good.
 */
const { PORT, TAKEN_PORT, SERVICE_VERSION: version, INSTANCE_ID: instance } = process.env;

if (version === "crash") {
  console.error("boom: no configuration");
  process.exit(3);
}
const detached = version === "daemonizing";
const child = detached || version === "forking" ? spawn("sleep", ["600"], { stdio: "ignore", detached }) : undefined;

/** Uses that much CPU time, however busy the machine is. */
function burn(ms) {
  const before = process.cpuUsage();
  for (let used = 0; used < ms * 1_000; ) {
    const { user, system } = process.cpuUsage(before);
    used = user + system;
  }
}

/** Which requests are answered how; null: never. */
const FLAWS = {
  failing: { every: 20, status: 500 },
  hanging: { every: 4, status: null },
  missing: { every: 3, status: 404 },
  redirecting: { every: 1, status: 307 },
};

let ticks = 0;
if (version === "chatty") setInterval(() => console.log(`tick ${++ticks} of ${process.pid}`), 10);

let visits = 0;
let asked = 0;
let ready = version !== "never";
const server = createServer(async (request, response) => {
  const url = new URL(request.url, "http://service");
  const reply = (status, body) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
  if (url.pathname === "/readyz") return reply(ready ? 200 : 503, {});
  asked++;
  const flaw = FLAWS[version];
  if (flaw && url.pathname !== "/hello" && asked % flaw.every === 0)
    return flaw.status === null ? undefined : reply(flaw.status, {});
  if (version === "slow" && asked % 5 === 0) await new Promise((done) => setTimeout(done, 300));
  if (url.pathname === "/visit") visits++;
  if (url.pathname === "/visits") return reply(200, visits);
  if (url.pathname === "/exit") return process.exit(Number(url.searchParams.get("code")));
  if (url.pathname === "/unready") ready = false;
  if (url.pathname === "/env") return reply(200, process.env);
  if (url.pathname === "/headers") return reply(200, request.headers);
  if (url.pathname === "/hang") return;
  if (url.pathname === "/stream")
    return response.writeHead(200, { "content-type": "text/event-stream" }).write(":\n\n");
  if (url.pathname === "/slow") await new Promise((done) => setTimeout(done, Number(url.searchParams.get("ms"))));
  if (url.pathname === "/status") return reply(Number(url.searchParams.get("code")), {});
  if (url.pathname === "/large") return response.end(Buffer.alloc(Number(url.searchParams.get("bytes")), "x"));
  if (url.pathname === "/burn") burn(Number(url.searchParams.get("ms")));
  if (url.pathname === "/log") console.error(url.searchParams.get("text"));
  let bytes = 0;
  for await (const chunk of request) bytes += chunk.length;
  reply(200, { version, instance, pid: process.pid, child: child?.pid, bytes });
});
server.listen(Number(version === "taken" ? TAKEN_PORT : PORT), "127.0.0.1", () =>
  console.log(JSON.stringify({ message: "listening", version })),
);

/** WebSockets (RFC 6455) that say nothing until they are closed. */
const webSockets = new Set();
const CLOSE = 0x88;
server.on("upgrade", ({ headers }, socket) => {
  const key = `${headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash("sha1").update(key).digest("base64");
  const lines = ["HTTP/1.1 101 Hello", "Upgrade: websocket", "Connection: Upgrade", `Sec-WebSocket-Accept: ${accept}`];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  webSockets.add(socket);
  socket.on("error", () => {}).on("close", () => webSockets.delete(socket));
  socket.on("data", ([first]) => first === CLOSE && socket.end());
});

process.on("SIGTERM", () => {
  if (version === "stubborn") return;
  // 1001: it is going away
  if (version !== "waiting")
    for (const socket of webSockets) socket.write(Buffer.from([CLOSE, 2, 1001 >> 8, 1001 & 0xff]));
  if (version === "hasty") process.exit(0);
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
