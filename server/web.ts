import { createServer } from "node:http";
import next from "next";
import { stampClientAddress } from "./auth/client-address.ts";
import { closeRuntime } from "./container.ts";
import { shutdown } from "./shutdown.ts";
import { observeRequests } from "./telemetry/http-metrics.ts";
import { createLogger } from "./telemetry/log.ts";
import { httpMetrics } from "./telemetry/metrics.ts";
import { startTracing } from "./telemetry/tracing.ts";

/** The web process: Next.js behind a plain HTTP server, so that it can end while live subscriptions are open. */

const log = createLogger("web");
const port = Number(process.env.PORT ?? 4310);
const hostname = process.env.HOST ?? "127.0.0.1";
const dev = process.env.OPERATE_DEV === "1";

const tracing = await startTracing("web");
const app = next({ dev, dir: process.cwd(), hostname, port, quiet: !dev });
await app.prepare();
const handle = app.getRequestHandler();

const server = createServer();
observeRequests(server, httpMetrics()); // first, so that what fails counts, too
server.on("request", (request, response) => {
  stampClientAddress(request);
  handle(request, response).catch((err: unknown) => {
    log.error({ err, url: request.url?.split("?")[0] }, "request failed");
    if (!response.headersSent) response.writeHead(500).end();
    else response.destroy();
  });
});
if (dev) server.on("upgrade", app.getUpgradeHandler());
server.requestTimeout = 60_000;
server.headersTimeout = 15_000;
// Longer than senders and agents keep theirs, so that they close an idle connection and see no reset.
server.keepAliveTimeout = 65_000;

server.once("error", (err) => {
  log.error({ err }, "cannot listen");
  process.exitCode = 1;
  process.disconnect?.();
});
server.listen(port, hostname, () => {
  log.info({ hostname, port }, "listening");
  process.send?.({ type: "ready" });
});

let ending = false;
/** Open subscriptions end first, then tracing, then requests in flight, then the connections to the database. */
async function end(reason: string): Promise<void> {
  if (ending) return;
  ending = true;
  log.info({ reason }, "ending");
  shutdown.abort();
  await tracing.stop(); // while this process still takes in what it sends
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  setTimeout(() => server.closeAllConnections(), 2_000).unref();
  await closed;
  await closeRuntime();
  process.exit(0);
}
process.on("SIGTERM", () => void end("SIGTERM"));
process.on("SIGINT", () => {}); // a terminal's Ctrl-C goes to the supervisor, which ends everything in order
process.on("disconnect", () => void end("supervisor gone"));
