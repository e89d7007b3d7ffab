import { stoodStill } from "#server/agent/telemetry/outcomes.ts";

/** The times of one exchange, in milliseconds of performance.now. */
export class ExchangeTimes {
  #startedMs = performance.now();
  /** when the instance's answer began */
  #answeredMs = 0;
  /** when the instance was last heard of, or its client took more */
  #heardMs = 0;
  #longestPauseMs = 0;

  /** Another instance's time begins: the one before was stopped by order, which makes no other version slow. */
  restart(): void {
    this.#startedMs = performance.now();
  }

  headCame(): void {
    this.#answeredMs = performance.now();
    this.#heardMs = this.#answeredMs;
  }

  bytesCame(): void {
    const nowMs = performance.now();
    if (nowMs - this.#heardMs > this.#longestPauseMs) this.#longestPauseMs = nowMs - this.#heardMs;
    this.#heardMs = nowMs;
  }

  /** Its client took more: the time before was the client's own. */
  clientTook(): void {
    this.#heardMs = performance.now();
  }

  /** How long the client has waited for the instance's next byte; not at all in what is a usual pause of this answer. */
  get waitedMs(): number {
    const nowMs = performance.now();
    if (this.#heardMs === 0) return nowMs - this.#startedMs;
    const waitedMs = nowMs - this.#heardMs;
    return stoodStill(waitedMs, this.#longestPauseMs) ? waitedMs : 0;
  }

  /** From the request until now; of a stream until its head: it lasts as long as somebody listens. */
  tookMs(streamed: boolean): number {
    return (streamed ? this.#answeredMs : performance.now()) - this.#startedMs;
  }

  /** The same for an answer whose client did not take all of it: until the last of it that came. */
  tookInPartMs(streamed: boolean): number {
    return (streamed ? this.#answeredMs : this.#heardMs) - this.#startedMs;
  }
}
