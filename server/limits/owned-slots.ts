import { KeyedSlots } from "../agent/kernel/slots.ts";
import type { Claimant } from "./fair-gate.ts";

/** At once for one actor, for all actors of one owner, and in all. */
export interface OwnedLimits {
  perActor: number;
  perOwner: number;
  total?: number;
}

/** Whose places are all taken, and how many these are. */
export interface Taken {
  of: "actor" | "owner";
  most: number;
}

/** Slots that an owner does not get more of by having more tokens. */
export class OwnedSlots {
  readonly #limits: OwnedLimits;
  readonly #owners: KeyedSlots;
  readonly #actors: KeyedSlots;

  constructor(limits: OwnedLimits) {
    const { perActor, perOwner, total = Number.POSITIVE_INFINITY } = limits;
    this.#limits = limits;
    this.#owners = new KeyedSlots({ perKey: perOwner, total });
    this.#actors = new KeyedSlots({ perKey: perActor, total });
  }

  get used(): number {
    return this.#owners.used;
  }

  get isFull(): boolean {
    return this.#owners.isFull;
  }

  /** As `Slots.withSlot`; when there is none, `whenFull` is told whose places are taken. */
  async withSlot<T, F = never>(
    { actor, owner }: Claimant,
    work: () => T | Promise<T>,
    whenFull: (taken: Taken) => F | Promise<F>,
  ): Promise<T | F> {
    const { perActor, perOwner } = this.#limits;
    const ofActor = () => whenFull({ of: "actor", most: perActor });
    // the narrower limit first, so that it is the one that is told
    if (this.#actors.usedBy(actor) >= perActor) return ofActor();
    return this.#owners.withSlot<T | F, F>(
      owner,
      () => this.#actors.withSlot(actor, work, ofActor),
      () => whenFull({ of: "owner", most: perOwner }),
    );
  }
}
