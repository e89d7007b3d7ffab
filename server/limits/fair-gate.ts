import { AppError } from "../agent/kernel/errors.ts";

/** Who wants something done: `actor` is who asks, `owner` the person behind it, who may have several tokens. */
export interface Claimant {
  actor: string;
  owner: string;
}

export interface GateLimits {
  /** at work at once for one actor, for one owner, in all */
  perActor: number;
  perOwner: number;
  total: number;
  /** waiting at once for one actor; more are refused */
  queuePerActor: number;
  waitMs: number;
}

interface Waiter {
  who: Claimant;
  admit: () => void;
}

/**
 * Fair queueing: each actor has a few at work and a short queue; what becomes free goes to the waiting actors in turn,
 * however long one's queue is. Nobody waits longer than `waitMs`.
 */
export class FairGate {
  readonly #limits: GateLimits;
  readonly #running = new Map<string, number>();
  /** queues by actor, the one whose turn is next first */
  readonly #queues = new Map<string, Waiter[]>();
  #total = 0;

  constructor(limits: GateLimits) {
    this.#limits = limits;
  }

  /**
   * Does `work` when it is this actor's turn.
   * @throws RATE_LIMITED when its queue is full or it waited too long, with `retryAfterSeconds`
   */
  async run<T>(who: Claimant, work: () => Promise<T>): Promise<T> {
    await this.#enter(who);
    try {
      return await work();
    } finally {
      this.#leave(who);
    }
  }

  #count = (key: string): number => this.#running.get(key) ?? 0;

  #mayRun({ actor, owner }: Claimant): boolean {
    const { perActor, perOwner, total } = this.#limits;
    return this.#total < total && this.#count(`actor ${actor}`) < perActor && this.#count(`owner ${owner}`) < perOwner;
  }

  #add({ actor, owner }: Claimant, n: 1 | -1): void {
    this.#total += n;
    for (const key of [`actor ${actor}`, `owner ${owner}`]) {
      const count = this.#count(key) + n;
      if (count > 0) this.#running.set(key, count);
      else this.#running.delete(key);
    }
  }

  async #enter(who: Claimant): Promise<void> {
    const queue = this.#queues.get(who.actor) ?? [];
    if (queue.length === 0 && this.#mayRun(who)) {
      this.#add(who, 1);
      return;
    }
    if (queue.length >= this.#limits.queuePerActor) throw tooMuch(`${queue.length} calls of yours wait already`, 2);
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        who,
        admit: () => {
          clearTimeout(late);
          resolve();
        },
      };
      const late = setTimeout(() => {
        this.#forget(waiter);
        reject(tooMuch(`this call waited ${this.#limits.waitMs / 1_000} s for others of yours`, 2));
      }, this.#limits.waitMs);
      queue.push(waiter);
      this.#queues.set(who.actor, queue);
    });
  }

  #forget(waiter: Waiter): void {
    const rest = (this.#queues.get(waiter.who.actor) ?? []).filter((one) => one !== waiter);
    if (rest.length > 0) this.#queues.set(waiter.who.actor, rest);
    else this.#queues.delete(waiter.who.actor);
  }

  #leave(who: Claimant): void {
    this.#add(who, -1);
    for (const [actor, queue] of [...this.#queues]) {
      const next = queue[0];
      if (!next || !this.#mayRun(next.who)) continue;
      this.#queues.delete(actor); // behind the others for its next turn
      if (queue.length > 1) this.#queues.set(actor, queue.slice(1));
      this.#add(next.who, 1);
      next.admit();
    }
  }
}

/** A refusal that says when to come again. */
export const tooMuch = (why: string, retryAfterSeconds: number): AppError =>
  new AppError("RATE_LIMITED", `Too much at once: ${why}. Try again in ${retryAfterSeconds} s.`, {
    details: { retryAfterSeconds },
  });

/** What a `Retry-After` header is to say about an error; null when it says nothing. */
export function retryAfterOf(error: AppError): string | null {
  const seconds = error.details?.retryAfterSeconds;
  return error.code === "RATE_LIMITED" && typeof seconds === "number" ? String(Math.ceil(seconds)) : null;
}
