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
  /** what was found out before about who listens */
  seen: SeenListeners;
  /** its process ended: an answer would not be its own any more */
  signal: AbortSignal;
}

/**
 * Asks an instance over a new connection whether it is ready. Null means ready (a status from 200 to 399, of a
 * listener of its own); otherwise the reason in a few words.
 */
export async function checkReadiness({ port, path, timeoutMs, instance, seen, signal }: Asked): Promise<string | null> {
  const failure = await (path === null ? accepts(port, timeoutMs) : answers(port, path, timeoutMs));
  if (signal.aborted) return failure;
  if (failure === NOBODY) return seen.instead(instance.pid, () => nobodyListens(port, instance));
  return seen.stranger(instance.pid, () => strangerReason(port, instance)) ?? failure;
}

const NOBODY = "nothing listens";

function strangerReason(port: number, instance: Asked["instance"]): string | null {
  const stranger = strangerOn(port, instance);
  return stranger === null ? null : `port ${port} is held by ${describeHolder(stranger)}`;
}

/** Nobody takes a port from a process that listens on it: who owns it need not be asked at every check. */
const OWN_MS = 60_000;
const OTHERS_MS = 2_000;

/**
 * What was found out about who listens on an instance's port. Reading /proc takes long where there are many sockets
 * and processes, and the balancers wait for it: it is read again after a minute, or after 2 s while something is wrong.
 */
export class SeenListeners {
  #stranger: { pid: number; untilMs: number; reason: string | null } | null = null;
  #instead: { pid: number; untilMs: number; reason: Promise<string> } | null = null;

  /** Why the listener is not the process's own; null when it is. */
  stranger(pid: number, look: () => string | null): string | null {
    const nowMs = performance.now();
    if (this.#stranger?.pid !== pid || nowMs >= this.#stranger.untilMs) {
      const reason = look();
      this.#stranger = { pid, reason, untilMs: nowMs + (reason === null ? OWN_MS : OTHERS_MS) };
    }
    return this.#stranger.reason;
  }

  /** Where the process listens instead, in words. */
  instead(pid: number, look: () => Promise<string>): Promise<string> {
    this.#stranger = null;
    const nowMs = performance.now();
    if (this.#instead?.pid !== pid || nowMs >= this.#instead.untilMs)
      this.#instead = { pid, reason: look(), untilMs: nowMs + OTHERS_MS };
    return this.#instead.reason;
  }
}

/** What a service does that ignores PORT is the commonest fault of a first start. */
async function nobodyListens(port: number, instance: Asked["instance"]): Promise<string> {
  await sleep(0); // the walk through /proc is not part of anybody's request
  const ports = portsOf(belongsTo(instance));
  const [other] = ports;
  // it may have begun to listen after it was asked
  return other === undefined || ports.includes(port)
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
