import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { Counter, collectDefaultMetrics, Gauge, Histogram, register } from "prom-client";

/**
 * A service with metrics for Prometheus at /metrics, under the names its client libraries advise. It tells Prometheus
 * where it listens by a file for file_sd_configs.
 */

const {
  PORT = "0",
  SERVICE_NAME = "tickets",
  SERVICE_VERSION = "dev",
  SERVICE_ENVIRONMENT = "local",
  INSTANCE_ID = `pid-${process.pid}`,
  OPERATE_DATA_DIR = ".operate",
} = process.env;
const FAILS = SERVICE_VERSION === "1.1.0" ? 0.05 : 0.002;

collectDefaultMetrics();
const requests = new Counter({ name: "http_requests_total", help: "HTTP requests answered", labelNames: ["code"] });
const duration = new Histogram({
  name: "http_request_duration_seconds",
  help: "How long HTTP requests took",
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
});
const inFlight = new Gauge({ name: "http_requests_in_flight", help: "HTTP requests being answered" });

function sell(response) {
  const stop = duration.startTimer();
  inFlight.inc();
  setTimeout(
    () => {
      const status = Math.random() < FAILS ? 500 : 200;
      response.writeHead(status, { "content-type": "application/json" });
      response.end(status === 200 ? '{"ticket":true}' : '{"error":"sold out by mistake"}');
      requests.inc({ code: String(status) });
      inFlight.dec();
      stop();
    },
    5 + Math.random() * 40,
  );
}

const server = http.createServer(async (request, response) => {
  if (request.url === "/readyz" || request.url === "/healthz") return response.end("ok");
  if (request.url !== "/metrics") return sell(response);
  response.writeHead(200, { "content-type": register.contentType });
  response.end(await register.metrics());
});

const folder = join(OPERATE_DATA_DIR, "prometheus");
const targetFile = join(folder, `${INSTANCE_ID}.json`);
server.listen(Number(PORT), "127.0.0.1", () => {
  const { port } = server.address();
  const labels = { service: SERVICE_NAME, environment: SERVICE_ENVIRONMENT, version: SERVICE_VERSION };
  mkdirSync(folder, { recursive: true });
  writeFileSync(targetFile, JSON.stringify([{ targets: [`127.0.0.1:${port}`], labels }]));
  console.log(JSON.stringify({ level: "info", message: "listening", port }));
});

const stop = () => {
  rmSync(targetFile, { force: true });
  server.close(() => process.exit(0));
  server.closeIdleConnections();
};
process.on("SIGTERM", stop);
process.on("SIGINT", stop);
