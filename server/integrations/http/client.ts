import { isIP } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Agent, Client, type Dispatcher } from "undici";
import { checkHeaders } from "../../agent/kernel/check-mark.ts";
import { AppError } from "../../agent/kernel/errors.ts";
import { hostPort } from "../../agent/kernel/hosts.ts";
import type { OutboundHttp, OutboundRequest, OutboundResponse } from "../../agent/ports/outbound-http.ts";
import { inSpan, isRecorded, traceparentOf } from "../../agent/telemetry/span.ts";
import { type AddressRule, createAddressRule } from "./address-rule.ts";
import { type CircuitBreaker, createCircuitBreaker } from "./circuit-breaker.ts";
import { createConnector } from "./connector.ts";
import { describeNetworkError } from "./http-errors.ts";
import { createReachable, type Reachable } from "./reachable.ts";
import { type Hop, httpUrl, nextHop } from "./redirects.ts";
import { createHostResolver, type ResolveHost } from "./resolve-host.ts";
import { isIdempotent, isRetryStatus, retryDelayMs } from "./retry.ts";

export interface OutboundClient extends OutboundHttp {
  /** the same address rule, for probes that do not speak HTTP */
  reachable: Reachable;
  close(): Promise<void>;
}

export interface OutboundClientOptions {
  /** ranges of `outbound.allow` and `outbound.deny` */
  allow: readonly string[];
  deny: readonly string[];
  resolveHost?: ResolveHost;
  breaker?: CircuitBreaker;
  /** of Operate's own processes: signs what is sent with `check` */
  checkSecret?: string | undefined;
  /** certificate authorities to trust instead of the system's, PEM */
  ca?: string[];
  random?: () => number;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_BYTES = 2 ** 20;
const DEFAULT_REDIRECTS = 5;
const DEFAULT_RETRIES = 2;
const USER_AGENT = "Operate/0.1 (+outbound)";

/** why a connection of its own is closed; made once, as a stack trace for each costs more than the request */
const FINISHED = new Error("the answer was read");

interface Parts {
  rule: AddressRule;
  reachable: Reachable;
  ca: string[] | undefined;
  checkSecret: string | undefined;
  agents: { plain: Agent; trusted: Agent };
}

/** One answer of one hop, with its body read (up to the cap). */
interface Answer extends Pick<OutboundResponse, "status" | "headers" | "body" | "truncated" | "tls"> {}

/** The client for requests made on a user's behalf; see `OutboundHttp` for what it promises. */
export function createOutboundClient(options: OutboundClientOptions): OutboundClient {
  const rule = createAddressRule(options);
  const reachable = createReachable(rule, options.resolveHost ?? createHostResolver());
  const breaker = options.breaker ?? createCircuitBreaker();
  const agent = (trusted: boolean) =>
    new Agent({ connect: createConnector({ rule, reachable, trusted, ca: options.ca }), connections: 32 });
  const { ca, checkSecret } = options;
  const parts: Parts = { rule, reachable, ca, checkSecret, agents: { plain: agent(false), trusted: agent(true) } };

  return {
    reachable,
    request: (request) => {
      if (!isRecorded()) return send(parts, breaker, request, options.random);
      return traced(request, (withTrace) => send(parts, breaker, withTrace, options.random));
    },
    async close() {
      await Promise.all([parts.agents.plain.destroy(), parts.agents.trusted.destroy()]);
    },
  };
}

async function send(
  parts: Parts,
  breaker: CircuitBreaker,
  request: OutboundRequest,
  random: (() => number) | undefined,
): Promise<OutboundResponse> {
  const url = httpUrl(request.url);
  const limit = timeLimit(request, url.host);
  try {
    return await retrying(request, limit, random, () => attemptOnce(parts, breaker, request, url, limit));
  } finally {
    limit.clear();
  }
}

/** Part of a trace: a span by OpenTelemetry's conventions for HTTP clients, which the host is told of. */
function traced(request: OutboundRequest, ask: (request: OutboundRequest) => Promise<OutboundResponse>) {
  const method = request.method ?? "GET";
  const { hostname, port, protocol, origin, pathname } = httpUrl(request.url);
  const attributes = {
    "http.request.method": method,
    "url.full": origin + pathname, // the query may hold secrets
    "server.address": hostname,
    "server.port": Number(port) || (protocol === "https:" ? 443 : 80),
  };
  return inSpan(method, { kind: "client", attributes }, async (span) => {
    const answer = await ask({ ...request, headers: { ...request.headers, traceparent: traceparentOf(span) } });
    span.setAttribute("http.response.status_code", answer.status);
    if (answer.status >= 400) span.setAttribute("error.type", String(answer.status));
    return answer;
  });
}

type Limit = ReturnType<typeof timeLimit>;

/** The time for everything together, and the caller's own signal, as one. */
function timeLimit(request: OutboundRequest, host: string) {
  const timeoutMs = request.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const startedAt = performance.now();
  const controller = new AbortController();
  const giveUp = () => controller.abort();
  const timer = setTimeout(giveUp, timeoutMs);
  if (request.signal?.aborted) giveUp();
  request.signal?.addEventListener("abort", giveUp, { once: true });
  return {
    signal: controller.signal,
    elapsedMs: () => performance.now() - startedAt,
    leftMs: () => timeoutMs - (performance.now() - startedAt),
    error: () =>
      request.signal?.aborted
        ? new AppError("TIMEOUT", `The request to ${host} was given up.`)
        : new AppError("TIMEOUT", `${host} gave no full answer within ${timeoutMs} ms.`, {
            details: { host, timeoutMs },
          }),
    clear() {
      clearTimeout(timer);
      request.signal?.removeEventListener("abort", giveUp);
    },
  };
}

type Outcome = { response: OutboundResponse } | { error: AppError; retryable: boolean };

/** Repeats an attempt while that may help and there is time for it; ends with the last outcome. */
async function retrying(
  request: OutboundRequest,
  limit: Limit,
  random: (() => number) | undefined,
  attemptNext: () => Promise<Outcome>,
): Promise<OutboundResponse> {
  const attempts = isIdempotent(request.method ?? "GET") ? 1 + (request.retries ?? DEFAULT_RETRIES) : 1;
  for (let attempt = 1; ; attempt++) {
    const outcome = await attemptNext();
    const answered = "response" in outcome;
    const mayHelp = answered ? isRetryStatus(outcome.response.status) : outcome.retryable;
    const after = answered ? header(outcome.response.headers["retry-after"]) : null;
    const waitMs = retryDelayMs(attempt, after, Date.now(), random);
    if (!mayHelp || attempt >= attempts || waitMs >= limit.leftMs()) {
      if (answered) return outcome.response;
      throw outcome.error;
    }
    await delay(waitMs, undefined, { signal: limit.signal }).catch(() => Promise.reject(limit.error()));
  }
}

/** One attempt through all its redirects, counted by the circuit of the host that was asked for. */
async function attemptOnce(
  parts: Parts,
  breaker: CircuitBreaker,
  request: OutboundRequest,
  url: URL,
  limit: Limit,
): Promise<Outcome> {
  const circuit = request.breaker === false ? null : url.host;
  if (circuit) breaker.enter(circuit);
  try {
    const response = await followRedirects(parts, request, url, limit);
    if (circuit)
      response.status >= 502 && response.status <= 504 ? breaker.failed(circuit) : breaker.succeeded(circuit);
    return { response };
  } catch (cause) {
    const error = limit.signal.aborted ? limit.error() : describeNetworkError(cause, url.host);
    const ofHost = error.code === "UPSTREAM_UNAVAILABLE" || (error.code === "TIMEOUT" && !request.signal?.aborted);
    if (circuit) ofHost ? breaker.failed(circuit) : breaker.left(circuit);
    return { error, retryable: error.code === "UPSTREAM_UNAVAILABLE" };
  }
}

async function followRedirects(
  parts: Parts,
  request: OutboundRequest,
  url: URL,
  limit: Limit,
): Promise<OutboundResponse> {
  const maxRedirects = request.maxRedirects ?? DEFAULT_REDIRECTS;
  let hop: Hop = { url, method: request.method ?? "GET", headers: request.headers ?? {}, body: request.body };
  for (let redirects = 0; ; redirects++) {
    // for each hop anew: it is signed for one address
    const mark = request.check ? checkHeaders(parts.checkSecret, hop.url) : {};
    const answer = await askHop(parts, request, { ...hop, headers: { ...hop.headers, ...mark } }, limit.signal);
    const next = maxRedirects === 0 ? null : nextHop(hop, answer.status, header(answer.headers.location) ?? undefined);
    if (!next) return { ...answer, url: hop.url.href, redirects, durationMs: limit.elapsedMs() };
    if (redirects >= maxRedirects)
      throw new AppError("UPSTREAM_REJECTED", `${url.host} redirects more than ${maxRedirects} times.`);
    hop = next;
  }
}

const header = (value: string | string[] | undefined): string | null =>
  (Array.isArray(value) ? value[0] : value) ?? null;

/** One request to one host: its address is checked here and, for names, again by the connector. */
async function askHop(parts: Parts, request: OutboundRequest, hop: Hop, signal: AbortSignal): Promise<Answer> {
  const { url } = hop;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const trusted = request.trusted?.includes(hostPort(url)) ?? false;
  parts.rule.checkName(host);
  if (isIP(host)) parts.rule.checkAddress(host, trusted);
  if (request.keepAlive !== false)
    return await ask(trusted ? parts.agents.trusted : parts.agents.plain, request, hop, signal, () => null);
  let validTo: string | null = null;
  const connect = createConnector({
    ...parts,
    trusted,
    onTls: (socket) => {
      const until = Date.parse(socket.getPeerCertificate().valid_to);
      validTo = Number.isNaN(until) ? null : new Date(until).toISOString();
    },
  });
  // without a threshold, a server that announces a short keep-alive is not "reset", which costs an error each time
  const client = new Client(url.origin, { connect, headersTimeout: 0, bodyTimeout: 0, keepAliveTimeoutThreshold: 0 });
  try {
    return await ask(client, request, hop, signal, () => (validTo ? { validTo } : null));
  } finally {
    void client.destroy(FINISHED);
  }
}

async function ask(
  dispatcher: Dispatcher,
  request: OutboundRequest,
  hop: Hop,
  signal: AbortSignal,
  tls: () => Answer["tls"],
): Promise<Answer> {
  const { url } = hop;
  const credentials = url.username
    ? {
        authorization: `Basic ${Buffer.from(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`).toString("base64")}`,
      }
    : {};
  const { statusCode, headers, body } = await dispatcher.request({
    origin: url.origin,
    path: url.pathname + url.search,
    method: hop.method as Dispatcher.HttpMethod,
    headers: { "user-agent": USER_AGENT, ...credentials, ...hop.headers },
    body: hop.body ?? null,
    signal,
  });
  const maxBytes = request.maxBytes ?? DEFAULT_MAX_BYTES;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    const room = maxBytes - size;
    if (chunk.byteLength > room) {
      if (request.onTooLarge !== "truncate")
        throw new AppError("UPSTREAM_REJECTED", `${url.host} answered with more than ${maxBytes} bytes.`, {
          details: { host: url.host, maxBytes },
        });
      chunks.push(chunk.subarray(0, room));
      return { status: statusCode, headers, body: Buffer.concat(chunks), truncated: true, tls: tls() };
    }
    chunks.push(chunk);
    size += chunk.byteLength;
  }
  return { status: statusCode, headers, body: Buffer.concat(chunks), truncated: false, tls: tls() };
}
