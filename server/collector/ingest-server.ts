import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Ingest } from "../agent/ingest/index.ts";
import { AppError, toAppError } from "../agent/kernel/errors.ts";
import type { Sender } from "../agent/ports/telemetry-store.ts";
import { type Answer, mediaType, refusalOf } from "./answer.ts";
import { createBudget } from "./budget.ts";
import { ENDPOINTS, type Endpoint } from "./endpoints.ts";
import { readBody } from "./read-body.ts";
import { REACH_HEADER, SENDER_HEADER } from "./socket.ts";

interface Options {
  ingest: Ingest;
  limits: { maxBodyBytes: number; maxPendingBytes: number };
  /** ms since 1970 */
  now: () => number;
  /** told of faults of ours */
  onFault: (error: unknown) => void;
  bodyTimeoutMs?: number;
}

/** a body may be this many times larger once it is decompressed */
const MOST_RATIO = 4;
const BODY_TIMEOUT_MS = 30_000;

/** of `maxPendingBytes`, for Operate's own processes alone */
const OWN_SHARE = 1 / 16;

/**
 * Takes telemetry from the web process, which has checked who sends it. Nothing is acknowledged before it is
 * committed; what there is no room for is refused before it is read.
 */
export function createIngestServer({ ingest, limits, now, onFault, bodyTimeoutMs = BODY_TIMEOUT_MS }: Options): Server {
  const budget = createBudget(limits.maxPendingBytes);
  // beside what senders fill: while too much arrives, Operate's own figures say so
  const ownBudget = createBudget(limits.maxPendingBytes * OWN_SHARE);

  async function take(request: IncomingMessage, endpoint: Endpoint, sender: Sender, gone: AbortSignal) {
    const { contentType, contentEncoding } = formatOf(request, endpoint);
    const receivedAtMs = now();
    const { body, share } = await readBody(request, {
      maxBodyBytes: limits.maxBodyBytes,
      budget: sender.own ? ownBudget : budget,
      timeoutMs: bodyTimeoutMs,
    });
    try {
      const mostBytes = limits.maxBodyBytes * MOST_RATIO;
      const taken = { sender, body, contentType, contentEncoding, mostBytes, receivedAtMs, gone };
      return endpoint.succeeded(await endpoint.take(ingest, taken), contentType);
    } finally {
      share.close();
    }
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.split("?")[0] ?? "/";
    if (path === "/ready") return send(response, { status: 200, contentType: "text/plain", body: "ready\n" });
    const endpoint = ENDPOINTS[path];
    const sender = senderOf(request, endpoint?.protocol ?? "");
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    try {
      if (!endpoint) throw new AppError("NOT_FOUND", `Nothing is taken at ${path}. Send to ${known()}.`);
      if (request.method !== "POST")
        throw new AppError("INVALID", "Send it with POST.", { details: { status: 405, allow: "POST" } });
      send(response, await take(request, endpoint, sender, gone.signal));
    } catch (thrown) {
      const error = toAppError(thrown);
      if (error.code === "INTERNAL") onFault(thrown);
      if (endpoint && !gone.signal.aborted)
        ingest.refused(endpoint.signal, sender, [{ reason: error.message, count: 1, example: null }]);
      send(response, refusalOf(error, path, mediaType(request.headers["content-type"])));
    }
  }

  const server = createServer((request, response) => void serve(request, response));
  server.requestTimeout = 0; // the body has its own time, and a request may wait for the database
  server.keepAliveTimeout = 30_000;
  return server;
}

/** As the web process says it; nobody else reaches this socket. */
function senderOf({ headers }: IncomingMessage, protocol: string): Sender {
  const said = Buffer.from(String(headers[REACH_HEADER] ?? ""), "base64url").toString("utf8");
  const reach = JSON.parse(said || "{}") as Pick<Sender, "own" | "boundTo">;
  return { ...reach, protocol, name: decodeURIComponent(String(headers[SENDER_HEADER] ?? "")) };
}

const known = (): string => Object.keys(ENDPOINTS).join(", ");

/** @throws INVALID with status 415, naming what is taken */
function formatOf({ headers }: IncomingMessage, { accepts }: Endpoint) {
  const contentType = headers["content-type"] ?? "";
  if (!accepts.includes(mediaType(contentType)))
    throw new AppError("INVALID", `Send it with the Content-Type ${accepts.join(" or ")}.`, {
      details: { allowed: accepts },
    });
  const encoding = headers["content-encoding"]?.trim().toLowerCase();
  return { contentType, contentEncoding: encoding === "identity" ? undefined : encoding };
}

function send(response: ServerResponse, { status, contentType, body, headers = {} }: Answer) {
  if (response.destroyed) return;
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.length;
  response.writeHead(status, {
    ...(length > 0 ? { "content-type": contentType } : {}),
    ...(status === 204 ? {} : { "content-length": String(length) }),
    ...headers,
  });
  response.end(body);
}
