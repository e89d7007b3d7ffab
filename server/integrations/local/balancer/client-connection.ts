import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { catchErrors } from "./catch-errors.ts";
import type { Exchange } from "./exchange.ts";
import { answerClientError } from "./refusals.ts";

/** What a request says of how its body is to be asked for. */
export type Expectation = "none" | "continue" | "unknown";

/** What a connection needs of its balancer. */
export interface ClientHost {
  /** Makes an exchange of a request whose turn has come, and starts it. */
  begin(client: ClientConnection, request: IncomingMessage, response: ServerResponse, expects: Expectation): Exchange;
  /** Requests of all connections that wait behind others have become more, or fewer. @returns whether there is room */
  waiting(change: number): boolean;
  /** a request was read whose turn will not come: its client left, or the connection was cut for what was before it */
  left(request: IncomingMessage): void;
  /** more came than can be held, and was turned away */
  shed(): void;
  fault(error: unknown): void;
}

interface Waiting {
  request: IncomingMessage;
  response: ServerResponse;
  expects: Expectation;
}

/** What a client may take its time for. */
interface ClientTimes {
  /** from the first byte of a request to the end of its head */
  headMs: number;
  /** in which it takes nothing of what is there for it */
  clientMs: number;
}

/** A client was late while nothing was read of it, which Node tells once. */
interface Late {
  error: NodeJS.ErrnoException;
  /** whose body was not complete; null: what was late is a head */
  request: IncomingMessage | null;
  /** since when it is read again, as far as anybody looked */
  readSinceMs: number;
}

/** with more requests that wait for their turn no more is read; up to them a client that leaves is seen to leave */
const MOST_WAITING = 16;

/**
 * A client's connection: its requests are taken one at a time, each when the answer before it has left. Those that
 * were read meanwhile wait, and what follows them stays in the kernel: one read of 64 KiB at most is held.
 */
export class ClientConnection {
  readonly socket: Socket;
  readonly #host: ClientHost;
  readonly #waiting: Waiting[] = [];
  #current: Exchange | null = null;
  /** deals with what comes behind the last request; null: more requests may come */
  #last: (() => Exchange | null) | null = null;
  #handedOver = false;
  #unreadable = false;
  #paused = false;
  #late: Late | null = null;
  /** bytes that have left for the kernel, and when more of them were seen to */
  #drained = 0;
  #drainedAtMs = performance.now();

  constructor(socket: Socket, host: ClientHost) {
    this.socket = socket;
    this.#host = host;
    // Node takes its own listener off when the connection is to speak another protocol.
    socket.on("error", () => undefined);
    // Node reads on behind each request.
    const keepPaused = () => {
      if (this.#paused) socket.pause();
    };
    socket.on("resume", this.guard(keepPaused));
    socket.once(
      "close",
      this.guard(() => this.#drop()),
    );
  }

  /** Takes a request at once when nothing is due before it. */
  take(request: IncomingMessage, response: ServerResponse, expects: Expectation): void {
    // Node reads on in what it holds already.
    if (this.socket.destroyed) return;
    this.#late = null;
    if (this.#current === null && this.#waiting.length === 0) {
      this.#current = this.#host.begin(this, request, response, expects);
      return;
    }
    // The preface of HTTP/2, at which Node closes the connection: the instance has no part in it.
    if (request.method === "PRI") this.#current?.cutOff("clientLeft", { cut: false });
    this.#waiting.push({ request, response, expects });
    // One client may have many; when all together have too many, those with more than their share are cut.
    if (this.#host.waiting(1) || this.#waiting.length <= MOST_WAITING) this.#readOrWait();
    else {
      this.#host.shed();
      // turned away, all in one
      this.#host.waiting(-this.#waiting.splice(0).length);
      // Its version has no part in this, however long the client has waited.
      this.#current?.cutOff("clientLeft");
      this.socket.destroy();
    }
  }

  /** The answer in hand has left, or can no longer: the next one's turn. */
  answered(): void {
    this.#current = null;
    this.#next();
  }

  /** No request follows those that were read: `last` deals with what does, after their answers. */
  finish(last: () => Exchange | null): void {
    if (this.#last !== null || this.#handedOver) return;
    this.#last = last;
    this.#late = null;
    // Node no longer tells the answer in hand either.
    this.socket.on(
      "drain",
      this.guard(() => this.#current?.onClientDrained()),
    );
    this.#next();
  }

  /** Node could not read what came: it belongs to a request whose body is not complete, else to one behind the last. */
  clientError(error: NodeJS.ErrnoException): void {
    const { socket } = this;
    if (error.code === "ECONNRESET" || socket.destroyed) socket.destroy();
    if (socket.destroyed || socket.writableEnded) return;
    // While nothing is read the client cannot be late.
    if (this.#paused && error.code === "ERR_HTTP_REQUEST_TIMEOUT") {
      const last = this.#waiting.at(-1)?.request;
      const request = last?.complete === false ? last : null;
      this.#late = { error, request, readSinceMs: performance.now() };
      return;
    }
    const current = this.#current;
    if (current !== null && !current.requestComplete) {
      const answering = current.answering;
      current.cutOff("clientLeft", { cut: false });
      answerClientError(error, socket, answering);
      return;
    }
    if (this.#last !== null || this.#handedOver) return;
    if (this.#waiting.at(-1)?.request.complete === false) {
      this.#waiting.pop();
      this.#host.waiting(-1);
    }
    this.#unreadable = true;
    this.finish(() => {
      answerClientError(error, socket, false);
      return null;
    });
  }

  /** Ends a client that has left, has taken nothing of what is there for it, or is late with what was not read. */
  check(nowMs: number, { headMs, clientMs }: ClientTimes): void {
    this.#current?.checkClient();
    this.#checkLate(nowMs, headMs);
    const { bytesWritten, writableLength } = this.socket;
    const drained = bytesWritten - writableLength;
    if (writableLength === 0 || drained !== this.#drained) {
      this.#drained = drained;
      this.#drainedAtMs = nowMs;
    } else if (nowMs - this.#drainedAtMs > clientMs) {
      this.#current?.cutOff("clientLeft");
      this.socket.destroy();
    }
  }

  /** What was late while nothing was read has the time of a head from when it is read again. */
  #checkLate(nowMs: number, headMs: number): void {
    const late = this.#late;
    if (late === null) return;
    if (this.#paused) late.readSinceMs = nowMs;
    else if (late.request?.complete) this.#late = null;
    else if (nowMs - late.readSinceMs > headMs) {
      this.#late = null;
      this.clientError(late.error);
    }
  }

  /** Something that concerns this connection threw: its exchange ends and is counted, and so does the connection. */
  fault(error: unknown): void {
    if (this.#current === null) this.#host.fault(error);
    else this.#current.fault(error);
    this.socket.destroy();
  }

  /** Calls back without letting an exception out. */
  guard<A extends unknown[]>(listener: (...given: A) => void): (...given: A) => void {
    return catchErrors((error) => this.fault(error), listener);
  }

  #next(): void {
    if (this.#current !== null) return;
    if (this.socket.destroyed || this.socket.writableEnded) {
      this.#drop();
      return;
    }
    const next = this.#waiting.shift();
    if (next !== undefined) {
      this.#host.waiting(-1);
      this.#current = this.#host.begin(this, next.request, next.response, next.expects);
    } else if (this.#last !== null && !this.#handedOver) {
      this.#handedOver = true;
      this.socket.setTimeout(0);
      this.#readOrWait();
      this.#current = this.#last();
      return;
    }
    this.#readOrWait();
  }

  #readOrWait(): void {
    const wait = !this.#handedOver && (this.#unreadable || this.#waiting.length > MOST_WAITING);
    if (wait === this.#paused) return;
    this.#paused = wait;
    if (wait) this.socket.pause();
    else this.socket.resume();
  }

  /** Nobody is there to answer to. */
  #drop(): void {
    this.#handedOver = true;
    const dropped = this.#waiting.splice(0);
    this.#host.waiting(-dropped.length);
    for (const { request } of dropped) this.#host.left(request);
  }
}
