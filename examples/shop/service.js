import http from "node:http";

/**
 * What the four services share: a small HTTP server with health, readiness, structured logs and a clean stop.
 * Plain JavaScript on node:http, so that an instance starts at once and stays small.
 */

const {
  PORT = "0",
  SERVICE_NAME = "shop",
  SERVICE_VERSION = "dev",
  SERVICE_ENVIRONMENT = "local",
  INSTANCE_ID = "-",
} = process.env;
export const version = SERVICE_VERSION;

export function log(level, message, fields = {}) {
  const line = {
    time: new Date().toISOString(),
    level,
    service: SERVICE_NAME,
    version,
    environment: SERVICE_ENVIRONMENT,
  };
  process.stdout.write(`${JSON.stringify({ ...line, instance: INSTANCE_ID, message, ...fields })}\n`);
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
 * Calls another service and returns its JSON.
 * @throws Failure 502 when it cannot be reached or answers with an error, 504 when it takes too long
 */
export function call(baseUrl, path, { timeoutMs = 2_000, headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.get(`${baseUrl}${path}`, { agent, headers, timeout: timeoutMs }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", (error) => reject(new Failure(502, error.message)));
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        if (response.statusCode >= 400) reject(new Failure(502, `${path} answered ${response.statusCode}`));
        else resolve(JSON.parse(text));
      });
    });
    request.on("timeout", () => request.destroy(new Failure(504, `${path} took longer than ${timeoutMs} ms`)));
    request.on("error", (error) => reject(error instanceof Failure ? error : new Failure(502, error.message)));
  });
}

/** Stands for work: waits around `ms`, up to a quarter more or less, and now and then twice as long. */
export function work(ms) {
  const spread = ms * (0.75 + Math.random() * 0.5);
  return new Promise((resolve) => setTimeout(resolve, Math.random() < 0.02 ? spread * 2 : spread));
}

const send = (response, status, body) => {
  const text = JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  response.end(text);
};

/**
 * Starts the service. `routes` maps a path to a handler `(url, headers) => body`; `ready()` and `health()` may throw
 * to say what is wrong. Readiness is the instance's own; health includes what it needs to serve.
 */
export function serve({ routes, ready = () => {}, health = () => {} }) {
  const server = http.createServer(async (request, response) => {
    const startedAt = performance.now();
    const url = new URL(request.url, "http://service");
    const probe = url.pathname === "/healthz" || url.pathname === "/readyz";
    let status = 200;
    let error;
    try {
      if (url.pathname === "/readyz") send(response, 200, (await ready()) ?? { status: "ready", version });
      else if (url.pathname === "/healthz") send(response, 200, (await health()) ?? { status: "ok", version });
      else {
        const route = routes[url.pathname];
        if (!route) throw new Failure(404, `nothing at ${url.pathname}`);
        const passedOn = Object.fromEntries(
          ["traceparent", "x-request-id"].flatMap((name) =>
            request.headers[name] ? [[name, request.headers[name]]] : [],
          ),
        );
        send(response, 200, await route(url, passedOn));
      }
    } catch (cause) {
      status = cause instanceof Failure ? cause.status : 500;
      error = cause.message;
      send(response, status, { error });
    }
    if (probe && status < 400) return;
    const durationMs = Math.round((performance.now() - startedAt) * 10) / 10;
    log(status >= 500 ? "error" : "info", error ?? "request", {
      method: request.method,
      path: url.pathname,
      status,
      durationMs,
    });
  });
  server.keepAliveTimeout = 15_000;
  server.listen(Number(PORT), "127.0.0.1", () => log("info", "listening", { port: server.address().port }));

  const stop = (signal) => {
    log("info", "stopping", { signal });
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}
