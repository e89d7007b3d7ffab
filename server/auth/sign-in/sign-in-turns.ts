import { RecentMap } from "../../limits/recent-map.ts";
import { Allowance } from "./allowance.ts";

/**
 * Turns in which strangers try passwords for one account. All networks together have so many a day, whatever their
 * number, and whoever has tried least comes first: so a person's first tries wait for no attacker who has had theirs.
 */

const DAY_MS = 86_400_000;
/** at a stroke, before anybody waits, and after them one in so long */
const AT_A_STROKE = 20;
export const TURN_MS = 4_000;
/** of one network for one account in a day, which come sooner than that, one in so long; all networks have so many */
export const QUICK_TRIES = 3;
const QUICK_MS = 50;
const QUICK_A_DAY = 6_000;
/** what is tried for one account in any 24 hours at most; what is refilled meanwhile is counted */
export const MOST_A_DAY = AT_A_STROKE + DAY_MS / TURN_MS + 2 * QUICK_A_DAY;

export const LONGEST_WAIT_MS = 60_000;
/** for one account: each of them has its turn within LONGEST_WAIT_MS while the quick ones last */
const MOST_WAITING = 1_000;
const MOST_WAITING_IN_ALL = 2_000;
const MOST_ACCOUNTS = 5_000;
const MOST_NETWORKS = 100_000;

/** what a network has tried for an account of late, and what the last try was taken of */
interface Past {
  tries: number;
  atMs: number;
  takenOf: readonly Allowance[];
}
interface Waiter {
  past: Past;
  network: string;
  end: (came: boolean) => void;
}
interface Account {
  turns: Allowance;
  quick: Allowance;
  pace: Allowance;
  /** who waits longest first */
  waiting: Set<Waiter>;
  timer: NodeJS.Timeout | null;
}

export class SignInTurns {
  readonly #nowMs: () => number;
  readonly #accounts = new Map<string, Account>();
  readonly #past = new RecentMap<Past>(MOST_NETWORKS);
  #waiting = 0;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Waits for a network's turn, LONGEST_WAIT_MS at most.
   * @param signal of a client that may leave, who takes no turn then
   * @returns whether it came
   */
  take(email: string, network: string, signal?: AbortSignal): Promise<boolean> {
    const account = this.#accountOf(email);
    const past = this.#pastOf(email, network);
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve(false);
      const leave = () => waiter.end(false);
      const waiter: Waiter = {
        past,
        network,
        end: (came) => {
          if (!account.waiting.delete(waiter)) return;
          this.#waiting--;
          clearTimeout(longest);
          signal?.removeEventListener("abort", leave);
          if (account.waiting.size === 0 && account.timer) clearTimeout(account.timer);
          resolve(came);
        },
      };
      account.waiting.add(waiter);
      this.#waiting++;
      const longest = setTimeout(leave, LONGEST_WAIT_MS);
      signal?.addEventListener("abort", leave, { once: true });
      this.#serve(account);
      this.#makeRoom(account);
    });
  }

  /** Gives a turn back in which the right password came, and forgets what its network tried before. */
  wasRight(email: string, network: string): void {
    const key = keyOf(email, network);
    const past = this.#past.get(key);
    for (const allowance of past?.takenOf ?? []) allowance.giveBack();
    this.#past.delete(key);
  }

  #accountOf(email: string): Account {
    const known = this.#accounts.get(email);
    if (known) return known;
    if (this.#accounts.size >= MOST_ACCOUNTS) this.#forgetAccounts();
    const account: Account = {
      turns: new Allowance(AT_A_STROKE, TURN_MS, this.#nowMs),
      quick: new Allowance(QUICK_A_DAY, DAY_MS / QUICK_A_DAY, this.#nowMs),
      pace: new Allowance(1, QUICK_MS, this.#nowMs),
      waiting: new Set(),
      timer: null,
    };
    this.#accounts.set(email, account);
    return account;
  }

  /** A tenth goes: those that say least, as made-up accounts do, and never one for which somebody waits. */
  #forgetAccounts(): void {
    const idle = [...this.#accounts].filter(([, { waiting }]) => waiting.size === 0);
    const used = ({ turns, quick }: Account) => turns.used() + quick.used();
    const least = idle.sort(([, a], [, b]) => used(a) - used(b)).slice(0, MOST_ACCOUNTS / 10);
    for (const [email] of least) this.#accounts.delete(email);
  }

  #pastOf(email: string, network: string): Past {
    const key = keyOf(email, network);
    const known = this.#past.get(key);
    const isOld = known === undefined || this.#nowMs() - known.atMs > DAY_MS;
    const past = isOld ? { tries: 0, atMs: this.#nowMs(), takenOf: [] } : known;
    this.#past.set(key, past);
    return past;
  }

  #serve(account: Account): void {
    for (let next = this.#next(account); next; next = this.#next(account)) {
      for (const allowance of next.of) allowance.take();
      Object.assign(next.waiter.past, {
        tries: next.waiter.past.tries + 1,
        atMs: this.#nowMs(),
        takenOf: next.of,
      } satisfies Past);
      next.waiter.end(true);
    }
    if (account.timer) clearTimeout(account.timer);
    account.timer = null;
    if (account.waiting.size === 0) return;
    const { turns, quick, pace } = account;
    const isQuick = best(account.waiting, (tries) => tries < QUICK_TRIES) !== null;
    const inMs = Math.min(turns.inMs(), isQuick ? Math.max(quick.inMs(), pace.inMs()) : Number.POSITIVE_INFINITY);
    account.timer = setTimeout(() => this.#serve(account), Math.ceil(inMs) + 1);
  }

  #next({ waiting, turns, quick, pace }: Account): { waiter: Waiter; of: Allowance[] } | null {
    if (waiting.size === 0) return null;
    const first = best(waiting, (tries) => tries < QUICK_TRIES);
    if (first && quick.inMs() === 0 && pace.inMs() === 0) return { waiter: first, of: [quick, pace] };
    if (turns.inMs() > 0) return null;
    const later = best(waiting, (tries) => tries >= QUICK_TRIES);
    const waiter = quick.inMs() === 0 ? (later ?? first) : (first ?? later);
    return waiter && { waiter, of: [turns] };
  }

  /** Of the account for which most wait, whoever has tried most and came last leaves; so nobody who waits is put off. */
  #makeRoom(account: Account): void {
    if (account.waiting.size > MOST_WAITING) worst(account.waiting)?.end(false);
    if (this.#waiting <= MOST_WAITING_IN_ALL) return;
    let most = account;
    for (const one of this.#accounts.values()) if (one.waiting.size > most.waiting.size) most = one;
    worst(most.waiting)?.end(false);
  }
}

const keyOf = (email: string, network: string): string => `${email}\0${network}`;

function best(waiting: Iterable<Waiter>, isWanted: (tries: number) => boolean): Waiter | null {
  let found: Waiter | null = null;
  for (const one of waiting)
    if (isWanted(one.past.tries) && (found === null || one.past.tries < found.past.tries)) found = one;
  return found;
}

/** Of one network the second that waits counts as one that has tried once more, and so on. */
function worst(waiting: Iterable<Waiter>): Waiter | null {
  let found: { waiter: Waiter; weight: number } | null = null;
  const before = new Map<string, number>();
  for (const waiter of waiting) {
    const ahead = before.get(waiter.network) ?? 0;
    before.set(waiter.network, ahead + 1);
    const weight = waiter.past.tries + ahead;
    if (found === null || weight >= found.weight) found = { waiter, weight };
  }
  return found?.waiter ?? null;
}
