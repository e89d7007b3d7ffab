/**
 * A map of bounded room for what strangers can make up: beyond `most` keys the one that was set longest ago goes, one
 * at a time, so that a flood of new keys never makes all the others forgotten at once.
 */
export class RecentMap<V> {
  readonly #most: number;
  readonly #values = new Map<string, V>();

  constructor(most: number) {
    this.#most = most;
  }

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  /** Sets a value, also anew: the key stands last then. */
  set(key: string, value: V): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    const oldest = this.#values.size > this.#most ? this.#values.keys().next() : null;
    if (oldest && !oldest.done) this.#values.delete(oldest.value);
  }

  delete(key: string): void {
    this.#values.delete(key);
  }
}
