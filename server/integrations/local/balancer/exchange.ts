import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { NO_VERSION, type Outcome, outcomeOfStatus } from "#server/agent/telemetry/outcomes.ts";
import type { ClientConnection } from "./client-connection.ts";
import type { ExchangeHost, Target } from "./exchange-host.ts";
import { DENIED, headersOfChoice, IDEMPOTENT, isStream, OVERLOADED, RETRY_AFTER, TOO_LATE } from "./exchange-rules.ts";
import { ExchangeTimes } from "./exchange-times.ts";
import { BadRequest, isReadable, passedTrailers, requestHead, responseHeaders, switchingHead } from "./headers.ts";
import { type RawHead, writeRawHead } from "./raw-head.ts";
import { writeRefusal } from "./refusals.ts";
import type { Choice } from "./route-choice.ts";
import type { Tunnel } from "./tunnel.ts";
import type { Connection, UpstreamFailure, UpstreamRequest } from "./upstream/connection.ts";
import type { ResponseHead } from "./upstream/response-parser.ts";

/**
 * One request on its way through the balancer, from its head until it has ended in one of the classes of
 * `kernel/outcomes.ts`. Whatever a callback throws ends it, too. Bytes go from the instance's socket to the client's
 * without a stream object in between.
 */
export class Exchange implements UpstreamRequest {
  readonly method: string;
  readonly body: IncomingMessage | null;
  readonly chunked: boolean;
  readonly expectsContinue: boolean;
  head = "";
  repeatable: boolean;
  connection: Connection | null = null;
  readonly #host: ExchangeHost;
  readonly #client: ClientConnection;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #times = new ExchangeTimes();
  #target: Target | undefined;
  #choice: Choice | null = null;
  /** the version asked for by name that has no ready instance */
  #missing: string | null = null;
  /** of the instance tried last; undefined before the first */
  #version: string | undefined;
  #tried: Set<string> | undefined;
  /** the first version of which an instance refused the connection; its failure, though another's answered */
  #refusedBy: string | undefined;
  /** an instance got the request and its used connection was lost: nobody else gets it */
  #lost = false;
  #status = 0;
  #remaining = -1;
  streamed = false;
  readonly #tunnel: Tunnel | null;
  #tunnelled = false;
  /** the instance's answer is complete, and how it counts once the client has taken it */
  #answered: { outcome: Outcome; tookMs: number } | null = null;
  /** the client takes no more for now */
  #held = false;
  /** not written yet: it goes together with what follows at once, and not at all when that is no answer */
  #heldHead: RawHead | null = null;
  #done = false;

  /** `expectsContinue`: the client waits for a word before it sends the body. `tunnel`: it asks for another protocol. */
  constructor(
    host: ExchangeHost,
    client: ClientConnection,
    request: IncomingMessage,
    response: ServerResponse,
    { expectsContinue = false, tunnel = null }: { expectsContinue?: boolean; tunnel?: Tunnel | null } = {},
  ) {
    this.#host = host;
    this.#client = client;
    this.#request = request;
    this.#response = response;
    this.method = request.method ?? "GET";
    this.expectsContinue = expectsContinue;
    this.#tunnel = tunnel;
    const length = request.headers["content-length"];
    this.chunked = request.headers["transfer-encoding"] !== undefined;
    this.body = this.chunked || (length !== undefined && length !== "0") ? request : null;
    this.repeatable = this.body === null && IDEMPOTENT.has(this.method);
    response.on(
      "close",
      client.guard(() => {
        this.checkClient({ closed: true });
        client.answered();
      }),
    );
  }

  get upgrade(): boolean {
    return this.#tunnel !== null;
  }

  get doubtful(): boolean {
    return this.#host.doubts(this.#request);
  }

  /** What nobody can read waits for nothing. */
  refuseUnreadable(): void {
    if (!isReadable(this.#request)) this.start();
  }

  start(): void {
    if (this.#done) return;
    try {
      const { chunked, upgrade, expectsContinue } = this;
      const trusted = this.#host.trusts(this.#request);
      this.#choice = this.#host.routes.choose(this.#request);
      this.head = requestHead(this.#request, { chunked, upgrade, expectsContinue, trusted });
      if (upgrade && !this.#host.roomForUpgrade) this.shed();
      else this.#dispatch();
    } catch (error) {
      if (!(error instanceof BadRequest)) this.fault(error);
      else {
        // nothing that follows can be trusted to be where it seems to begin
        this.#response.shouldKeepAlive = false;
        this.reject(400, "bad_request", error.message);
      }
    }
  }

  /** Answers with a 4xx what no instance is asked for. */
  reject(status: number, code: string, message: string): void {
    if (this.#done) return;
    this.#version = NO_VERSION;
    this.#answer("status4xx", status, code, message);
  }

  /** Turns it away before it is sent to an instance. */
  shed(): void {
    if (this.#done) return;
    this.#host.shed();
    this.#response.setHeader("retry-after", RETRY_AFTER);
    this.#version ??= NO_VERSION;
    this.#answer("refused", 503, "overloaded", OVERLOADED);
  }

  /**
   * Ends an exchange that the balancer can no longer wait for (`brokenOff`), or whose client does not go on and was not
   * let wait (`clientLeft`). `cut`: with the client's connection.
   */
  cutOff(outcome: "brokenOff" | "clientLeft", { cut = true } = {}): void {
    if (cut && this.#tunnelled) this.#tunnel?.destroy();
    if (this.#done) return;
    this.#target?.pool.abandon(this);
    if (outcome === "clientLeft" || this.#answered !== null || this.streamed) this.#settleLeft(0);
    else this.#settle(outcome);
    if (cut) this.#response.destroy();
  }

  /** How long it has waited for its instance by now; null before one was chosen, and when nobody counts it. */
  get pending(): { version: string; waitedMs: number } | null {
    const counts = this.#host.counts && !this.#done && this.#answered === null && this.#choice?.preview !== true;
    if (!counts || this.#version === undefined) return null;
    return { version: this.#version, waitedMs: this.#waitedMs() };
  }

  get answering(): boolean {
    return this.#response.headersSent;
  }

  get requestComplete(): boolean {
    return this.#request.complete;
  }

  /** Ends it when its client has left, or counts it once the client has taken the whole answer. */
  checkClient({ closed = this.#request.socket.destroyed } = {}): void {
    if (this.#done || !closed) return;
    const target = this.#target;
    this.#settleLeft(this.#waitedMs());
    target?.pool.abandon(this);
  }

  /** More can be written to the client, which Node does not tell once it has handed the connection over. */
  onClientDrained(): void {
    this.#response.emit("drain");
  }

  onHead({ status, reason, headers, length }: ResponseHead): void {
    if (this.#done) return;
    this.#status = status;
    this.#times.headCame();
    this.#remaining = length ?? -1;
    const trailers = length === null && this.#request.httpVersionMinor === 1;
    const kept = responseHeaders(headers, { trailers, status, closes: !this.#response.shouldKeepAlive });
    if (length === null) this.streamed = isStream(kept);
    kept.push(...this.#ownHeaders());
    this.#heldHead = { status, reason, headers: kept };
  }

  onPause(): void {
    if (this.#heldHead === null || this.#done) return;
    this.#writeHead();
    // Not flushHeaders: that would write it as UTF-8.
    this.#response.write("", "latin1");
  }

  #writeHead(): void {
    if (this.#heldHead !== null) writeRawHead(this.#response, this.#heldHead);
    this.#heldHead = null;
  }

  /** RFC 9110 section 15.2: passed on, except what was not asked for; HTTP/1.0 does not know them. */
  onInformation({ status, headers }: ResponseHead): void {
    if (this.#done || this.#response.headersSent || this.#request.httpVersionMinor === 0) return;
    // Written past the answers that are due before it, it would stand in the middle of one.
    if (this.#response.socket === null) return;
    if (status !== 100) this.#response.writeInformation(status, responseHeaders(headers, { trailers: false, status }));
    else if (this.expectsContinue) this.#response.writeContinue();
  }

  onTrailers(fields: string[]): void {
    if (!this.#done && this.#request.httpVersionMinor === 1) this.#response.addTrailers(passedTrailers(fields));
  }

  /** Counted when it is known what came of it, with the time until the head; in flight until the connection ends. */
  onUpgrade({ reason, headers }: ResponseHead, socket: Socket, rest: Buffer): void {
    const target = this.#target;
    if (this.#done || this.#tunnel === null || target === undefined) {
      socket.destroy();
      return;
    }
    target.inFlight++;
    this.#tunnelled = true;
    const onKnown = this.#client.guard(this.#end(this.#times.tookMs(this.streamed)));
    this.#response.detachSocket(this.#request.socket);
    const head = switchingHead(reason, headers, this.#ownHeaders());
    const onClosed = this.#client.guard(() => {
      target.inFlight--;
      this.#host.settled(this);
    });
    this.#tunnel.open(socket, { head, rest, idleMs: this.#host.streamMs }, { onKnown, onClosed });
  }

  #ownHeaders(): string[] {
    return headersOfChoice(this.#choice, this.#missing, this.#host.routes.previewHeader);
  }

  onData(chunk: Buffer): boolean {
    if (this.#done) return true;
    this.#times.bytesCame();
    this.#remaining -= chunk.length;
    this.#writeHead();
    // The last chunk of a known length goes out together with the end: one write instead of two.
    if (this.#remaining === 0) {
      this.#response.end(chunk);
      return true;
    }
    if (this.#response.write(chunk)) return true;
    // one read may hold many chunks
    if (!this.#held)
      this.#response.once(
        "drain",
        this.#client.guard(() => this.#resume()),
      );
    this.#held = true;
    return false;
  }

  #resume(): void {
    this.#held = false;
    this.#times.clientTook();
    this.connection?.resume();
  }

  onEnd(): void {
    if (this.#done) return;
    this.#writeHead();
    if (!this.#response.writableEnded) this.#response.end();
    this.#answered = { outcome: outcomeOfStatus(this.#status), tookMs: this.#times.tookMs(this.streamed) };
    // The instance has done its part, however long the client takes.
    if (this.#target !== undefined) this.#target.inFlight--;
    this.#target = undefined;
  }

  onFailure({ kind, begun, closedIdle, cause }: UpstreamFailure): void {
    if (this.#done) return;
    try {
      if (kind === "fault") this.fault(cause);
      else if (this.#response.headersSent) {
        if (kind === "stopped" || kind === "clientIdle") this.#settleLeft(0);
        else this.#settle(kind === "timedOut" ? "timedOut" : "brokenOff");
        this.#response.destroy();
      } else if (kind === "refused" || kind === "stopped") this.#onRefused(kind);
      else if (kind === "overloaded") this.shed();
      else if (kind === "lost" && !begun && closedIdle && this.repeatable) {
        // It had waited for the next request too long. Once more, on a new connection to the same instance: a request
        // that makes instances end must not reach a second one.
        this.repeatable = false;
        this.#lost = true;
        this.#target?.pool.dispatch(this);
      } else if (kind === "timedOut")
        this.#answer("timedOut", 504, "instance_timeout", "The instance did not answer in time.");
      // it has left as far as anybody can tell, and nobody let it wait
      else if (kind === "clientIdle") this.#answer("clientLeft", 408, "request_timeout", TOO_LATE);
      else this.#answerLost();
    } catch (error) {
      this.fault(error);
    }
  }

  #dispatch(): void {
    const target = this.#host.rotation.pick(this.#tried, this.#choice?.version ?? this.#version);
    if (this.#choice?.preview && target?.version !== this.#choice.version) {
      // Asked for by name and not there: a request like any other, and the answer says so.
      this.#missing = this.#choice.version;
      this.#choice = null;
    }
    if (target === undefined) {
      if (this.#tried === undefined)
        this.#answer("refused", 503, "no_ready_instance", "No instance of this service is ready.");
      else this.#answer("refused", 502, "instance_unreachable", "No instance of this service accepted the connection.");
      return;
    }
    this.#target = target;
    this.#version = target.version;
    target.inFlight++;
    target.pool.dispatch(this);
  }

  /** Nothing was sent. An instance that is stopped by order has failed nobody, and another's time begins with it. */
  #onRefused(kind: "refused" | "stopped"): void {
    const version = this.#version;
    if (kind === "refused") {
      if (this.#target !== undefined) this.#host.refused(this.#target.instanceId);
      this.#refusedBy ??= version;
    }
    if (this.#lost) this.#answerLost();
    else this.#retryElsewhere();
    if (kind === "stopped" && this.#version !== version) this.#times.restart();
  }

  #retryElsewhere(): void {
    const failed = this.#target;
    if (failed !== undefined) {
      failed.inFlight--;
      this.#target = undefined;
      this.#tried ??= new Set();
      this.#tried.add(failed.instanceId);
    }
    this.#dispatch();
  }

  #answerLost(): void {
    this.#answer("brokenOff", 502, "instance_unreachable", "The connection to the instance failed.");
  }

  #answer(outcome: Outcome, status: number, code: string, message: string): void {
    // What is left of an unread body would be taken for the next request on this connection.
    if (this.body !== null && !this.#request.complete) this.#response.setHeader("connection", "close");
    writeRefusal(this.#response, status, code, message);
    this.#settle(outcome, outcome === "clientLeft" ? 0 : this.#times.tookMs(this.streamed));
  }

  /** Something in here threw. The client gets an answer or a cut connection, and the exchange is counted. */
  fault(error: unknown): void {
    this.#host.fault(error);
    if (this.#done) return;
    const outcome = this.#version === undefined ? "refused" : "brokenOff";
    try {
      this.#target?.pool.abandon(this);
      if (this.#response.headersSent) this.#response.destroy();
      else this.#answer(outcome, 500, "balancer_fault", "The balancer failed at this request. Try again.");
    } catch {
      this.#response.destroy();
    }
    this.#settle(outcome);
  }

  /** How long the client had waited for the instance's next byte: not at all while it was its own turn. */
  #waitedMs(): number {
    const clientsTurn = this.connection?.waitsForClient || this.#held || this.#response.writableEnded;
    return clientsTurn || this.streamed ? 0 : this.#times.waitedMs;
  }

  /** Its client goes. To whom a head was passed on, that was the answer; unless it then let a client wait. */
  #settleLeft(waitedMs: number): void {
    const status = this.#response.headersSent ? this.#status : 0;
    if (this.#answered !== null) this.#settle(this.#answered.outcome, this.#answered.tookMs);
    else if (status >= 500 || (status !== 0 && waitedMs === 0))
      this.#settle(outcomeOfStatus(status), this.#times.tookInPartMs(this.streamed));
    else this.#settle("clientLeft", waitedMs);
  }

  #settle(outcome: Outcome, tookMs: number = this.#times.tookMs(this.streamed)): void {
    if (!this.#done) this.#end(tookMs)(outcome);
  }

  /** Once per exchange. Gives what counts it, to be called once with how it ended. */
  #end(tookMs: number): (outcome: Outcome) => void {
    this.#done = true;
    if (!this.#tunnelled) this.#host.settled(this);
    if (this.#target !== undefined) this.#target.inFlight--;
    const version = this.#version ?? this.#host.currentVersion();
    // One request, one outcome: of the version that took no connection, though another version stepped in.
    const counted = this.#refusedBy ?? version;
    return (outcome) => {
      const ended = counted === version ? outcome : "refused";
      const more = { denied: ended === "status4xx" && DENIED.has(this.#status), caller: this.#choice?.caller };
      if (this.#choice?.preview !== true && counted !== null) this.#host.record(counted, ended, tookMs, more);
    };
  }
}
