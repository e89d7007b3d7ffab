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
  /** beside `total`, only for owners who have nothing at work; default none */
  reserve?: number;
  /** waiting at once for one actor; more are refused */
  queuePerActor: number;
  waitMs: number;
}

/** of work by which an owner may be ahead of one who is there before it gives way */
const AHEAD_MS = 300;
const HALF_LIFE_MS = 5_000;
/** since its last call somebody counts as being there, and as pressing since its queue was last long */
const THERE_MS = 5_000;
/** waiting calls of an actor that make its owner press: more than one batch */
const PRESSING = 20;
const LONGEST_REST_MS = 1_000;
/** at work at once of all who give way: together they leave most of the process to whoever they give way to */
const MOST_GIVING_WAY = 2;

interface Work {
  /** at work of late, in ms; halves every HALF_LIFE_MS */
  ms: number;
  atMs: number;
  pressedAtMs: number;
}

interface GateOptions {
  /** a clock, for tests */
  nowMs?: () => number;
  /** false where only turns count */
  givesWay?: boolean;
}

interface Waiter {
  who: Claimant;
  /** told whether it gives way while it is at work */
  admit: (givingWay: boolean) => void;
}

/**
 * Fair queueing: each actor has a few at work and a short queue; what becomes free goes to the owner who has least at
 * work (max-min fairness), of several to the one whose last turn is longest ago, and to an owner's actors in turn:
 * neither a long queue nor many tokens bring more. Nobody waits longer than `waitMs`.
 *
 * Whoever presses, or had more time of late than another who presses no less, gives way while that other is there: one
 * call at a time, and after each a rest as long as the call took; all who give way have two at once. Who comes anew has no credit for having been away
 * (start-time fair queueing, Goyal, Vin and Cheng 1996).
 */
export class FairGate {
  readonly #limits: GateLimits;
  readonly #running = new Map<string, number>();
  /** queues by actor, the one whose turn is next first */
  readonly #queues = new Map<string, Waiter[]>();
  readonly #work = new Map<string, Work>();
  readonly #resting = new Set<string>();
  /** number of the last turn of each owner who was there of late */
  readonly #turns = new Map<string, number>();
  #turn = 0;
  readonly #nowMs: () => number;
  #total = 0;
  #givingWay = 0;

  readonly #mayGiveWay: boolean;

  constructor(limits: GateLimits, { nowMs = () => performance.now(), givesWay = true }: GateOptions = {}) {
    this.#limits = limits;
    this.#nowMs = nowMs;
    this.#mayGiveWay = givesWay;
  }

  /**
   * Does `work` when it is this actor's turn.
   * @throws RATE_LIMITED when its queue is full or it waited too long, with `retryAfterSeconds`
   */
  async run<T>(who: Claimant, work: () => Promise<T>): Promise<T> {
    const givingWay = await this.#enter(who);
    const startedMs = this.#nowMs();
    try {
      return await work();
    } finally {
      if (givingWay) this.#givingWay--;
      this.#leave(who, this.#nowMs() - startedMs);
    }
  }

  #count = (key: string): number => this.#running.get(key) ?? 0;

  #mayRun({ actor, owner }: Claimant): boolean {
    const { perActor, perOwner, total, reserve = 0 } = this.#limits;
    if (this.#resting.has(owner)) return false;
    const atWork = this.#count(`owner ${owner}`);
    if (this.#total >= (atWork === 0 ? total + reserve : total)) return false;
    if ((atWork > 0 || this.#givingWay >= MOST_GIVING_WAY) && this.#givesWay(owner)) return false;
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

  /** Takes a place. @returns whether it is one of those that give way */
  #begin(who: Claimant): boolean {
    const givingWay = this.#givesWay(who.owner);
    if (givingWay) this.#givingWay++;
    this.#add(who, 1);
    return givingWay;
  }

  async #enter(who: Claimant): Promise<boolean> {
    this.#note(who);
    const queue = this.#queues.get(who.actor) ?? [];
    if (queue.length === 0 && this.#mayRun(who)) return this.#begin(who);
    if (queue.length >= this.#limits.queuePerActor) throw tooMuch(`${queue.length} calls of yours wait already`, 2);
    return new Promise<boolean>((resolve, reject) => {
      const waiter: Waiter = {
        who,
        admit: (givingWay) => {
          clearTimeout(late);
          resolve(givingWay);
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

  #workOf({ ms, atMs }: Work): number {
    return ms * 0.5 ** ((this.#nowMs() - atMs) / HALF_LIFE_MS);
  }

  /** What an owner did of late, if it is there. */
  #there(owner: string): Work | null {
    const work = this.#work.get(owner);
    return work && this.#nowMs() - work.atMs < THERE_MS ? work : null;
  }

  #othersThere = (owner: string): Work[] =>
    [...this.#work.keys()].filter((other) => other !== owner).flatMap((other) => this.#there(other) ?? []);

  #presses = ({ pressedAtMs }: Work): boolean => this.#nowMs() - pressedAtMs < THERE_MS;

  #givesWay(owner: string): boolean {
    const mine = this.#mayGiveWay ? this.#there(owner) : null;
    if (!mine) return false;
    return this.#othersThere(owner).some((other) => {
      if (this.#presses(mine) !== this.#presses(other)) return this.#presses(mine);
      return this.#workOf(mine) > this.#workOf(other) + AHEAD_MS;
    });
  }

  /** Called when somebody asks, and when work of theirs ends. */
  #note({ actor, owner }: Claimant, tookMs = 0): void {
    const atMs = this.#nowMs();
    const before = this.#there(owner);
    const others = this.#othersThere(owner).map((work) => this.#workOf(work));
    const ms = before ? this.#workOf(before) : others.length > 0 ? Math.min(...others) : 0;
    const long = (this.#queues.get(actor)?.length ?? 0) > PRESSING;
    const pressedAtMs = long ? atMs : (before?.pressedAtMs ?? Number.NEGATIVE_INFINITY);
    this.#work.set(owner, { ms: ms + tookMs, atMs, pressedAtMs });
    for (const [other, work] of this.#work) {
      if (atMs - work.atMs <= THERE_MS) continue;
      this.#work.delete(other);
      this.#turns.delete(other);
    }
  }

  #rest({ owner }: Claimant, tookMs: number): void {
    if (!this.#givesWay(owner)) return;
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
    if (rest.length > 0) this.#queues.set(waiter.who.actor, rest);
    else this.#queues.delete(waiter.who.actor);
  }

  #leave(who: Claimant, tookMs: number): void {
    this.#add(who, -1);
    this.#note(who, tookMs);
    this.#rest(who, tookMs);
    this.#admit();
  }

  #admit(): void {
    for (let next = this.#next(); next; next = this.#next()) {
      const { who, admit } = next;
      const rest = (this.#queues.get(who.actor) ?? []).slice(1);
      this.#queues.delete(who.actor); // behind its owner's others for its next turn
      if (rest.length > 0) this.#queues.set(who.actor, rest);
      admit(this.#begin(who));
    }
  }

  /** Who of those that wait and may run has the next turn. */
  #next(): Waiter | null {
    const { total, reserve = 0 } = this.#limits;
    if (this.#total >= total + reserve) return null;
    let next: { waiter: Waiter; atWork: number; turn: number } | null = null;
    for (const [waiter] of this.#queues.values()) {
      if (!waiter) continue;
      const { owner } = waiter.who;
      const [atWork, turn] = [this.#count(`owner ${owner}`), this.#turns.get(owner) ?? 0];
      const isBefore = !next || atWork < next.atWork || (atWork === next.atWork && turn < next.turn);
      if (isBefore && this.#mayRun(waiter.who)) next = { waiter, atWork, turn };
    }
    return next?.waiter ?? null;
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
