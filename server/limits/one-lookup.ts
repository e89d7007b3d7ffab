/** One look-up of a key at a time: whoever asks meanwhile shares the next one, which begins after they asked. */
export class OneLookup<T> {
  readonly #running = new Map<string, Promise<unknown>>();
  readonly #next = new Map<string, Promise<T>>();

  run(key: string, ask: () => Promise<T>): Promise<T> {
    const running = this.#running.get(key);
    if (!running) return this.#start(key, ask);
    const shared = this.#next.get(key);
    if (shared) return shared;
    const next = running.then(() => {
      this.#next.delete(key);
      return this.#start(key, ask);
    });
    this.#next.set(key, next);
    return next;
  }

  #start(key: string, ask: () => Promise<T>): Promise<T> {
    const answer = ask();
    const over = answer.then(
      () => undefined,
      () => undefined, // told to those who asked
    );
    this.#running.set(key, over);
    void over.then(() => {
      if (this.#running.get(key) === over) this.#running.delete(key);
    });
    return answer;
  }
}
