import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { Gauge, Histogram, type Registry } from "prom-client";
import { deliberateDelayMs } from "../limits/deliberate-delay.ts";

/** What the web process answers, under the names of OpenTelemetry's semantic conventions for HTTP servers. */

/** https://opentelemetry.io/docs/specs/semconv/http/http-metrics/ */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]);
/** first parts of paths that are told apart; the rest comes from outside and has no end */
const PAGES = new Set([
  ...["healthz", "loki", "metrics", "readyz", "setup", "sign-in"],
  "audit",
  "compare",
  "deployments",
  "health",
  "incidents",
  "ingest",
  "logs",
  "map",
  "metrics-explorer",
  "services",
  "settings",
  "traces",
]);
const APIS = new Set(["auth", "ingest", "mcp", "setup", "trpc", "v1"]);

/** The route of a path: one of a few. */
export function routeOf(url: string | undefined): string {
  const [, first = "", second = ""] = (url ?? "/").split(/[/?#]/, 3);
  if (first === "") return "/";
  if (first === "api") return APIS.has(second) ? `/api/${second}` : "other";
  if (first === "_next") return "/_next";
  return PAGES.has(first) ? `/${first}` : "other";
}

export interface HttpMetrics {
  /**
   * Counts a request from now to its end, without what it waited on purpose, as its answer says. A stream that stays
   * open and a connection that changes its protocol tell nothing of speed and are left out.
   */
  observe(request: IncomingMessage, response: ServerResponse): void;
}

export function createHttpMetrics(registry: Registry): HttpMetrics {
  const registers = [registry];
  const duration = new Histogram({
    name: "http_server_request_duration_seconds",
    help: "Duration of HTTP server requests",
    labelNames: ["http_request_method", "http_route", "http_response_status_code"],
    buckets: BUCKETS,
    registers,
  });
  const active = new Gauge({
    name: "http_server_active_requests",
    help: "HTTP requests that are being answered, without open streams",
    registers,
  });
  return {
    observe(request, response) {
      const began = performance.now();
      const route = routeOf(request.url);
      const method = METHODS.has(request.method ?? "") ? String(request.method) : "_OTHER";
      active.inc();
      let counted = true;
      const leave = () => {
        if (counted) active.dec();
        counted = false;
      };
      let streams = false;
      let waitedMs = 0;
      const writeHead = response.writeHead;
      response.writeHead = ((...given: Parameters<typeof writeHead>) => {
        const told = deliberateDelayMs(headerOf("server-timing", response, given));
        waitedMs = told ?? 0;
        streams = told === null || given[0] === 101 || isStream(response, given);
        if (streams) leave();
        return writeHead.apply(response, given);
      }) as typeof writeHead;
      response.once("close", () => {
        leave();
        if (streams) return;
        const status = response.writableFinished ? response.statusCode : 499; // gone before the answer, as nginx says it
        duration.observe(
          { http_request_method: method, http_route: route, http_response_status_code: String(status) },
          Math.max(0, performance.now() - began - waitedMs) / 1_000,
        );
      });
    },
  };
}

/** Headers are set one by one before, or given with the status, as an object or as names and values in turn. */
function headerOf(name: string, response: ServerResponse, given: readonly unknown[]): string {
  const headers = given.find((one): one is object => typeof one === "object" && one !== null) ?? {};
  const list = Array.isArray(headers) ? headers : [];
  const at = list.findIndex((one, i) => i % 2 === 0 && String(one).toLowerCase() === name);
  const [, value] = Object.entries(headers).find(([key]) => key.toLowerCase() === name) ?? [];
  return String((at >= 0 ? list[at + 1] : value) ?? response.getHeader(name) ?? "");
}

const isStream = (response: ServerResponse, given: readonly unknown[]): boolean =>
  headerOf("content-type", response, given).startsWith("text/event-stream");

/** Observes every request of a server. */
export const observeRequests = (server: Server, metrics: HttpMetrics): void => {
  server.on("request", (request: IncomingMessage, response: ServerResponse) => metrics.observe(request, response));
};
