import { widerNetworkOf } from "../auth/client-address.ts";

interface Holder {
  address: string;
  network: string;
  lose: () => void;
}

/**
 * Places that strangers share, so many in all, of which nobody can be kept out by holding them: when all are taken, the
 * address that holds most in the network that holds most loses the place it has held longest to whoever holds fewer.
 * Addresses are what `networkOf` makes of them; those of one wide network of IPv6 weigh together.
 */
export class FairPlaces {
  readonly #most: number;
  /** the one that holds its place longest first */
  readonly #holders = new Set<Holder>();

  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Takes a place. `lose` is called when it goes to somebody else.
   * @returns gives the place back, as often as it is called; null when all are taken and nobody holds more
   */
  take(address: string, lose: () => void): (() => void) | null {
    const holder: Holder = { address, network: widerNetworkOf(address), lose };
    if (this.#holders.size >= this.#most) {
      const loser = this.#loserTo(holder);
      if (loser === null) return null;
      this.#holders.delete(loser);
      loser.lose();
    }
    this.#holders.add(holder);
    return () => {
      this.#holders.delete(holder);
    };
  }

  #loserTo(comer: Holder): Holder | null {
    const all = [...this.#holders];
    const networks = countedBy(all, ({ network }) => network);
    const most = heaviest(networks);
    const ownWeight = networks.get(comer.network) ?? 0;
    const network = ownWeight < most.count ? most.key : comer.network;
    const within = all.filter((one) => one.network === network);
    const addresses = countedBy(within, ({ address }) => address);
    const address = heaviest(addresses);
    if (network === comer.network && (addresses.get(comer.address) ?? 0) >= address.count) return null;
    return within.find((one) => one.address === address.key) ?? null;
  }
}

function countedBy(all: readonly Holder[], keyOf: (one: Holder) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const one of all) counts.set(keyOf(one), (counts.get(keyOf(one)) ?? 0) + 1);
  return counts;
}

/** Of several that are as heavy, the one whose first place is oldest. */
function heaviest(counts: ReadonlyMap<string, number>): { key: string; count: number } {
  let most = { key: "", count: 0 };
  for (const [key, count] of counts) if (count > most.count) most = { key, count };
  return most;
}
