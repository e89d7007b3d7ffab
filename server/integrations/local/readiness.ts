import { get } from "node:http";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { belongsTo, describeHolder, portsOf, strangerOn } from "./port-holder.ts";

interface Asked {
  port: number;
  /** null: whoever accepts a connection is ready */
  path: string | null;
  timeoutMs: number;
  instance: { id: string; pid: number };
  /** its process ended: an answer would not be its own any more */
  signal: AbortSignal;
}

/**
 * Asks an instance over a new connection whether it is ready. Null means ready (a status from 200 to 399, of a
 * listener of its own); otherwise the reason in a few words.
 */
export async function checkReadiness({ port, path, timeoutMs, instance, signal }: Asked): Promise<string | null> {
  const failure = await (path === null ? accepts(port, timeoutMs) : answers(port, path, timeoutMs));
  if (signal.aborted) return failure;
  if (failure === NOBODY) return nobodyListens(port, instance);
  const stranger = strangerOn(port, instance);
  return stranger === null ? failure : `port ${port} is held by ${describeHolder(stranger)}`;
}

const NOBODY = "nothing listens";

/** What a service does that ignores PORT is the commonest fault of a first start. */
async function nobodyListens(port: number, instance: Asked["instance"]): Promise<string> {
  await sleep(0); // the walk through /proc is not part of anybody's request
  const [other] = portsOf(belongsTo(instance));
  return other === undefined
    ? `nothing listens on port ${port} yet`
    : `nothing listens on port ${port}, which it was given as PORT; it listens on ${other} instead`;
}

function answers(port: number, path: string, timeoutMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const request = get({ host: "127.0.0.1", port, path, agent: false, timeout: timeoutMs }, (response) => {
      const status = response.statusCode ?? 0;
      response.resume();
      settle(status >= 200 && status < 400 ? null : `${path} answered ${status}`);
    });
    const timer = setTimeout(() => settle(`${path} did not answer within ${timeoutMs} ms`), timeoutMs);
    const settle = (reason: string | null) => {
      clearTimeout(timer);
      resolve(reason);
      request.destroy();
    };
    request.on("error", (error: NodeJS.ErrnoException) =>
      settle(error.code === "ECONNREFUSED" ? NOBODY : `${path}: ${error.message}`),
    );
  });
}

function accepts(port: number, timeoutMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    const timer = setTimeout(() => settle(`port ${port} accepted no connection within ${timeoutMs} ms`), timeoutMs);
    const settle = (reason: string | null) => {
      clearTimeout(timer);
      resolve(reason);
      socket.destroy();
    };
    socket.once("connect", () => settle(null));
    socket.on("error", (error: NodeJS.ErrnoException) =>
      settle(error.code === "ECONNREFUSED" ? NOBODY : `port ${port}: ${error.message}`),
    );
  });
}
