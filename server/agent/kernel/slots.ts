/**
 * Places that work takes and gives back, whatever becomes of the work: it is started inside, so that even what throws
 * before its first wait leaves its place. The only way to count what is under way; nobody adds or subtracts by hand.
 */
export class Slots {
  readonly #most: number;
  #used = 0;
  readonly #waiting: (() => void)[] = [];

  /** @param most at work at once */
  constructor(most: number) {
    this.#most = most;
  }

  get used(): number {
    return this.#used;
  }

  get isFull(): boolean {
    return this.#used >= this.#most;
  }

  /** Does `work` in a slot; when all are taken, answers what `whenFull` does, which may throw. */
  async withSlot<T, F = never>(work: () => T | Promise<T>, whenFull: () => F | Promise<F>): Promise<T | F> {
    return this.isFull ? whenFull() : this.#run(work);
  }

  /** Does `work` when a slot is free; those who wait come in turn. */
  async inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    // whoever leaves hands the place over, so that nobody who comes later is before those who wait
    if (this.isFull) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#used++;
    return this.#leaving(work);
  }

  #run<T>(work: () => T | Promise<T>): Promise<T> {
    this.#used++;
    return this.#leaving(work);
  }

  async #leaving<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#used--;
    }
  }
}

/** Slots by key, so many for each and so many in all. A key without work takes no room. */
export class KeyedSlots {
  readonly #perKey: number;
  readonly #inAll: Slots;
  readonly #byKey = new Map<string, Slots>();

  constructor(most: { perKey: number; total: number }) {
    this.#perKey = most.perKey;
    this.#inAll = new Slots(most.total);
  }

  get used(): number {
    return this.#inAll.used;
  }

  get isFull(): boolean {
    return this.#inAll.isFull;
  }

  usedBy(key: string): number {
    return this.#byKey.get(key)?.used ?? 0;
  }

  /** As `Slots.withSlot`, for one key. */
  async withSlot<T, F = never>(
    key: string,
    work: () => T | Promise<T>,
    whenFull: () => F | Promise<F>,
  ): Promise<T | F> {
    const own = this.#byKey.get(key) ?? new Slots(this.#perKey);
    if (this.isFull || own.isFull) return whenFull();
    this.#byKey.set(key, own);
    try {
      return await this.#inAll.withSlot(() => own.withSlot(work, whenFull), whenFull);
    } finally {
      if (own.used === 0) this.#byKey.delete(key);
    }
  }
}
