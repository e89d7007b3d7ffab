import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Dispatcher } from "undici";
import { requestHeaders, stripResponseHeaders } from "./headers.ts";
import type { Candidate, Rotation } from "./rotation.ts";
import type { Choice, RouteChoice } from "./route-choice.ts";

/** An instance as the balancer sees it. */
export interface Target extends Candidate {
  pool: Dispatcher;
}

/** What an exchange needs of its balancer. */
export interface ExchangeHost {
  readonly rotation: Rotation<Target>;
  readonly routes: RouteChoice;
  /** the version that failures count for when no instance was chosen */
  currentVersion(): string | null;
  /** an instance refused a connection */
  refused(instanceId: string): void;
  record(version: string, status: number, latencyMs: number): void;
  settled(exchange: Exchange): void;
}

type Controller = Dispatcher.DispatchController;

const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);
const REFUSED = new Set(["ECONNREFUSED", "UND_ERR_CONNECT_TIMEOUT"]);
const LOST = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);
const TIMED_OUT = new Set(["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"]);

const codeOf = (error: Error): string => String((error as NodeJS.ErrnoException).code ?? "");

/**
 * One request on its way through the balancer. It is undici's dispatch handler itself: bytes go from the instance's
 * socket to the client's without a stream object in between.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #host: ExchangeHost;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #startedMs = performance.now();
  readonly #hasBody: boolean;
  #target: Target | undefined;
  #choice: Choice | null;
  /** the version asked for by name that has no ready instance */
  #missing: string | null = null;
  #controller: Controller | undefined;
  #tried: Set<string> | undefined;
  #retriedLost = false;
  #status = 0;
  #remaining = -1;
  #done = false;

  constructor(host: ExchangeHost, request: IncomingMessage, response: ServerResponse) {
    this.#host = host;
    this.#request = request;
    this.#response = response;
    const length = request.headers["content-length"];
    this.#choice = host.routes.choose(request);
    this.#hasBody = request.headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
    response.on("close", () => this.#onClientClosed());
  }

  start(): void {
    const target = this.#host.rotation.pick(this.#tried, this.#choice?.version);
    if (this.#choice?.preview && target?.version !== this.#choice.version) {
      // Asked for by name and not there: a request like any other, and the answer says so.
      this.#missing = this.#choice.version;
      this.#choice = null;
    }
    if (target === undefined) {
      if (this.#tried === undefined) this.#answer(503, "no_ready_instance", "No instance of this service is ready.");
      else this.#answer(502, "instance_unreachable", "No instance of this service accepted the connection.");
      return;
    }
    this.#target = target;
    target.inFlight++;
    try {
      target.pool.dispatch(
        {
          path: this.#request.url ?? "/",
          method: this.#request.method ?? "GET",
          headers: requestHeaders(this.#request),
          body: this.#hasBody ? this.#request : null,
        },
        this,
      );
    } catch (error) {
      this.onResponseError(undefined, error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Ends an exchange that the balancer can no longer wait for. */
  cut(): void {
    this.#response.destroy();
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    if (this.#done) controller.abort(new Error("the client went away"));
  }

  onResponseStart(_: Controller, status: number, headers: IncomingHttpHeaders, statusMessage?: string): void {
    if (status < 200) return;
    this.#status = status;
    const length = headers["content-length"];
    this.#remaining = length === undefined || this.#request.method === "HEAD" ? -1 : Number(length);
    const kept = stripResponseHeaders(headers);
    if (this.#choice !== null) this.#tellChoice(kept, this.#choice);
    if (this.#missing !== null) kept[`${this.#host.routes.previewHeader}-missing`] = this.#missing.slice(0, 100);
    this.#response.writeHead(status, statusMessage ?? "", kept);
  }

  /** The caller's cookie, beside those of the instance; or the name of the version that answered a preview. */
  #tellChoice(headers: IncomingHttpHeaders, { setCookie, preview, version }: Choice): void {
    if (setCookie !== null) headers["set-cookie"] = [headers["set-cookie"] ?? [], setCookie].flat();
    const name = this.#host.routes.previewHeader;
    if (preview && name !== null) headers[name] = version;
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#remaining -= chunk.length;
    // The last chunk of a known length goes out together with the end: one write instead of two.
    if (this.#remaining === 0) {
      this.#response.end(chunk);
      return;
    }
    if (!this.#response.write(chunk)) {
      controller.pause();
      this.#response.once("drain", () => controller.resume());
    }
  }

  onResponseEnd(): void {
    if (!this.#response.writableEnded) this.#response.end();
    this.#settle(this.#status);
  }

  onResponseError(_: Controller | undefined, error: Error): void {
    if (this.#done) return;
    const code = codeOf(error);
    if (this.#response.headersSent) {
      this.#settle(502);
      this.#response.destroy();
      return;
    }
    if (REFUSED.has(code) && this.#target !== undefined) this.#host.refused(this.#target.instanceId);
    if (this.#mayRetry(code)) {
      this.#retryElsewhere();
      return;
    }
    if (TIMED_OUT.has(code)) this.#answer(504, "instance_timeout", "The instance did not answer in time.");
    else if (code === "UND_ERR_INVALID_ARG") this.#answer(400, "bad_request", "The request cannot be passed on.");
    else this.#answer(502, "instance_unreachable", "The connection to the instance failed.");
  }

  /** Refused: nothing was sent. Lost without a byte of answer: safe to repeat for these methods, but only once. */
  #mayRetry(code: string): boolean {
    if (this.#hasBody || !IDEMPOTENT.has(this.#request.method ?? "")) return false;
    if (REFUSED.has(code)) return true;
    if (!LOST.has(code) || this.#retriedLost) return false;
    this.#retriedLost = true;
    return true;
  }

  #retryElsewhere(): void {
    const failed = this.#target;
    if (failed !== undefined) {
      failed.inFlight--;
      this.#tried ??= new Set();
      this.#tried.add(failed.instanceId);
    }
    this.#target = undefined;
    this.#controller = undefined;
    this.start();
  }

  #answer(status: number, code: string, message: string): void {
    const body = JSON.stringify({ error: { code, message } });
    // What is left of an unread body would be taken for the next request on this connection.
    if (this.#hasBody && !this.#request.complete) this.#response.setHeader("connection", "close");
    this.#response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
    this.#response.end(body);
    this.#settle(status);
  }

  #onClientClosed(): void {
    if (this.#done) return;
    // Ended by the balancer but not yet flushed, or gone without an answer: either way nobody waits any more.
    this.#settle(null);
    this.#controller?.abort(new Error("the client went away"));
  }

  /** Once per exchange; `status` null leaves it uncounted because the client left before the answer. */
  #settle(status: number | null): void {
    if (this.#done) return;
    this.#done = true;
    if (this.#target !== undefined) this.#target.inFlight--;
    const version = this.#target?.version ?? this.#host.currentVersion();
    const counts = status !== null && this.#choice?.preview !== true;
    if (counts && version !== null) this.#host.record(version, status, performance.now() - this.#startedMs);
    this.#host.settled(this);
  }
}
