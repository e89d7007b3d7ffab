import { AppError } from "../agent/kernel/errors.ts";
import { RecentMap } from "./recent-map.ts";
import { LULL_MS, RecentWork } from "./recent-work.ts";

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
  /** beside `total`, only for owners who have nothing at work; default none */
  reserve?: number;
  /** waiting at once for one actor; more are refused */
  queuePerActor: number;
  waitMs: number;
}

const MOST_REMEMBERED = 10_000;
const LONGEST_REST_MS = 1_000;
/** at work at once of all who give way: together they leave most of the process to whoever they give way to */
const MOST_GIVING_WAY = 2;

interface GateOptions {
  /** a clock, for tests */
  nowMs?: () => number;
  /** false where only turns count */
  givesWay?: boolean;
  /** what an owner has waiting before other gates of the same work */
  alsoWaiting?: (owner: string) => number;
}

interface Waiter {
  who: Claimant;
  admit: () => void;
}

/** Who may have a place, as things stand. */
interface Standing {
  givesWay: (owner: string) => boolean;
  /** at work of all who give way */
  givingWay: number;
}

/**
 * Fair queueing: each actor has a few at work and a short queue; what becomes free goes to the owner who has least at
 * work (max-min fairness), of several to the one whose last turn is longest ago, and to an owner's actors in turn:
 * neither a long queue nor many tokens bring more. Nobody waits longer than `waitMs`.
 *
 * Whoever presses gives way while somebody who does not is active (see RecentWork): one call at a time, and after each a
 * rest as long as the call took; all who give way have two at once. Otherwise no place is free while anybody waits for it.
 */
export class FairGate {
  readonly #limits: GateLimits;
  readonly #running = new Map<string, number>();
  /** queues by actor, the one whose turn is next first */
  readonly #queues = new Map<string, Waiter[]>();
  /** how many wait, by owner */
  readonly #waiting = new Map<string, number>();
  readonly #resting = new Set<string>();
  /** number of the last turn of each owner who was there of late */
  readonly #turns = new RecentMap<number>(MOST_REMEMBERED);
  readonly #recent: RecentWork;
  readonly #nowMs: () => number;
  readonly #mayGiveWay: boolean;
  #turn = 0;
  #total = 0;
  #looksAgain = false;

  constructor(limits: GateLimits, options: GateOptions = {}) {
    const { nowMs = () => performance.now(), givesWay = true, alsoWaiting = () => 0 } = options;
    this.#limits = limits;
    this.#nowMs = nowMs;
    this.#mayGiveWay = givesWay;
    this.#recent = new RecentWork({
      nowMs,
      waitingOf: (owner) => this.waitingOf(owner) + alsoWaiting(owner),
      isBusy: (owner) => this.#count(`owner ${owner}`) + this.waitingOf(owner) > 0,
    });
  }

  /** How many calls of an owner wait. */
  waitingOf = (owner: string): number => this.#waiting.get(owner) ?? 0;

  /**
   * Does `work` when it is this actor's turn.
   * @throws RATE_LIMITED when its queue is full or it waited too long, with `retryAfterSeconds`
   */
  async run<T>(who: Claimant, work: () => Promise<T>): Promise<T> {
    await this.#enter(who);
    const startedMs = this.#nowMs();
    try {
      return await work();
    } finally {
      this.#leave(who, this.#nowMs() - startedMs);
    }
  }

  #count = (key: string): number => this.#running.get(key) ?? 0;

  #standing(): Standing {
    if (!this.#mayGiveWay) return { givesWay: () => false, givingWay: 0 };
    const givesWay = this.#recent.givingWay();
    let givingWay = 0;
    for (const [key, count] of this.#running)
      if (key.startsWith("owner ") && givesWay(key.slice("owner ".length))) givingWay += count;
    return { givesWay, givingWay };
  }

  #mayRun({ actor, owner }: Claimant, { givesWay, givingWay }: Standing): boolean {
    const { perActor, perOwner, total, reserve = 0 } = this.#limits;
    const atWork = this.#count(`owner ${owner}`);
    if (this.#total >= (atWork === 0 ? total + reserve : total)) return false;
    const isHeld = atWork > 0 || givingWay >= MOST_GIVING_WAY || this.#resting.has(owner);
    if (isHeld && givesWay(owner)) return false;
    return this.#count(`actor ${actor}`) < perActor && atWork < perOwner;
  }

  #add({ actor, owner }: Claimant, n: 1 | -1): void {
    this.#total += n;
    if (n > 0) this.#turns.set(owner, ++this.#turn);
    for (const key of [`actor ${actor}`, `owner ${owner}`]) {
      const count = this.#count(key) + n;
      if (count > 0) this.#running.set(key, count);
      else this.#running.delete(key);
    }
  }

  async #enter(who: Claimant): Promise<void> {
    if (this.#mayGiveWay) this.#recent.asked(who.owner);
    const queue = this.#queues.get(who.actor) ?? [];
    if (queue.length === 0 && this.#mayRun(who, this.#standing())) {
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
        const why = this.#whyItWaited(waiter);
        this.#forget(waiter);
        reject(tooMuch(why, 2));
      }, this.#limits.waitMs);
      queue.push(waiter);
      this.#queues.set(who.actor, queue);
      this.#countWaiting(who.owner, 1);
      this.#lookAgain();
    });
  }

  /** Whose calls a call waited for, as it is when its time is over. */
  #whyItWaited({ who: { owner } }: Waiter): string {
    const own = this.#count(`owner ${owner}`);
    const others = this.#total - own;
    const waiting = this.waitingOf(owner) - 1;
    const standing = [
      ...(own > 0 ? [`${callsOf("yours", own)} at work`] : []),
      ...(waiting > 0 ? [`${waiting} more of yours ${waiting === 1 ? "waits" : "wait"}`] : []),
      ...(others > 0 ? [`${callsOf("others", others)} at work`] : []),
      ...(this.#standing().givesWay(owner) ? ["you have asked for so much that others come first"] : []),
    ];
    return `this call waited ${this.#limits.waitMs / 1_000} s for its turn: ${standing.join(", ")}`;
  }

  #countWaiting(owner: string, n: 1 | -1): void {
    const count = this.waitingOf(owner) + n;
    if (count > 0) this.#waiting.set(owner, count);
    else this.#waiting.delete(owner);
  }

  /** While somebody waits, looks every LULL_MS whether those they gave way to are gone. */
  #lookAgain(): void {
    if (this.#looksAgain || this.#queues.size === 0 || !this.#mayGiveWay) return;
    this.#looksAgain = true;
    setTimeout(() => {
      this.#looksAgain = false;
      this.#admit();
      this.#lookAgain();
    }, LULL_MS / 4);
  }

  #rest({ owner }: Claimant, tookMs: number): void {
    if (!this.#standing().givesWay(owner)) return;
    this.#resting.add(owner);
    setTimeout(
      () => {
        this.#resting.delete(owner);
        this.#admit();
      },
      Math.min(tookMs, LONGEST_REST_MS),
    );
  }

  #forget(waiter: Waiter): void {
    const rest = (this.#queues.get(waiter.who.actor) ?? []).filter((one) => one !== waiter);
    this.#countWaiting(waiter.who.owner, -1);
    if (rest.length > 0) this.#queues.set(waiter.who.actor, rest);
    else this.#queues.delete(waiter.who.actor);
  }

  #leave(who: Claimant, tookMs: number): void {
    this.#add(who, -1);
    if (this.#mayGiveWay) this.#recent.worked(who.owner, tookMs);
    this.#rest(who, tookMs);
    this.#admit();
  }

  #admit(): void {
    for (let next = this.#next(); next; next = this.#next()) {
      const { who, admit } = next;
      const rest = (this.#queues.get(who.actor) ?? []).slice(1);
      this.#queues.delete(who.actor); // behind its owner's others for its next turn
      if (rest.length > 0) this.#queues.set(who.actor, rest);
      this.#countWaiting(who.owner, -1);
      this.#add(who, 1);
      admit();
    }
  }

  /** Who of those that wait and may run has the next turn. */
  #next(): Waiter | null {
    const { total, reserve = 0 } = this.#limits;
    if (this.#total >= total + reserve) return null;
    const standing = this.#standing();
    let next: { waiter: Waiter; atWork: number; turn: number } | null = null;
    for (const [waiter] of this.#queues.values()) {
      if (!waiter) continue;
      const { owner } = waiter.who;
      const [atWork, turn] = [this.#count(`owner ${owner}`), this.#turns.get(owner) ?? 0];
      const isBefore = !next || atWork < next.atWork || (atWork === next.atWork && turn < next.turn);
      if (isBefore && this.#mayRun(waiter.who, standing)) next = { waiter, atWork, turn };
    }
    return next?.waiter ?? null;
  }
}

const callsOf = (whom: string, n: number): string => (n === 1 ? `1 call of ${whom} is` : `${n} calls of ${whom} are`);

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
