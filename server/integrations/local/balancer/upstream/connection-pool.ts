import type { Socket } from "node:net";
import { catchErrors } from "../catch-errors.ts";
import { Connection, type UpstreamLimits, type UpstreamRequest } from "./connection.ts";

const LOOK_MS = 100;
/** an instance may close a little before the time it named */
const HINT_MARGIN_MS = 1_000;
/** what cannot be repeated is sent on a used connection only within this time after its last answer … */
const FRESH_MS = 20;
/** … and only to an instance that was seen to keep idle connections at least so long, and never to close one sooner */
const PROVEN_MS = 100;
/** instances look after their idle connections now and then, not at the very moment */
const IDLE_MARGIN = 0.8;

/** more than wait can hardly be answered in time */
const MOST_WAITING = 1_024;

/** The connections to one instance, on the loopback interface. */
export class ConnectionPool {
  readonly limits: UpstreamLimits;
  readonly #port: number;
  readonly #onFault: (error: unknown) => void;
  readonly #all = new Set<Connection>();
  /** those of all that carry a stream, which may last for hours: they take no place of other requests */
  readonly #streams = new Set<Connection>();
  /** connections that speak another protocol */
  readonly #upgraded = new Set<Socket>();
  /** the one used last is at the end */
  readonly #idle: Connection[] = [];
  /** those for whom there is no connection yet, and since when */
  readonly #waiting = new Map<UpstreamRequest, number>();
  #timer: NodeJS.Timeout | null = null;
  #keepsIdle = false;
  #closesEarly = false;
  /** how long connections were idle and still served, at most, and after how long one was closed, at least */
  #keptIdleMs = 0;
  #closedIdleMs = Infinity;
  /** idle ones whose end may have come together with their last answer, not read yet */
  readonly #unread: Connection[] = [];
  #closing: PromiseWithResolvers<void> | null = null;
  stopped = false;

  /** @param onFault told what was thrown while it looked after its connections, which goes on */
  constructor(port: number, limits: UpstreamLimits, onFault: (error: unknown) => void = () => {}) {
    this.#port = port;
    this.limits = limits;
    this.#onFault = onFault;
  }

  /** Sends a request on a connection of this pool, or tells it that it was refused. */
  dispatch(request: UpstreamRequest): void {
    if (this.#closing !== null) {
      this.#refuse(request);
      return;
    }
    const idle = this.#takeIdle(request);
    if (idle !== undefined) idle.send(request);
    else if (!this.#full) this.#open(request);
    else this.#wait(request);
  }

  /** Who has waited longest is likeliest to leave, or has left: it makes room. */
  #wait(request: UpstreamRequest): void {
    const [oldest] = this.#waiting.size < MOST_WAITING ? [] : this.#waiting.keys();
    if (oldest !== undefined) this.#turnAway(oldest);
    this.#waiting.set(request, performance.now());
  }

  #turnAway(request: UpstreamRequest): void {
    this.#waiting.delete(request);
    request.onFailure({ kind: "overloaded", begun: false, closedIdle: false });
  }

  /** Stops working on a request whose client is gone; it is told nothing. */
  abandon(request: UpstreamRequest): void {
    this.#waiting.delete(request);
    request.connection?.abandon();
  }

  /**
   * Takes no more requests; resolves when those in flight and all upgraded connections have ended.
   * @param why whose doing it is that those without a connection get none: as the first call has it
   */
  close(why: "order" | "crash" = "order"): Promise<void> {
    if (this.#closing === null) this.stopped = why === "order";
    this.#closing ??= Promise.withResolvers();
    for (const connection of this.#idle.splice(0)) connection.destroy();
    for (const request of this.#waiting.keys()) {
      this.#waiting.delete(request);
      this.#refuse(request);
    }
    this.#resolveClosing();
    return this.#closing.promise;
  }

  #refuse(request: UpstreamRequest): void {
    request.onFailure({ kind: this.stopped ? "stopped" : "refused", begun: false, closedIdle: false });
  }

  /** Cuts connections that speak another protocol. */
  cutUpgraded(): void {
    for (const socket of this.#upgraded) socket.destroy();
  }

  /** Cuts answers that go on until somebody has enough. */
  cutStreams(): void {
    for (const connection of this.#all) if (connection.streams) connection.destroy();
  }

  /** Cuts what is in flight. */
  destroy(): Promise<void> {
    const closed = this.close();
    for (const connection of this.#all) connection.destroy();
    this.cutUpgraded();
    return closed;
  }

  upgraded(connection: Connection, socket: Socket): void {
    this.#upgraded.add(socket);
    socket.once("close", () => {
      this.#upgraded.delete(socket);
      this.#resolveClosing();
    });
    this.closed(connection);
  }

  get #full(): boolean {
    return this.#all.size - this.#streams.size >= this.limits.maxConnections;
  }

  streams(connection: Connection): void {
    if (this.#streams.size >= this.limits.maxStreams) return;
    this.#streams.add(connection);
    this.#serveWaiting();
  }

  /** Most servers keep an idle connection for 5 s when they do not say how long. */
  #keptMs({ keepAliveMs }: Connection): number {
    return keepAliveMs === null ? this.limits.instanceIdleMs : keepAliveMs - HINT_MARGIN_MS;
  }

  #resolveClosing(): void {
    if (this.#all.size === 0 && this.#upgraded.size === 0) this.#closing?.resolve();
  }

  released(connection: Connection): void {
    this.#streams.delete(connection);
    if (this.#closing !== null) connection.destroy();
    else {
      this.#idle.push(connection);
      // runs after what is there to be read was read
      if (this.#unread.push(connection) === 1) setImmediate(() => this.#unread.splice(0));
      if (this.#waiting.size > 0) this.#serveWaiting();
    }
  }

  closed(connection: Connection): void {
    this.#all.delete(connection);
    this.#streams.delete(connection);
    const place = this.#idle.indexOf(connection);
    if (place !== -1) {
      this.#idle.splice(place, 1);
      const idleMs = connection.quietMs(performance.now());
      this.#closedIdleMs = Math.min(this.#closedIdleMs, idleMs);
      if (idleMs < PROVEN_MS) this.#closesEarly = true;
    }
    if (this.#all.size === 0) {
      if (this.#timer !== null) clearInterval(this.#timer);
      this.#timer = null;
      this.#resolveClosing();
    }
    this.#serveWaiting();
  }

  /** Only then says a connection that is lost without an answer nothing about the instance. */
  mayHaveClosed(idleMs: number): boolean {
    return this.#closesEarly || idleMs >= IDLE_MARGIN * Math.min(this.#keptIdleMs, this.#closedIdleMs);
  }

  keptIdle(idleMs: number): void {
    this.#keptIdleMs = Math.max(this.#keptIdleMs, idleMs);
  }

  #serveWaiting(): void {
    for (const request of this.#waiting.keys()) {
      if (request.doubtful) continue;
      const idle = this.#takeIdle(request);
      if (idle === undefined && this.#full) return;
      this.#waiting.delete(request);
      if (idle !== undefined) idle.send(request);
      else this.#open(request);
    }
  }

  #takeIdle(request: UpstreamRequest): Connection | undefined {
    const newest = this.#idle.at(-1);
    if (newest === undefined) return undefined;
    const nowMs = performance.now();
    if (request.repeatable ? newest.quietMs(nowMs) < this.#keptMs(newest) : this.#isFresh(newest, nowMs))
      return this.#idle.pop();
    // None of the idle ones will do: when there may be no more, the oldest makes room.
    if (this.#full) {
      const oldest = this.#idle.shift();
      if (oldest !== undefined) this.#drop(oldest);
    }
    return undefined;
  }

  #isFresh(connection: Connection, nowMs: number): boolean {
    const proven = this.#keepsIdle && !this.#closesEarly;
    return proven && connection.quietMs(nowMs) < FRESH_MS && !this.#unread.includes(connection);
  }

  /** Its place is free at once, not only when the socket is closed. */
  #drop(connection: Connection): void {
    this.#all.delete(connection);
    connection.destroy();
  }

  #open(request: UpstreamRequest): void {
    this.#all.add(new Connection(this, this.#port, request));
    this.#timer ??= setInterval(
      catchErrors(this.#onFault, () => this.#look()),
      LOOK_MS,
    ).unref();
  }

  #look(): void {
    const nowMs = performance.now();
    for (const connection of this.#all) {
      if (!connection.idle) connection.checkTime(nowMs);
      else if (connection.quietMs(nowMs) >= PROVEN_MS) this.#keepsIdle = true;
    }
    for (const [request, sinceMs] of this.#waiting) {
      if (nowMs - sinceMs <= this.limits.queueMs) break;
      this.#turnAway(request);
    }
    if (this.#waiting.size > 0) this.#serveWaiting();
    const kept = this.#idle.filter((one) => one.quietMs(nowMs) < this.#keptMs(one));
    if (kept.length === this.#idle.length) return;
    for (const connection of this.#idle.splice(0, Infinity, ...kept))
      if (!kept.includes(connection)) connection.destroy();
  }
}
