import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { allowedNames, shownName } from "../agent/kernel/allowed-names.ts";
import type { Runtime } from "../agent/kernel/context.ts";
import { AppError, toAppError } from "../agent/kernel/errors.ts";
import { identifySender, type Sender } from "../auth/sender.ts";
import { rememberSender } from "../limits/actor-limits.ts";
import { discardRest } from "../limits/bounded-body.ts";
import { createLogger } from "../telemetry/log.ts";
import { mediaType, refusalOf, WRITTEN_HEADERS } from "./answer.ts";
import { collectorAnswers } from "./answers.ts";
import { ENDPOINTS } from "./endpoints.ts";
import { forwardingSlots, forwardRefusal } from "./forwarding-slots.ts";
import { isLiveInstance } from "./live-instances.ts";
import { collectorSocket, REACH_HEADER, SENDER_HEADER } from "./socket.ts";

const log = createLogger("ingest");

const ANSWER_TIMEOUT_MS = 120_000;
const READY = "/ready";
const READY_TIMEOUT_MS = 2_000;

const agent = new Agent({ keepAlive: true, maxFreeSockets: 64 });

/** @throws NOT_FOUND naming the paths that take telemetry, and the nearest */
function checkPath(path: string): void {
  if (path === READY || Object.hasOwn(ENDPOINTS, path)) return;
  const names = allowedNames(path, Object.keys(ENDPOINTS));
  throw new AppError("NOT_FOUND", `Nothing is taken at ${shownName(path)} below /api/ingest; ${names}.`);
}

/**
 * Passes a request for `path` (below /api/ingest) on to the collector of this machine once its sender is known. The
 * body is streamed and never held here. An unknown path is 404 before anybody is looked up or counted.
 */
export async function forwardIngest(
  runtime: Pick<Runtime, "db" | "now" | "telemetry" | "identity"> & { dataDir: string },
  request: Request,
  path: string,
): Promise<Response> {
  try {
    checkPath(path);
    if (path === READY) return await ready(runtime.dataDir);
    const sender = await senderOf(runtime, request, path);
    const work = () => pass(runtime.dataDir, request, path, sender);
    const { slots, reserved, instances, own } = forwardingSlots();
    if (sender.own) return await own.withSlot(work, refuse);
    if (sender.claimant === null) {
      const { name, writer = name } = sender;
      return await reserved.withSlot(writer, work, () => instances.withSlot(writer, work, refuse));
    }
    return await slots.withSlot(sender.claimant, work, refuse);
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.code === "INTERNAL") log.error({ err: thrown }, "a request could not be passed on");
    const contentType = mediaType(request.headers.get("content-type"));
    const { status, headers, body, contentType: answered } = refusalOf(error, path, contentType);
    return new Response(body as BodyInit, { status, headers: { ...headers, "content-type": answered } });
  }
}

async function senderOf(
  runtime: Pick<Runtime, "db" | "now" | "telemetry" | "identity"> & { dataDir: string },
  { headers }: Request,
  path: string,
): Promise<Sender> {
  const credential = headers.get("authorization");
  try {
    const sender = await identifySender(runtime.identity ?? runtime, headers, noteRefusal(runtime, path));
    const instance = sender.claimant === null ? sender.boundTo?.instance : undefined;
    if (instance !== undefined) await checkInstance(runtime.dataDir, instance);
    rememberSender(credential, true);
    return sender;
  } catch (error) {
    if (["UNAUTHENTICATED", "FORBIDDEN"].includes(toAppError(error).code)) rememberSender(credential, false);
    throw error;
  }
}

/** @throws UNAUTHENTICATED once it has ended, UPSTREAM_UNAVAILABLE while that is not known: senders keep what they have */
async function checkInstance(dataDir: string, instance: string): Promise<void> {
  const isLive = await isLiveInstance(dataDir, instance);
  if (isLive === null)
    throw new AppError(
      "UPSTREAM_UNAVAILABLE",
      "Whether the instance of this token still runs is not known now. Send it again later.",
    );
  if (!isLive) throw new AppError("UNAUTHENTICATED", "The instance of this token has ended, and its token with it.");
}

/** For the ingest page: whoever looks there for a sender that does not get through sees why. */
const noteRefusal =
  ({ telemetry }: Pick<Runtime, "telemetry">, path: string) =>
  ({ name }: { name: string }, { message }: AppError): void => {
    const endpoint = ENDPOINTS[path];
    if (!endpoint) return;
    const { signal, protocol } = endpoint;
    telemetry.store
      .noteRefusal(signal, { protocol, name }, [{ reason: message, count: 1, example: null }])
      .catch((err: unknown) => log.warn({ err }, "a refusal was not written down"));
  };

function refuse(): never {
  forwardingSlots().refusedAtMs = performance.now();
  throw new AppError("RATE_LIMITED", "Too many requests at once. Send it again later, or send larger batches.");
}

/** Whether telemetry is taken now: 503 with the reason when not. */
async function ready(dataDir: string): Promise<Response> {
  const refusal = forwardRefusal();
  if (refusal !== null) throw new AppError("UPSTREAM_UNAVAILABLE", refusal);
  if (await collectorAnswers(dataDir, READY_TIMEOUT_MS)) return new Response("ready\n");
  throw new AppError("UPSTREAM_UNAVAILABLE", "The collector does not run. Send it again later.");
}

async function pass(dataDir: string, request: Request, path: string, sender: Sender): Promise<Response> {
  const { name: senderName, claimant: _, ...reach } = sender;
  const headers: Record<string, string> = {
    [SENDER_HEADER]: encodeURIComponent(senderName),
    [REACH_HEADER]: Buffer.from(JSON.stringify(reach)).toString("base64url"),
  };
  for (const name of ["content-type", "content-encoding", "content-length"]) {
    const value = request.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  const socketPath = collectorSocket(dataDir);
  const upstream = httpRequest({
    socketPath,
    agent,
    method: request.method,
    path,
    headers,
    timeout: ANSWER_TIMEOUT_MS,
  });
  upstream.flushHeaders(); // the collector counts the time of the body, also of one that never begins
  const giveUp = () => upstream.destroy(new Error("the sender went away"));
  request.signal.addEventListener("abort", giveUp, { once: true });
  try {
    const answer = answerOf(upstream);
    void sendBody(request.body, upstream, answer);
    return await responseOf(await answer);
  } finally {
    request.signal.removeEventListener("abort", giveUp);
    if (!upstream.writableEnded) upstream.destroy(); // it waits for the rest of the body, which nobody sends
  }
}

async function responseOf(incoming: IncomingMessage): Promise<Response> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const kept = ["content-type", "retry-after", "allow", ...WRITTEN_HEADERS].flatMap((name) => {
    const value = incoming.headers[name];
    return typeof value === "string" ? [[name, value] as [string, string]] : [];
  });
  const status = incoming.statusCode ?? 502;
  return new Response(status === 204 ? null : Buffer.concat(chunks), { status, headers: kept });
}

function answerOf(upstream: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    upstream.once("response", resolve);
    upstream.once("timeout", () => upstream.destroy(new Error("no answer")));
    upstream.on("error", (cause) =>
      reject(new AppError("UPSTREAM_UNAVAILABLE", "The collector does not run. Send it again later.", { cause })),
    );
  });
}

/** Streams the body until it ends or the collector has answered; what is left then is read and thrown away. */
async function sendBody(
  body: ReadableStream<Uint8Array> | null,
  upstream: ClientRequest,
  answer: Promise<IncomingMessage>,
): Promise<void> {
  if (!body) {
    upstream.end();
    return;
  }
  const reader = body.getReader();
  let answered = false;
  const over = answer
    .catch(() => {})
    .then(() => {
      answered = true;
    });
  try {
    for (let next = await reader.read(); !next.done && !answered; next = await reader.read()) {
      if (!upstream.write(next.value))
        await Promise.race([over, new Promise((resolve) => upstream.once("drain", resolve))]);
    }
    if (!answered) upstream.end();
    else await discardRest(reader);
  } catch {
    upstream.destroy(); // the sender went away
  }
}
