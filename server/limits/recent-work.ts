/** of work by which an owner may be ahead of one who presses no less: more than one place in use all the time */
const AHEAD_MS = 10_000;
const HALF_LIFE_MS = 5_000;
/** since its last call somebody is remembered, and counts as pressing since it last did */
const REMEMBERED_MS = 5_000;
/** calls asked for while others of the same owner wait, without a break, that make it press: more than one batch */
const PRESSING = 20;
/** so long after its last call ended somebody is still expected to go on */
export const LULL_MS = 1_000;

interface Work {
  /** at work of late, in ms; halves every HALF_LIFE_MS */
  ms: number;
  atMs: number;
  /** calls since the owner last had nothing waiting */
  behindOthers: number;
  pressedAtMs: number;
}

interface RecentWorkOptions {
  nowMs: () => number;
  /** what an owner has waiting */
  waitingOf: (owner: string) => number;
  /** whether an owner has something waiting or at work */
  isBusy: (owner: string) => boolean;
}

/**
 * What owners asked and did of late, and who of them gives way. Whoever presses gives way to who does not, and whoever
 * was at work very long to who presses no less, but only while that other wants something or did a moment ago: what
 * nobody else wants may be used. Who comes anew has no credit for having been away (start-time fair queueing, Goyal, Vin
 * and Cheng 1996).
 */
export class RecentWork {
  readonly #options: RecentWorkOptions;
  readonly #owners = new Map<string, Work>();

  constructor(options: RecentWorkOptions) {
    this.#options = options;
  }

  /** Called when an owner asks for a call, before it waits. */
  asked(owner: string): void {
    this.#note(owner, { calls: 1, tookMs: 0 });
  }

  /** Called when a call ended. */
  worked(owner: string, tookMs: number): void {
    this.#note(owner, { calls: 0, tookMs });
  }

  /** Says of each owner whether it gives way now. */
  givingWay(): (owner: string) => boolean {
    const least = { calm: Number.POSITIVE_INFINITY, pressing: Number.POSITIVE_INFINITY };
    for (const [owner, work] of this.#owners) {
      if (!this.#isActive(owner, work)) continue;
      const kind = this.#presses(work) ? "pressing" : "calm";
      least[kind] = Math.min(least[kind], this.#msOf(work));
    }
    return (owner) => {
      const mine = this.#remembered(owner);
      if (!mine) return false;
      const presses = this.#presses(mine);
      if (presses && least.calm < Number.POSITIVE_INFINITY) return true;
      return this.#msOf(mine) > least[presses ? "pressing" : "calm"] + AHEAD_MS;
    };
  }

  #remembered(owner: string): Work | null {
    const work = this.#owners.get(owner);
    return work && this.#sinceMs(work.atMs) < REMEMBERED_MS ? work : null;
  }

  #note(owner: string, { calls, tookMs }: { calls: number; tookMs: number }): void {
    const atMs = this.#options.nowMs();
    const before = this.#remembered(owner);
    const behindOthers = this.#options.waitingOf(owner) > 0 ? (before?.behindOthers ?? 0) + calls : 0;
    const pressedAtMs = behindOthers > PRESSING ? atMs : (before?.pressedAtMs ?? Number.NEGATIVE_INFINITY);
    const ms = before ? this.#msOf(before) : this.#leastOfOthers(owner);
    this.#owners.set(owner, { ms: ms + tookMs, atMs, behindOthers, pressedAtMs });
    for (const [other, work] of this.#owners) if (this.#sinceMs(work.atMs) >= REMEMBERED_MS) this.#owners.delete(other);
  }

  #leastOfOthers(owner: string): number {
    let least = Number.POSITIVE_INFINITY;
    for (const other of this.#owners.keys()) {
      const work = other === owner ? null : this.#remembered(other);
      if (work) least = Math.min(least, this.#msOf(work));
    }
    return least === Number.POSITIVE_INFINITY ? 0 : least;
  }

  #sinceMs = (atMs: number): number => this.#options.nowMs() - atMs;
  #msOf = ({ ms, atMs }: Work): number => ms * 0.5 ** (this.#sinceMs(atMs) / HALF_LIFE_MS);
  #presses = ({ pressedAtMs }: Work): boolean => this.#sinceMs(pressedAtMs) < REMEMBERED_MS;

  #isActive(owner: string, { atMs }: Work): boolean {
    const sinceMs = this.#sinceMs(atMs);
    return sinceMs < LULL_MS || (sinceMs < REMEMBERED_MS && this.#options.isBusy(owner));
  }
}
