import { createServer } from "node:http";
import next from "next";
import { rejectRequest } from "./auth/front-door.ts";
import { closeRuntime } from "./container/index.ts";
import { Listeners } from "./integrations/local/balancer/listeners.ts";
import { refusedAtGate } from "./limits/front-gate.ts";
import { shutdown } from "./shutdown.ts";
import { observeRequests } from "./telemetry/http-metrics.ts";
import { createLogger } from "./telemetry/log.ts";
import { httpMetrics } from "./telemetry/metrics.ts";
import { failureOf } from "./telemetry/request-failure.ts";
import { startTracing } from "./telemetry/tracing.ts";
import { underSupervisor } from "./under-supervisor.ts";
import { answerUnreadable } from "./unreadable-requests.ts";

/** The web process: Next.js behind a plain HTTP server, so that it can end while live subscriptions are open. */

const log = createLogger("web");
const port = Number(process.env.PORT ?? 4310);
const hostname = process.env.HOST ?? "127.0.0.1";
const GIVE_UP_MS = 3_500;
const dev = process.env.OPERATE_DEV === "1";

/** Open subscriptions end first, then tracing, then requests in flight, then the connections to the database. */
const channel = underSupervisor(async (reason) => {
  log.info({ reason }, "ending");
  shutdown.abort();
  await tracing.stop(); // while this process still takes in what it sends
  const closed = listeners.close();
  server.closeIdleConnections();
  setTimeout(() => server.closeAllConnections(), 2_000).unref();
  await closed;
  await closeRuntime();
}, GIVE_UP_MS);
const server = createServer();
const listeners = new Listeners(server);
const tracing = await startTracing("web");
// as `next start --experimental-next-config-strip-types`: else Next starts a compiler of 25 MB to read its configuration
process.env.__NEXT_NODE_NATIVE_TS_LOADER_ENABLED = "true";
const app = next({ dev, dir: process.cwd(), hostname, port, quiet: !dev });
await app.prepare();
const handle = app.getRequestHandler();

answerUnreadable(server);
observeRequests(server, httpMetrics()); // first, so that what fails counts, too
server.on("request", (request, response) => {
  if (rejectRequest(request, response) || refusedAtGate(request, response)) return;
  handle(request, response).catch((err: unknown) => {
    log.error(failureOf(request, err), "request failed");
    if (!response.headersSent) response.writeHead(500).end();
    else response.destroy();
  });
});
if (dev) server.on("upgrade", app.getUpgradeHandler());
server.requestTimeout = 60_000;
server.headersTimeout = 15_000;
// Longer than senders and agents keep theirs, so that they close an idle connection and see no reset.
server.keepAliveTimeout = 65_000;

try {
  await listeners.listen({ port, host: hostname });
} catch (err) {
  log.error({ err }, "cannot listen");
  process.exit(1); // the supervisor tries again
}
log.info({ hostname, port }, "listening");
channel.ready();
