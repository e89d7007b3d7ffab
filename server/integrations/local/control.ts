import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { AppError, toAppError } from "#server/agent/kernel/errors.ts";
import { statusOf } from "#server/http-status.ts";
import { askDirectly } from "./ask-directly.ts";
import type { Fleet } from "./fleet.ts";
import {
  type DaemonAnswer,
  DirectInput,
  DrainInput,
  FollowInput,
  type LeaveAnswer,
  LinesInput,
  PROTOCOL,
  StartInput,
  StopInput,
  WAIT_MS,
  WeightsInput,
} from "./protocol.ts";

/** a direct request's body may have 64 KiB, each byte of which may be escaped */
const LARGEST_BODY_BYTES = 512 * 1024;

interface Call {
  parts: string[];
  query: URLSearchParams;
  body(): Promise<unknown>;
}

type Handler = (fleet: Fleet, call: Call) => unknown;

const ROUTES: Record<string, Handler> = {
  "GET daemon": (): z.infer<typeof DaemonAnswer> => ({
    pid: process.pid,
    protocol: PROTOCOL,
    build: process.env.OPERATE_DAEMON_BUILD ?? "",
    settings: process.env.OPERATE_DAEMON_SETTINGS ?? "",
  }),
  "POST daemon/leave": async (fleet): Promise<z.infer<typeof LeaveAnswer>> => {
    await fleet.leave();
    return { saved: true };
  },
  "GET services": (fleet) => fleet.units.all().map((unit) => unit.describe()),
  "GET services/:environment/:service": (fleet, { parts: [, environment = "", service = ""] }) =>
    fleet.units.get({ service, environment }).describe(),
  "PUT services/:environment/:service/weights": async (fleet, { parts: [, environment = "", service = ""], body }) => {
    const unit = fleet.units.get({ service, environment });
    const { weights, candidate } = WeightsInput.parse(await body());
    await unit.setWeights(weights, candidate);
    return {};
  },
  "POST services/:environment/:service/ask": async (fleet, { parts: [, environment = "", service = ""], body }) =>
    askDirectly(fleet.units.get({ service, environment }), DirectInput.parse(await body())),
  "GET services/:environment/:service/samples": (fleet, { parts: [, environment = "", service = ""], query }) => {
    const sinceMs = Date.parse(z.iso.datetime().parse(query.get("since")));
    return fleet.units.get({ service, environment }).balancer.samplesSince(sinceMs);
  },
  "POST instances": async (fleet, { body }) => {
    const { version, key, ...ref } = StartInput.parse(await body());
    const unit = fleet.units.get(ref);
    return unit.describeInstance(await unit.start(version, key));
  },
  "POST instances/:id/stop": async (fleet, { parts: [, id = ""], body }) => {
    const { drainTimeoutMs } = StopInput.parse(await body());
    const found = fleet.units.findInstance(id);
    if (found === null) return { done: true, note: null };
    const stopped = await within(found.unit.stop(found.instance, drainTimeoutMs));
    return { done: stopped !== null, note: stopped?.note ?? null };
  },
  "POST instances/:id/drain": async (fleet, { parts: [, id = ""], body }) => {
    const { timeoutMs } = DrainInput.parse(await body());
    const found = fleet.units.findInstance(id);
    if (found === null) return { done: true, remaining: 0 };
    const remaining = await found.instance.drain(Math.min(timeoutMs, WAIT_MS));
    return { done: remaining === 0 || timeoutMs <= WAIT_MS, remaining };
  },
  "POST instances/:id/undrain": async (fleet, { parts: [, id = ""] }) => {
    fleet.units.getInstance(id).instance.undrain();
    await fleet.saveOrRetry();
    return {};
  },
  "GET instances/:id/logs": async (fleet, { parts: [, id = ""], query }) => {
    const lines = LinesInput.parse(query.get("lines") ?? "100");
    if (!/^[a-z0-9_]+$/.test(id) || !(await fleet.logs.exists(id))) fleet.units.getInstance(id);
    return fleet.logs.tail(id, lines);
  },
  "POST logs/follow": async (fleet, { body }) => fleet.follower.follow(FollowInput.parse(await body())),
  "GET traffic": (fleet, { query }) => {
    const sinceMs = Date.parse(z.iso.datetime().parse(query.get("since")));
    return fleet.units.all().flatMap((unit) => unit.balancer.trafficSince(sinceMs));
  },
};

interface ControlEvents {
  onFault: (error: unknown) => void;
  /** the daemon was asked to end without its instances, has written what the next one must know, and has answered */
  onLeft: () => void;
}

/** The control API of the daemon, to be listened on the control socket. */
export function createControlServer(fleet: Fleet, { onFault, onLeft }: ControlEvents): Server {
  return createServer(async (request, response) => {
    try {
      fleet.assertOpen();
      const [handler, call] = route(request);
      const value = await handler(fleet, call);
      if (handler === ROUTES["POST daemon/leave"]) {
        if (response.closed) onLeft();
        else response.once("close", onLeft);
      }
      answer(response, 200, value);
    } catch (cause) {
      const error = cause instanceof z.ZodError ? invalid(cause) : toAppError(cause);
      if (error.code === "INTERNAL") onFault(cause);
      const { code, message, details } = error;
      answer(response, statusOf(error), { error: { code, message, details } });
    }
  });
}

function route(request: IncomingMessage): [Handler, Call] {
  const url = new URL(request.url ?? "/", "http://daemon");
  const parts = url.pathname.split("/").slice(2).map(decodeURIComponent);
  for (const [pattern, handler] of Object.entries(ROUTES)) {
    const [method, path = ""] = pattern.split(" ");
    const names = path.split("/");
    const fits = method === request.method && names.length === parts.length;
    if (fits && names.every((name, i) => name.startsWith(":") || name === parts[i]))
      return [handler, { parts, query: url.searchParams, body: () => readBody(request) }];
  }
  throw new AppError("NOT_FOUND", `The daemon has no ${request.method} ${url.pathname}. Is it of another version?`);
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > LARGEST_BODY_BYTES) throw new AppError("INVALID", "The request is too large.");
    chunks.push(chunk as Buffer);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch (cause) {
    throw new AppError("INVALID", "The request is not JSON.", { cause });
  }
}

const invalid = (cause: z.ZodError): AppError =>
  new AppError("INVALID", z.prettifyError(cause), { cause, details: { issues: cause.issues } });

/** What the work came to within one answer's time; null when it goes on. */
async function within<T>(work: Promise<T>): Promise<T | null> {
  const timer = new AbortController();
  try {
    return await Promise.race([work, sleep(WAIT_MS, null, { signal: timer.signal, ref: false }).catch(() => null)]);
  } finally {
    timer.abort();
  }
}

function answer(response: ServerResponse, status: number, value: unknown): void {
  const text = JSON.stringify(value);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  response.end(text);
}
