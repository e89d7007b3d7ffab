import { createServer, type Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "#server/agent/kernel/errors.ts";
import type { Outcome } from "#server/agent/kernel/outcomes.ts";
import type { ServiceRef, TrafficCounts } from "#server/agent/ports/platform.ts";
import { Exchange, type ExchangeHost, type Target } from "./exchange.ts";
import { HalfClosedClients } from "./half-closed.ts";
import { Rotation } from "./rotation.ts";
import { RouteChoice, type Routing } from "./route-choice.ts";
import { type Measured, TrafficRing } from "./traffic-ring.ts";
import { ConnectionPool } from "./upstream/connection-pool.ts";

export interface BalancerTimeouts {
  connectMs: number;
  /** from the request to the instance's response headers */
  headersMs: number;
  /** silence inside a response body */
  bodyMs: number;
}

const DEFAULT_TIMEOUTS: BalancerTimeouts = { connectMs: 2_000, headersMs: 60_000, bodyMs: 60_000 };
const CONNECTIONS_PER_INSTANCE = 256;
const CHECK_CLIENTS_MS = 1_000;
/** Longer than clients keep theirs, so that it is the client that closes an idle connection. */
const KEEP_ALIVE_MS = 65_000;

/** The HTTP load balancer of one service in one environment, on the loopback interface. */
export class Balancer implements ExchangeHost {
  readonly ref: ServiceRef;
  readonly rotation = new Rotation<Target>();
  readonly routes: RouteChoice;
  readonly #ring = new TrafficRing();
  readonly #server: Server;
  readonly #timeouts: BalancerTimeouts;
  readonly #active = new Set<Exchange>();
  readonly #halfClosed = new HalfClosedClients();
  readonly #checks: NodeJS.Timeout;
  #lastVersion: string | null = null;
  readonly #observer: { currentVersion(): string | null; refused(instanceId: string): void };

  constructor(
    ref: ServiceRef,
    observer: { currentVersion(): string | null; refused(instanceId: string): void },
    timeouts: Partial<BalancerTimeouts> = {},
    routing: Routing = { sticky: null, previewHeader: null },
  ) {
    this.ref = ref;
    this.routes = new RouteChoice(routing);
    this.#observer = observer;
    this.#timeouts = { ...DEFAULT_TIMEOUTS, ...timeouts };
    this.#server = createServer(
      { keepAliveTimeout: KEEP_ALIVE_MS, optimizeEmptyRequests: true },
      (request, response) => {
        const exchange = new Exchange(this, request, response);
        this.#active.add(exchange);
        exchange.start();
      },
    );
    // Node's own, though not in its documentation: who closes only its sending side still gets its answer.
    Object.assign(this.#server, { httpAllowHalfOpen: true });
    this.#server.on("connection", (socket) => socket.on("end", () => this.#halfClosed.watch(socket)));
    this.#checks = setInterval(() => {
      for (const exchange of this.#active) exchange.checkClient();
    }, CHECK_CLIENTS_MS).unref();
  }

  /** Opens the listener. @throws PRECONDITION when the port is taken. */
  async listen(port: number): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once("error", reject);
    this.#server.listen(port, "127.0.0.1", 1024, resolve);
    try {
      await promise;
    } catch (cause) {
      this.#server.off("listening", resolve);
      const message = `Port ${port} for the balancer of ${this.ref.service} in ${this.ref.environment} cannot be opened. Free it, or give the service another port.`;
      throw new AppError("PRECONDITION", message, { details: { ...this.ref, port }, cause });
    }
    this.#server.off("error", reject);
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : port;
  }

  /** A target for an instance that listens on `port`; it takes requests once it is in the rotation. */
  createTarget(instanceId: string, version: string, port: number): Target {
    const pool = new ConnectionPool(port, CONNECTIONS_PER_INSTANCE, this.#timeouts);
    return { instanceId, version, inFlight: 0, pool };
  }

  /** Also when nothing runs any more: what is refused then counts for the version that ran last. */
  currentVersion(): string | null {
    this.#lastVersion = this.#observer.currentVersion() ?? this.#lastVersion;
    return this.#lastVersion;
  }

  refused(instanceId: string): void {
    this.#observer.refused(instanceId);
  }

  record(version: string, outcome: Outcome, tookMs: number): void {
    this.#lastVersion = version;
    this.#ring.record(version, outcome, tookMs, Date.now());
  }

  settled(exchange: Exchange): void {
    this.#active.delete(exchange);
  }

  /** Adds how many instances of a version are ready now and how many requests it has in flight. */
  look(version: string, instances: number, inFlight: number, nowMs: number): void {
    this.#ring.look(version, instances, inFlight, nowMs);
  }

  /** Adds what the instances of a version took until the bucket's end at `boundaryMs`. */
  measure(version: string, measured: Measured, boundaryMs: number): void {
    this.#ring.measure(version, measured, boundaryMs, Date.now());
  }

  samplesSince(sinceMs: number, nowMs: number = Date.now()): TrafficCounts[] {
    return this.#ring.samplesSince(this.ref, sinceMs, nowMs);
  }

  trafficSince(sinceMs: number, nowMs: number = Date.now()): TrafficCounts[] {
    return this.#ring.since(this.ref, sinceMs, nowMs);
  }

  /** Stops listening, lets requests in flight finish for at most `graceMs`, then cuts them. */
  async close(graceMs: number): Promise<void> {
    if (!this.#server.listening) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeIdleConnections();
    const deadline = Date.now() + graceMs;
    while (this.#active.size > 0 && Date.now() < deadline) await sleep(20);
    for (const exchange of this.#active) exchange.cut();
    this.#server.closeAllConnections();
    clearInterval(this.#checks);
    await promise;
  }
}
