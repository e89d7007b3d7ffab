import type { Socket } from "node:net";

/** An instance that ends an upgraded connection sooner than this has not served it, unless it says that all is well. */
const PROVEN_MS = 1_000;
/** A close frame is the last one, not masked, with at most 125 bytes (RFC 6455 section 5.5). */
const LONGEST_CLOSE_FRAME = 127;
const CLOSE_FRAME = 0x88;

/**
 * Tells once whether an upgraded connection came to anything: `brokenOff` when the instance ends or resets it within
 * PROVEN_MS before the client does, else `upgraded`. A short one is fine when the instance closes it in good order: of a
 * WebSocket a close frame with 1000, 1001, a code of the application (3000 to 4999) or none, as RFC 6455 section 7.4 has
 * them; of another protocol any byte after the head.
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
    const onLeft = () => this.#tell("upgraded");
    const onEnd = () => this.#tell(this.#endedWell() ? "upgraded" : "brokenOff");
    const onLost = () => this.#tell("brokenOff");
    instance.on("data", onData).once("end", onEnd).once("error", onLost).once("close", onEnd);
    client.once("end", onLeft).once("error", onLeft).once("close", onLeft);
    this.#timer = setTimeout(() => this.#tell("upgraded"), PROVEN_MS);
    this.#release = () => {
      instance.off("data", onData).off("end", onEnd).off("error", onLost).off("close", onEnd);
      client.off("end", onLeft).off("error", onLeft).off("close", onLeft);
    };
    if (instance.destroyed) onEnd();
  }

  /** The balancer closes the connection. */
  notByInstance(): void {
    this.#tell("upgraded");
  }

  #endedWell(): boolean {
    const tail = this.#tail;
    if (!this.#isWebSocket) return tail.length > 0;
    for (let at = 0; at + 2 <= tail.length; at++) {
      const length = tail[at + 1] ?? 0;
      if (tail[at] !== CLOSE_FRAME || at + 2 + length !== tail.length) continue;
      if (length < 2) return true;
      const code = tail.readUInt16BE(at + 2);
      if (code === 1000 || code === 1001 || (code >= 3000 && code <= 4999)) return true;
    }
    return false;
  }

  #tell(outcome: "upgraded" | "brokenOff"): void {
    if (this.#told) return;
    this.#told = true;
    clearTimeout(this.#timer);
    this.#release();
    this.#onKnown(outcome);
  }
}
