import { tooMuch } from "./fair-gate.ts";

export interface RateLimit {
  /** refilled so many a second, up to `burst` */
  perSecond: number;
  burst: number;
}

const MOST_REMEMBERED = 10_000;

/** Token buckets by key, of which the 10,000 used last are remembered: keys of strangers take bounded room and time. */
export class RateGate {
  readonly #limit: RateLimit;
  readonly #nowMs: () => number;
  readonly #buckets = new Map<string, { left: number; atMs: number }>();

  constructor(limit: RateLimit, nowMs: () => number = () => performance.now()) {
    this.#limit = limit;
    this.#nowMs = nowMs;
  }

  /** @throws RATE_LIMITED with `retryAfterSeconds` when the key's bucket does not hold so much; takes nothing of it. */
  check(key: string, cost = 1): void {
    const { perSecond, burst } = this.#limit;
    const left = this.#left(key);
    if (left >= cost) return;
    const seconds = Math.max(1, Math.ceil((cost - left) / perSecond));
    throw tooMuch(`more than ${perSecond} calls a second, or ${burst} at a stroke`, seconds);
  }

  /** Takes `cost` of the key's bucket. @throws RATE_LIMITED as `check` does. */
  take(key: string, cost = 1): void {
    this.check(key, cost);
    const left = this.#left(key);
    this.#buckets.delete(key); // the one that was used last stands last
    this.#buckets.set(key, { left: left - cost, atMs: this.#nowMs() });
    const oldest = this.#buckets.size > MOST_REMEMBERED ? this.#buckets.keys().next() : null;
    if (oldest && !oldest.done) this.#buckets.delete(oldest.value);
  }

  /** Whether the key's bucket held so much, which is taken of it then. */
  takes(key: string, cost = 1): boolean {
    if (this.#left(key) < cost) return false;
    this.take(key, cost);
    return true;
  }

  #left(key: string): number {
    const bucket = this.#buckets.get(key);
    const { perSecond, burst } = this.#limit;
    if (!bucket) return burst;
    return Math.min(burst, bucket.left + ((this.#nowMs() - bucket.atMs) / 1_000) * perSecond);
  }
}
