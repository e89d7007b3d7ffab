import { createServer, type IncomingMessage, type Server, ServerResponse } from "node:http";
import { BlockList, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { ClockJumps, monotonicMs } from "#server/agent/kernel/clock.ts";
import { AppError } from "#server/agent/kernel/errors.ts";
import type { TrafficCounts } from "#server/agent/ports/traffic.ts";
import type { ServiceRef } from "#server/agent/ports/workloads.ts";
import { NO_VERSION, type Outcome } from "#server/agent/telemetry/outcomes.ts";
import { describeHolder, holderOf, listenersOn } from "../instance/port-holder.ts";
import { catchErrors } from "./catch-errors.ts";
import { ClientConnection, type ClientHost, type Expectation } from "./client-connection.ts";
import { Exchange } from "./exchange.ts";
import type { ExchangeHost, Target } from "./exchange-host.ts";
import { HalfClosedClients } from "./half-closed.ts";
import { Listeners, LOOPBACK } from "./listeners.ts";
import { Overload } from "./overload.ts";
import { pendingOfAll, withPending } from "./pending.ts";
import { refuseConnect } from "./refusals.ts";
import { Rotation } from "./rotation.ts";
import { RouteChoice, type Routing } from "./route-choice.ts";
import { type Ended, type Measured, TrafficRing } from "./traffic-ring.ts";
import { Tunnel } from "./tunnel.ts";
import { uncounted } from "./uncounted.ts";
import type { UpstreamLimits } from "./upstream/connection.ts";
import { ConnectionPool } from "./upstream/connection-pool.ts";

interface BalancerLimits extends UpstreamLimits {
  /** from the first byte of a request to the end of its head */
  headMs: number;
  /** from the first byte of a request to its last */
  requestMs: number;
  /** silence between two requests of a client */
  keepAliveMs: number;
}

/** What is set for one service; each has a default. */
export interface BalancerOptions extends Partial<BalancerLimits> {
  /** addresses and networks (CIDR) of fronts whose X-Forwarded-* and Forwarded are kept */
  trustedProxies?: readonly string[];
  maxUpgraded?: number;
}

interface BalancerObserver {
  /** the version that runs; null when none does */
  currentVersion(): string | null;
  /** an instance refused a connection */
  refused(instanceId: string): void;
  /** Operate itself sent it, to find out whether the service is well; default: nobody's is */
  isCheck?(request: IncomingMessage): boolean;
  /** something in here threw that should not have: its exchange has ended, and all others go on */
  fault?(error: unknown): void;
}

/** as in the configuration, whose schema says why */
const DEFAULTS: Required<BalancerOptions> = {
  ...{ connectMs: 2_000, headersMs: 60_000, bodyMs: 300_000, streamMs: 3_600_000, queueMs: 10_000 },
  ...{ headMs: 60_000, clientMs: 120_000, instanceIdleMs: 4_000, maxConnections: 256, maxStreams: 1_000 },
  ...{ requestMs: 3_600_000, keepAliveMs: 65_000, trustedProxies: [], maxUpgraded: 1_000 },
};
/** in flight at a balancer that is very late: more is turned away */
const BUSY = 256;
const CHECK_CLIENTS_MS = 1_000;
/** requests that wait behind others of their clients, in all: each takes some kilobytes */
const MOST_WAITING = 8_192;
/** how often is asked whether a client that may be gone is */
const DOUBT_MS = 25;

/** The HTTP load balancer of one service in one environment, on the loopback interface. */
export class Balancer implements ExchangeHost, ClientHost {
  readonly ref: ServiceRef;
  readonly rotation = new Rotation<Target>();
  readonly routes: RouteChoice;
  readonly counts = true;
  readonly #uncounted = uncounted(this);
  readonly #ring = new TrafficRing();
  readonly #clock = new ClockJumps();
  readonly #startMs = monotonicMs();
  readonly #server: Server;
  readonly #listeners: Listeners;
  readonly #options: Required<BalancerOptions>;
  readonly #trusted = new BlockList();
  readonly #overload = new Overload(
    catchErrors(
      (error) => this.fault(error),
      (fromMs, toMs) => this.#ring.stall(fromMs, toMs),
    ),
  );
  #upgraded = 0;
  readonly #active = new Set<Exchange>();
  readonly #clients = new Map<unknown, ClientConnection>();
  #waiting = 0;
  readonly #halfClosed = new HalfClosedClients((error) => this.fault(error));
  readonly #checks: NodeJS.Timeout;
  #lastVersion: string | null = null;
  readonly #observer: BalancerObserver;

  constructor(
    ref: ServiceRef,
    observer: BalancerObserver,
    options: BalancerOptions = {},
    routing: Routing = { sticky: null, previewHeader: null },
  ) {
    this.ref = ref;
    this.routes = new RouteChoice(routing);
    this.#observer = observer;
    this.#options = { ...DEFAULTS, ...options };
    for (const proxy of this.#options.trustedProxies) trust(this.#trusted, proxy);
    const { headMs, requestMs, keepAliveMs } = this.#options;
    this.#server = createServer(
      {
        keepAliveTimeout: keepAliveMs,
        requestTimeout: requestMs,
        headersTimeout: Math.min(headMs, requestMs),
        connectionsCheckingInterval: Math.min(30_000, headMs, requestMs),
        optimizeEmptyRequests: true,
        // refused in one place with what else cannot be passed on
        requireHostHeader: false,
        shouldUpgradeCallback: asksForUpgrade,
      },
      this.#onRequest("none"),
    );
    this.#server
      .on("checkContinue", this.#onRequest("continue"))
      .on("checkExpectation", this.#onRequest("unknown"))
      .on("upgrade", (request, socket: Socket, first) => {
        this.#with(socket, (client) => {
          const tunnel = new Tunnel(socket, first);
          client.finish(() => this.#takeUpgrade(client, request, tunnel));
        });
      })
      .on("connect", (_, socket) => {
        this.#with(socket, (client) => {
          socket.resume();
          client.finish(() => {
            refuseConnect(socket);
            return null;
          });
        });
      })
      .on("clientError", (error, socket) => this.#with(socket, (client) => client.clientError(error)))
      .on("connection", (socket) => this.#clients.set(socket, this.#watch(socket)));
    this.#listeners = new Listeners(this.#server);
    // Node's own, though not in its documentation: who closes only its sending side still gets its answer.
    Object.assign(this.#server, { httpAllowHalfOpen: true });
    const checkMs = Math.min(CHECK_CLIENTS_MS, this.#options.clientMs / 4);
    this.#checks = setInterval(() => this.#checkClients(), checkMs).unref();
  }

  #onRequest(expects: Expectation): (request: IncomingMessage, response: ServerResponse) => void {
    return (request, response) => this.#with(request.socket, (client) => client.take(request, response, expects));
  }

  /** For the client of a socket; what is thrown ends its connection. */
  #with(socket: unknown, act: (client: ClientConnection) => void): void {
    const client = this.#clients.get(socket);
    if (client === undefined) return;
    try {
      act(client);
    } catch (error) {
      client.fault(error);
    }
  }

  #watch(socket: Socket): ClientConnection {
    const client = new ClientConnection(socket, this);
    socket.on(
      "end",
      client.guard(() => this.#halfClosed.watch(socket)),
    );
    socket.once("close", () => this.#clients.delete(socket));
    return client;
  }

  #checkClients(): void {
    const nowMs = performance.now();
    for (const socket of this.#clients.keys()) this.#with(socket, (client) => client.check(nowMs, this.#options));
  }

  begin(client: ClientConnection, request: IncomingMessage, response: ServerResponse, expects: Expectation): Exchange {
    const host = this.#hostFor(request);
    const exchange = new Exchange(host, client, request, response, { expectsContinue: expects === "continue" });
    if (expects !== "unknown") this.#take(exchange);
    else {
      this.#active.add(exchange);
      exchange.reject(417, "expectation_failed", "The only expectation that is supported is 100-continue.");
    }
    return exchange;
  }

  #hostFor(request: IncomingMessage): ExchangeHost {
    return this.#observer.isCheck?.(request) ? this.#uncounted : this;
  }

  waiting(change: number): boolean {
    this.#waiting += change;
    return this.#waiting <= MOST_WAITING;
  }

  left(request: IncomingMessage): void {
    if (this.routes.previewed(request) === null) this.#hostFor(request).record(NO_VERSION, "clientLeft", 0, {});
  }

  fault(error: unknown): void {
    this.#observer.fault?.(error);
  }

  #take(exchange: Exchange): void {
    this.#active.add(exchange);
    if (!this.#overload.late) exchange.start();
    else {
      // Node reads on at once, and would give its own answer, which does not say why.
      exchange.refuseUnreadable();
      // Who came long ago may have left since: that is known once what is there to be read was read.
      setImmediate(() => setImmediate(() => this.#startIfThere(exchange)));
    }
  }

  readonly #startIfThere = (exchange: Exchange): void => {
    catchErrors(
      (error) => exchange.fault(error),
      () => {
        if (exchange.doubtful) setTimeout(this.#startIfThere, DOUBT_MS, exchange);
        else if (this.#overload.veryLate && this.#active.size > BUSY) exchange.shed();
        else exchange.start();
      },
    )();
  };

  #takeUpgrade(client: ClientConnection, request: IncomingMessage, tunnel: Tunnel): Exchange {
    const { socket } = client;
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.on(
      "finish",
      client.guard(() => {
        response.detachSocket(socket);
        socket.destroySoon();
        // as Node does for responses of its own
        process.nextTick(() => response.emit("close"));
      }),
    );
    const exchange = new Exchange(this.#hostFor(request), client, request, response, { tunnel });
    this.#upgraded++;
    socket.once("close", () => this.#upgraded--);
    this.#take(exchange);
    return exchange;
  }

  trusts({ socket: { remoteAddress = "" } }: IncomingMessage): boolean {
    if (this.#options.trustedProxies.length === 0) return false;
    const address = remoteAddress.replace(/^::ffff:/, "");
    return this.#trusted.check(address, address.includes(":") ? "ipv6" : "ipv4");
  }

  doubts({ socket }: IncomingMessage): boolean {
    return this.#halfClosed.doubts(socket);
  }

  get roomForUpgrade(): boolean {
    return this.#upgraded <= this.#options.maxUpgraded;
  }

  get streamMs(): number {
    return this.#options.streamMs;
  }

  shed(): void {
    this.#overload.shed();
  }

  /** Since when requests are turned away, and how many were; null when none is. */
  overloaded(): { since: string; shed: number } | null {
    return this.#overload.describe();
  }

  /** Opens the listener. @throws PRECONDITION when the port is taken. */
  async listen(port: number): Promise<number> {
    try {
      return await this.#listeners.listen({ port, host: LOOPBACK });
    } catch (cause) {
      const holder = holderOf(listenersOn(port) ?? []);
      const why = holder === null ? "cannot be opened" : `is held by ${describeHolder(holder)}`;
      const message = `port ${port} ${why}: the balancer of ${this.ref.service} in ${this.ref.environment} cannot listen there. Free it, or give the service another port.`;
      throw new AppError("PRECONDITION", message, { details: { ...this.ref, port }, cause });
    }
  }

  /** A target for an instance that listens on `port`; it takes requests once it is in the rotation. */
  createTarget(instanceId: string, version: string, port: number): Target {
    const pool = new ConnectionPool(port, this.#options, (error) => this.fault(error));
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

  record(version: string, outcome: Outcome, tookMs: number, more: Ended): void {
    if (version !== NO_VERSION) this.#lastVersion = version;
    this.#ring.record(version, outcome, tookMs, this.#nowMs(), more);
  }

  settled(exchange: Exchange): void {
    this.#active.delete(exchange);
  }

  /** Adds how many instances of a version are ready now and how many requests it has in flight. */
  look(version: string, instances: number, inFlight: number): void {
    this.#ring.look(version, instances, inFlight, this.#nowMs());
  }

  /** Adds what the instances of a version took until the bucket's end at `boundaryMs`. */
  measure(version: string, measured: Measured, boundaryMs: number): void {
    this.#ring.measure(version, measured, boundaryMs, this.#nowMs());
  }

  /** Before anything is counted or told: what was counted before the clock was set keeps its age. */
  #nowMs(): number {
    const nowMs = Date.now();
    const jumpMs = this.#clock.look(nowMs);
    if (jumpMs !== 0) this.#ring.clockSet(jumpMs);
    return nowMs;
  }

  /** ISO 8601, since when it counts; of the clock as it is now. */
  get countedSince(): string {
    return new Date(Date.now() - (monotonicMs() - this.#startMs)).toISOString();
  }

  /** How long what has not ended has waited by now, all versions together; null: nothing waits. */
  get pending(): number[] | null {
    return pendingOfAll(this.#active);
  }

  samplesSince(sinceMs: number, nowMs: number = this.#nowMs()): TrafficCounts[] {
    return withPending(this.#ring.samplesSince(this.ref, sinceMs, nowMs), this.#active);
  }

  trafficSince(sinceMs: number, nowMs: number = this.#nowMs()): TrafficCounts[] {
    return this.#ring.since(this.ref, sinceMs, nowMs);
  }

  /**
   * Stops listening, lets requests in flight finish for at most `graceMs`, then cuts them.
   * @param beforeCut the last that happens while connections are still joined
   */
  async close(graceMs: number, beforeCut: () => Promise<unknown> = async () => undefined): Promise<void> {
    if (!this.#server.listening) {
      await beforeCut();
      return;
    }
    const closed = this.#listeners.close();
    this.#server.closeIdleConnections();
    const deadlineMs = monotonicMs() + graceMs;
    while ((this.#active.size > 0 || this.#waiting > 0) && monotonicMs() < deadlineMs) await sleep(20);
    await beforeCut();
    for (const exchange of this.#active) exchange.cutOff("brokenOff");
    // also those that Node has handed over
    for (const { socket } of this.#clients.values()) socket.destroy();
    this.#server.closeAllConnections();
    clearInterval(this.#checks);
    this.#overload.close();
    await closed;
  }
}

/** Not for h2c, which nobody here speaks, nor with a body, which would have to come before the other protocol. */
function asksForUpgrade({ headers, httpVersionMinor }: IncomingMessage): boolean {
  const { upgrade = "", "content-length": length = "0", "transfer-encoding": coding } = headers;
  return httpVersionMinor === 1 && length === "0" && coding === undefined && !/^\s*h2c\b/i.test(upgrade);
}

function trust(list: BlockList, proxy: string): void {
  const [address = "", bits] = proxy.split("/");
  const family = address.includes(":") ? "ipv6" : "ipv4";
  if (bits === undefined) list.addAddress(address, family);
  else list.addSubnet(address, Number(bits), family);
}
