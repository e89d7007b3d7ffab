import { widerNetworkOf } from "../auth/client-address.ts";
import { RecentMap } from "./recent-map.ts";

interface Holder {
  address: string;
  network: string;
  sinceMs: number;
  lose: () => void;
}

/** what somebody asked of late still weighs, half as much after so long */
const HALF_LIFE_MS = 5_000;
/** held so long, a place goes to a newcomer though its holder weighs no more */
const SLOW_MS = 1_000;
/** asked of late by whoever opens a page: of a network only what is beyond weighs; who holds nothing is new until then */
const ASKED_BY_NEWCOMERS = 10;
const MOST_REMEMBERED = 10_000;

/**
 * Places that strangers share, so many in all, of which nobody can be kept out by holding them: when all are taken, the
 * address that weighs most in the network that weighs most loses the place it has held longest to whoever weighs less.
 * What is held weighs, and so does what was asked very often of late: who asks once is not put out by many who ask again
 * and again. Among equals the newcomer is refused, unless a place was held for a second, so that many equals keep nobody
 * out. Addresses are what `networkOf` makes of them; those of one wide network of IPv6 weigh together.
 */
export class FairPlaces {
  readonly #most: number;
  readonly #nowMs: () => number;
  /** the one that holds its place longest first */
  readonly #holders = new Set<Holder>();
  readonly #asked = new RecentMap<{ count: number; atMs: number }>(MOST_REMEMBERED);

  constructor(most: number, nowMs: () => number = () => performance.now()) {
    this.#most = most;
    this.#nowMs = nowMs;
  }

  /**
   * Takes a place. `lose` is called when it goes to somebody else.
   * @returns gives the place back, as often as it is called; null when all are taken and nobody weighs more
   */
  take(address: string, lose: () => void): (() => void) | null {
    const holder: Holder = { address, network: widerNetworkOf(address), sinceMs: this.#nowMs(), lose };
    const isNew = this.#isNewcomer(holder);
    for (const key of new Set([address, holder.network]))
      this.#asked.set(key, { count: this.#askedBy(key) + 1, atMs: holder.sinceMs });
    if (this.#holders.size >= this.#most) {
      const loser = this.#loserTo(holder) ?? (isNew ? this.#slow() : null);
      if (loser === null) return null;
      this.#holders.delete(loser);
      loser.lose();
    }
    this.#holders.add(holder);
    return () => {
      this.#holders.delete(holder);
    };
  }

  #askedBy = (key: string): number => {
    const asked = this.#asked.get(key);
    return asked ? asked.count * 0.5 ** ((this.#nowMs() - asked.atMs) / HALF_LIFE_MS) : 0;
  };

  #overAskedBy = (key: string): number => Math.max(0, this.#askedBy(key) - ASKED_BY_NEWCOMERS);

  /** The holder that weighs more than the comer would with the place. */
  #loserTo(comer: Holder): Holder | null {
    const all = [...this.#holders];
    const networks = this.#weights(all, ({ network }) => network, this.#overAskedBy);
    const most = heaviest(networks);
    const own = (networks.get(comer.network) ?? this.#overAskedBy(comer.network)) + 1;
    const network = own < most.weight ? most.key : comer.network;
    const within = all.filter((one) => one.network === network);
    const addresses = this.#weights(within, ({ address }) => address, this.#askedBy);
    const address = heaviest(addresses);
    const ownAddress = (addresses.get(comer.address) ?? this.#askedBy(comer.address)) + 1;
    if (network === comer.network && ownAddress >= address.weight) return null;
    return within.find((one) => one.address === address.key) ?? null;
  }

  #isNewcomer({ network }: Holder): boolean {
    if (this.#askedBy(network) >= ASKED_BY_NEWCOMERS) return false;
    for (const holder of this.#holders) if (holder.network === network) return false;
    return true;
  }

  /** Of those that held a place for a second, the one whose address asked most; of equals the oldest. */
  #slow(): Holder | null {
    let most: { holder: Holder; asked: number } | null = null;
    for (const holder of this.#holders) {
      if (this.#nowMs() - holder.sinceMs < SLOW_MS) break; // the others came later
      const asked = Math.round(this.#askedBy(holder.address));
      if (!most || asked > most.asked) most = { holder, asked };
    }
    return most?.holder ?? null;
  }

  #weights(
    all: readonly Holder[],
    keyOf: (one: Holder) => string,
    askedBy: (key: string) => number,
  ): Map<string, number> {
    const weights = new Map<string, number>();
    for (const one of all) {
      const key = keyOf(one);
      weights.set(key, (weights.get(key) ?? askedBy(key)) + 1);
    }
    return weights;
  }
}

/** Of several that are as heavy, the one whose first place is oldest. */
function heaviest(weights: ReadonlyMap<string, number>): { key: string; weight: number } {
  let most = { key: "", weight: 0 };
  for (const [key, weight] of weights) if (weight > most.weight) most = { key, weight };
  return most;
}
