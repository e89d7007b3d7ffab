import type { Socket } from "node:net";

/** An instance that ends an upgraded connection sooner than this has not served it, unless it says that all is well. */
const PROVEN_MS = 1_000;
/** A close frame is the last one, not masked, with at most 125 bytes (RFC 6455 section 5.5). */
const LONGEST_CLOSE_FRAME = 127;
const CLOSE_FRAME = 0x88;

/**
 * Tells once, within PROVEN_MS, whether an upgraded connection came to anything. What the instance said last counts, of
 * a WebSocket its close frame: `upgraded` with 1000, 1001, a code of the application (3000 to 4999) or none, `brokenOff`
 * with any other (RFC 6455 section 7.4), whichever side ends the connection then, and how. Where it said nothing it is
 * `brokenOff` when the instance ends or resets it before the client does; of another protocol than WebSocket any byte
 * after the head is enough for an end, though not for a reset.
 */
export class EndedEarly {
  readonly #onKnown: (outcome: "upgraded" | "brokenOff") => void;
  readonly #timer: NodeJS.Timeout;
  readonly #isWebSocket: boolean;
  readonly #release: () => void;
  #told = false;
  #tail: Buffer;

  /** @param head as the client gets it @param rest what the instance sent behind it */
  constructor(
    client: Socket,
    instance: Socket,
    { head, rest }: { head: string; rest: Buffer },
    onKnown: (outcome: "upgraded" | "brokenOff") => void,
  ) {
    this.#onKnown = onKnown;
    this.#isWebSocket = /\r\nupgrade:[ \t]*websocket[ \t]*\r\n/i.test(head);
    this.#tail = rest.subarray(-LONGEST_CLOSE_FRAME);
    const onData = (chunk: Buffer) => {
      const tail = chunk.length >= LONGEST_CLOSE_FRAME ? chunk : Buffer.concat([this.#tail, chunk]);
      this.#tail = tail.subarray(-LONGEST_CLOSE_FRAME);
    };
    const onLeft = () => this.notByInstance();
    const onEnd = () => this.#tell(!this.#isWebSocket && this.#tail.length > 0);
    const onLost = () => this.#tell(false);
    instance.on("data", onData).once("end", onEnd).once("error", onLost).once("close", onEnd);
    client.once("end", onLeft).once("error", onLeft).once("close", onLeft);
    this.#timer = setTimeout(onLeft, PROVEN_MS);
    this.#release = () => {
      instance.off("data", onData).off("end", onEnd).off("error", onLost).off("close", onEnd);
      client.off("end", onLeft).off("error", onLeft).off("close", onLeft);
    };
    if (instance.destroyed) onEnd();
  }

  /** The client or the balancer ends the connection, or it has lasted. */
  notByInstance(): void {
    this.#tell(true);
  }

  /** What the instance's close frame says; null when it sent none. */
  #closedWell(): boolean | null {
    const tail = this.#tail;
    if (!this.#isWebSocket) return null;
    let found: boolean | null = null;
    // bytes of a message may look like a frame: one that is well decides
    for (let at = 0; at + 2 <= tail.length && found !== true; at++) {
      const length = tail[at + 1] ?? 0;
      if (tail[at] !== CLOSE_FRAME || at + 2 + length !== tail.length) continue;
      const code = length < 2 ? null : tail.readUInt16BE(at + 2);
      if (code === null || code === 1000 || code === 1001 || (code >= 3000 && code <= 4999)) found = true;
      else if (code > 1001 && code < 3000) found = false;
    }
    return found;
  }

  /** @param unsaid whether it came to anything when the instance did not say so */
  #tell(unsaid: boolean): void {
    if (this.#told) return;
    this.#told = true;
    clearTimeout(this.#timer);
    this.#release();
    this.#onKnown((this.#closedWell() ?? unsaid) ? "upgraded" : "brokenOff");
  }
}
