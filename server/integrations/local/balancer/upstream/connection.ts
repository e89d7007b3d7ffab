import type { IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { catchErrors } from "../catch-errors.ts";
import { passedTrailers } from "../headers.ts";
import { InvalidResponse, type ResponseEvents, type ResponseHead, ResponseParser } from "./response-parser.ts";

/** Why a request got no answer, or not all of it. */
export interface UpstreamFailure {
  /** refused, overloaded: nothing was sent; stopped: nothing was sent, or a stream was cut, by order; clientIdle: the client neither sends nor takes; lost: the connection ended; invalid: no response; fault: in a callback */
  kind: "refused" | "stopped" | "overloaded" | "timedOut" | "clientIdle" | "lost" | "invalid" | "fault";
  /** a byte of the answer had come */
  begun: boolean;
  /** the connection had waited for its next request so long that the instance may have closed it meanwhile */
  closedIdle: boolean;
  /** of a fault: what was thrown */
  cause?: unknown;
}

/** A request for an instance, and what its answer is told to. */
export interface UpstreamRequest {
  readonly method: string;
  /** request line and headers with the empty line at the end, one character a byte */
  readonly head: string;
  /** read only once a connection is there; null: none */
  readonly body: IncomingMessage | null;
  readonly chunked: boolean;
  /** asks for another protocol on its connection */
  readonly upgrade: boolean;
  /** its body comes once the instance wants it */
  readonly expectsContinue: boolean;
  /** a body that may be silent for long */
  readonly streamed: boolean;
  /** may be sent again when its connection dies without an answer */
  readonly repeatable: boolean;
  /** its client closed its side, and may be gone: it had better wait until that is known */
  readonly doubtful: boolean;
  /** set while a connection carries it, or is opened for it */
  connection: Connection | null;
  /** a head of status 1xx, other than 101 */
  onInformation(head: ResponseHead): void;
  onHead(head: ResponseHead): void;
  /** @returns false when `resume` of the connection has to be waited for */
  onData(chunk: Buffer): boolean;
  /** no more is there for now */
  onPause(): void;
  onTrailers(fields: string[]): void;
  /** the instance's socket is the request's from now on; `rest` came behind the head */
  onUpgrade(head: ResponseHead, socket: Socket, rest: Buffer): void;
  onEnd(): void;
  onFailure(failure: UpstreamFailure): void;
}

export interface UpstreamLimits {
  connectMs: number;
  headersMs: number;
  bodyMs: number;
  /** silence of streams */
  streamMs: number;
  /** from the request until there is a connection for it */
  queueMs: number;
  /** a client that the instance waits for and that does not go on */
  clientMs: number;
  /** idle connections of instances that do not say how long they keep them */
  instanceIdleMs: number;
  /** to one instance, upgraded ones and streams aside */
  maxConnections: number;
  /** to one instance; of more each takes one of its connections */
  maxStreams: number;
}

interface ConnectionOwner {
  readonly limits: UpstreamLimits;
  /** the instance is being stopped by order */
  readonly stopped: boolean;
  /** whether the instance may have closed a connection that was idle for so long, unread yet */
  mayHaveClosed(idleMs: number): boolean;
  /** an answer began on a connection that had been idle for so long */
  keptIdle(idleMs: number): void;
  /** what it carries may go on for hours */
  streams(connection: Connection): void;
  /** ready for the next request */
  released(connection: Connection): void;
  closed(connection: Connection): void;
  /** it speaks another protocol and carries no requests any more */
  upgraded(connection: Connection, socket: Socket): void;
}

/** One connection to an instance: one request at a time. The owner looks after its times. */
export class Connection implements ResponseEvents {
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  readonly #parser = new ResponseParser(this);
  #request: UpstreamRequest | null;
  #body: IncomingMessage | null = null;
  #connected = false;
  #requests = 0;
  /** before the request it carries; null: that is its first */
  #idleMs: number | null = null;
  #inBody = false;
  #paused = false;
  #gone = false;
  #handedOver = false;
  /** the instance has not said yet whether it wants the body, and the client sent none */
  #awaitsContinue = false;
  /** when it was opened, last sent or received something, or became idle; of performance.now */
  #activeAtMs = performance.now();
  /** how long it may stay idle; null: the instance does not say */
  keepAliveMs: number | null = null;

  constructor(owner: ConnectionOwner, port: number, first: UpstreamRequest) {
    this.#owner = owner;
    this.#request = first;
    first.connection = this;
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true })
      .on(
        "connect",
        this.#guard(() => this.#onConnect()),
      )
      .on(
        "data",
        this.#guard((chunk: Buffer) => this.#onBytes(chunk)),
      )
      .on(
        "drain",
        this.#guard(() => this.#onDrain()),
      )
      .on(
        "end",
        this.#guard(() => this.#onEnd()),
      )
      // the reason does not matter: "close" follows
      .on("error", () => undefined)
      .on(
        "close",
        this.#guard(() => this.#onClose()),
      );
  }

  #guard<A extends unknown[]>(listener: (...given: A) => void): (...given: A) => void {
    return catchErrors((error) => this.#fail("fault", error), listener);
  }

  get idle(): boolean {
    return this.#request === null;
  }

  get streams(): boolean {
    return this.#request?.streamed ?? false;
  }

  /** milliseconds since it last did something */
  quietMs(nowMs: number): number {
    return nowMs - this.#activeAtMs;
  }

  /** The client has not sent all of its body, and the instance would take more: nobody waits for the instance. */
  get waitsForClient(): boolean {
    return this.#paused || (this.#body !== null && !this.#awaitsContinue && !this.#socket.writableNeedDrain);
  }

  /** Carries this request; only when idle. */
  send(request: UpstreamRequest): void {
    this.#request = request;
    request.connection = this;
    const nowMs = performance.now();
    this.#idleMs = this.#requests === 0 ? null : this.quietMs(nowMs);
    this.#requests++;
    this.#inBody = false;
    this.#paused = false;
    this.#activeAtMs = nowMs;
    this.#awaitsContinue = request.expectsContinue;
    this.#parser.begin(request.method, request.upgrade);
    this.#socket.write(request.head, "latin1");
    if (request.body !== null) this.#sendBody(request.body, request.chunked);
  }

  #sendBody(body: IncomingMessage, chunked: boolean): void {
    this.#body = body;
    const socket = this.#socket;
    const send = (chunk: Buffer): void => {
      if (this.#body !== body) return;
      this.#awaitsContinue = false;
      this.#activeAtMs = performance.now();
      if (chunked) {
        socket.cork();
        socket.write(`${chunk.length.toString(16)}\r\n`, "latin1");
        socket.write(chunk);
        socket.write("\r\n", "latin1");
        socket.uncork();
      } else socket.write(chunk);
      if (socket.writableNeedDrain) body.pause();
    };
    const end = (): void => {
      if (this.#body !== body) return;
      this.#body = null;
      this.#activeAtMs = performance.now();
      if (chunked) socket.write(`0\r\n${trailerLines(body.rawTrailers)}\r\n`, "latin1");
    };
    body.on("data", this.#guard(send)).on("end", this.#guard(end));
  }

  onInformation(head: ResponseHead): void {
    if (head.status === 100) this.#awaitsContinue = false;
    this.#request?.onInformation(head);
  }

  onTrailers(fields: string[]): void {
    this.#request?.onTrailers(fields);
  }

  onHead(head: ResponseHead): void {
    this.#inBody = true;
    if (this.#idleMs !== null) this.#owner.keptIdle(this.#idleMs);
    this.#activeAtMs = performance.now();
    this.#request?.onHead(head);
    if (this.#request?.streamed) this.#owner.streams(this);
  }

  onData(chunk: Buffer): void {
    if (this.#request === null || this.#request.onData(chunk) || this.#gone) return;
    this.#paused = true;
    this.#socket.pause();
  }

  /** Goes on reading after `onData` of the request said to wait. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#activeAtMs = performance.now();
    this.#socket.resume();
  }

  /** Ends it without telling its request, which has ended already. */
  abandon(): void {
    this.#detach();
    this.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Ends what takes longer than it may. */
  checkTime(nowMs: number): void {
    if (this.#request === null) return;
    const { connectMs, headersMs, bodyMs, streamMs, clientMs } = this.#owner.limits;
    const silentMs = this.#request.streamed ? streamMs : bodyMs;
    const quietMs = this.quietMs(nowMs);
    if (!this.#connected) {
      if (quietMs > connectMs) this.#fail(this.#owner.stopped ? "stopped" : "refused");
    } else if (!this.waitsForClient) {
      if (quietMs > (this.#inBody ? silentMs : headersMs)) this.#fail("timedOut");
      // while both talk, the client's turn is no better known than the instance's
    } else if (quietMs > (this.#inBody && !this.#paused ? Math.max(clientMs, silentMs) : clientMs))
      this.#fail("clientIdle");
  }

  #onConnect(): void {
    this.#connected = true;
    if (this.#request !== null) this.send(this.#request);
  }

  #onBytes(chunk: Buffer): void {
    if (this.#handedOver) return;
    // unasked: the next response could not be told from it
    if (this.#request === null) {
      this.destroy();
      return;
    }
    // a head that comes in drops does not put off its timeout
    if (this.#inBody) this.#activeAtMs = performance.now();
    try {
      if (this.#parser.read(chunk)) this.#complete();
      else if (this.#parser.switched !== null) this.#handOver(this.#parser.switched);
      else this.#request?.onPause();
    } catch (error) {
      this.#fail(error instanceof InvalidResponse ? "invalid" : "fault", error);
    }
  }

  #handOver({ head, rest }: { head: ResponseHead; rest: Buffer }): void {
    const request = this.#detach();
    this.#handedOver = true;
    this.#socket.allowHalfOpen = true;
    this.#owner.upgraded(this, this.#socket);
    try {
      request?.onUpgrade(head, this.#socket, rest);
    } catch (cause) {
      request?.onFailure({ kind: "fault", begun: true, closedIdle: false, cause });
      this.destroy();
    }
  }

  #onDrain(): void {
    this.#activeAtMs = performance.now();
    this.#body?.resume();
  }

  #onEnd(): void {
    if (this.#handedOver) return;
    if (this.#request !== null && this.#parser.end()) this.#complete();
    this.destroy();
  }

  #complete(): void {
    const request = this.#request;
    // An answer that came before all of the request: what is left of it would be taken for the next one.
    const reusable = this.#parser.persistent && this.#body === null && !this.#gone;
    const { keepAliveSeconds } = this.#parser;
    this.#activeAtMs = performance.now();
    this.keepAliveMs = keepAliveSeconds === null ? null : keepAliveSeconds * 1_000;
    this.#detach();
    if (this.#paused) this.#socket.resume();
    this.#paused = false;
    if (!reusable) this.destroy();
    try {
      request?.onEnd();
    } catch (cause) {
      request?.onFailure({ kind: "fault", begun: true, closedIdle: false, cause });
    }
    if (reusable) this.#owner.released(this);
  }

  /** The request no longer concerns this connection; what is left of its body is thrown away. */
  #detach(): UpstreamRequest | null {
    const request = this.#request;
    const body = this.#body;
    this.#request = null;
    this.#body = null;
    if (request !== null) request.connection = null;
    body?.resume();
    return request;
  }

  #fail(kind: UpstreamFailure["kind"], cause?: unknown): void {
    const closedIdle = this.#idleMs !== null && this.#owner.mayHaveClosed(this.#idleMs);
    const begun = this.#requests > 0 && this.#parser.begun;
    const request = this.#detach();
    this.destroy();
    request?.onFailure({ kind, begun, closedIdle, cause });
  }

  #onClose(): void {
    if (this.#handedOver) return;
    this.#gone = true;
    this.#owner.closed(this);
    if (this.#request === null) return;
    // A stream has no end of its own, and what was not sent is sent elsewhere: nobody's failure when it is by order.
    if (this.#owner.stopped && (this.#request.streamed || !this.#connected)) this.#fail("stopped");
    else this.#fail(this.#connected ? "lost" : "refused");
  }
}

function trailerLines(raw: readonly string[]): string {
  return passedTrailers(raw)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
}
