import { activeSpan, durations, flush, inSpan, parentOf, traceparent } from "./telemetry.js";

/**
 * What the four services share: a small HTTP server with health, readiness, structured logs, traces, metrics and a
 * clean stop. Plain JavaScript on node:http, so that an instance starts at once and stays small.
 */

// An import reads all that node:http exports, among it WebSocket, which loads a whole HTTP client: 6 MB in each instance.
const http = process.getBuiltinModule("node:http");

const {
  PORT = "0",
  SERVICE_NAME = "shop",
  SERVICE_VERSION = "dev",
  SERVICE_ENVIRONMENT = "local",
  INSTANCE_ID = "-",
} = process.env;
export const version = SERVICE_VERSION;

export function log(level, message, fields = {}) {
  const span = activeSpan();
  const line = {
    time: new Date().toISOString(),
    level,
    service: SERVICE_NAME,
    version,
    environment: SERVICE_ENVIRONMENT,
    instance: INSTANCE_ID,
    message,
    ...fields,
    ...(span && { trace_id: span.traceId, span_id: span.spanId }),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Answers with a status and JSON. */
export class Failure extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

/**
 * Calls another service, within a request as a span of its own, and returns its JSON.
 * @throws Failure 502 when it cannot be reached or answers with an error, 504 when it takes too long
 */
export function call(baseUrl, path, { timeoutMs = 2_000, headers = {} } = {}) {
  if (!activeSpan()) return get(baseUrl + path, { timeoutMs, headers });
  const { pathname, hostname, port } = new URL(path, baseUrl);
  const attributes = {
    "http.request.method": "GET",
    "url.full": baseUrl + path,
    "server.address": hostname,
    "server.port": Number(port),
  };
  return inSpan(`GET ${pathname}`, { kind: "client", attributes }, (span) =>
    get(baseUrl + path, { timeoutMs, headers: { ...headers, traceparent: traceparent(span) } }, (status) =>
      span.set({ "http.response.status_code": status, ...(status >= 400 && { "error.type": String(status) }) }),
    ),
  );
}

function get(url, { timeoutMs, headers }, onStatus = () => {}) {
  const { pathname } = new URL(url);
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent, headers, timeout: timeoutMs }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", (error) => reject(new Failure(502, error.message)));
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        onStatus(response.statusCode);
        if (response.statusCode >= 400) reject(new Failure(502, `${pathname} answered ${response.statusCode}`));
        else resolve(JSON.parse(text));
      });
    });
    request.on("timeout", () => request.destroy(new Failure(504, `${pathname} took longer than ${timeoutMs} ms`)));
    request.on("error", (error) => reject(error instanceof Failure ? error : new Failure(502, error.message)));
  });
}

/**
 * Stands for work: a span that waits around `ms`, up to a quarter more or less, and now and then twice as long.
 * Returns the ms it took.
 */
export function work(name, ms, options = {}) {
  const spread = ms * (0.75 + Math.random() * 0.5);
  const waitMs = Math.random() < 0.02 ? spread * 2 : spread;
  return inSpan(name, options, async () => {
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    return Math.round(waitMs * 10) / 10;
  });
}

const send = (response, status, body) => {
  const text = JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  response.end(text);
};

const requestDuration = durations("http.server.request.duration", "Duration of HTTP server requests");

/**
 * Starts the service. `routes` maps a path to a handler `(url, headers) => body`; `ready()` and `health()` may throw
 * to say what is wrong. Readiness is the instance's own; health includes what it needs to serve. These probes are not
 * traced and logged only when they fail.
 */
export function serve({ routes, ready = () => {}, health = () => {} }) {
  const probes = {
    "/readyz": async () => (await ready()) ?? { status: "ready", version },
    "/healthz": async () => (await health()) ?? { status: "ok", version },
  };

  /** Answers and returns how it went. */
  async function answer(response, handler) {
    try {
      send(response, 200, await handler());
      return { status: 200 };
    } catch (error) {
      const status = error instanceof Failure ? error.status : 500;
      send(response, status, { error: error.message });
      return { status, error };
    }
  }

  async function probe(request, response, url) {
    const { status, error } = await answer(response, probes[url.pathname]);
    if (error)
      log(status >= 500 ? "error" : "info", error.message, { method: request.method, path: url.pathname, status });
  }

  async function serveRoute(request, response, url) {
    const startedAt = performance.now();
    const { method } = request;
    const route = Object.hasOwn(routes, url.pathname) ? url.pathname : undefined;
    const parent = parentOf(request.headers.traceparent);
    const attributes = {
      "http.request.method": method,
      "url.path": url.pathname,
      "url.scheme": "http",
      ...(route && { "http.route": route }),
    };
    await inSpan(route ? `${method} ${route}` : method, { kind: "server", attributes, parent }, async (span) => {
      const requestId = request.headers["x-request-id"];
      const { status, error } = await answer(response, () => {
        if (!route) throw new Failure(404, `nothing at ${url.pathname}`);
        return routes[route](url, requestId ? { "x-request-id": requestId } : {});
      });
      const durationMs = Math.round((performance.now() - startedAt) * 10) / 10;
      const outcome = { "http.response.status_code": status, ...(status >= 500 && { "error.type": String(status) }) };
      span.set(outcome);
      if (status >= 500) span.fail(error.message, error);
      requestDuration.record(durationMs / 1_000, {
        "http.request.method": method,
        ...(route && { "http.route": route }),
        ...outcome,
      });
      log(status >= 500 ? "error" : "info", error?.message ?? "request", {
        ...{ method, path: url.pathname, status, durationMs },
        ...(status === 500 && { stack: error.stack }),
      });
    });
  }

  const server = http.createServer((request, response) => {
    const url = new URL(request.url, "http://service");
    return Object.hasOwn(probes, url.pathname) ? probe(request, response, url) : serveRoute(request, response, url);
  });
  server.keepAliveTimeout = 15_000;
  server.listen(Number(PORT), "127.0.0.1", () => log("info", "listening", { port: server.address().port }));

  const stop = (signal) => {
    log("info", "stopping", { signal });
    server.close(() => flush().then(() => process.exit(0)));
    server.closeIdleConnections();
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}
