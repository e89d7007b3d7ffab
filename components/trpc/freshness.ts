import type { QueryClient } from "@tanstack/react-query";
import { causeOf } from "./lost-connection.ts";

/** Causes to read everything again come in bursts. */
const GATHER_MS = 150;
/** All tabs of all people hear at once that an outage is over: each reads within this time. */
const SPREAD_MS = 2_000;

/**
 * From when on an answer holds: what changed before may have been missed. What is older is read again, once for each
 * burst of causes, and is shown as old until it was (see `behindBy`).
 */
export class Freshness {
  readonly #queryClient: QueryClient;
  readonly #listeners = new Set<() => void>();
  #from = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(queryClient: QueryClient) {
    this.#queryClient = queryClient;
  }

  /** ms since the epoch; 0 while nothing may have been missed */
  get from(): number {
    return this.#from;
  }

  /**
   * Changes up to `at` may have been missed.
   * @param by `tab`: this tab alone did not listen; `all`: every tab finds out at the same time
   */
  missed(by: "tab" | "all", at = Date.now()): void {
    if (at > this.#from) {
      this.#from = at;
      for (const listener of this.#listeners) listener();
    }
    const spreadMs = by === "all" ? SPREAD_MS : 0;
    this.#timer ??= setTimeout(() => this.#readAgain(), GATHER_MS + Math.random() * spreadMs);
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Watches the reads themselves for an outage.
   * @returns is called once it is over: what came before the last read that failed may have missed changes
   */
  watchOutage(): () => void {
    let failedAt = Date.now();
    const unsubscribe = this.#queryClient.getQueryCache().subscribe((event) => {
      if (event.type === "updated" && event.action.type === "error" && causeOf(event.action.error))
        failedAt = Date.now();
    });
    return () => {
      unsubscribe();
      this.missed("all", failedAt);
    };
  }

  #readAgain(): void {
    this.#timer = undefined;
    void this.#queryClient.invalidateQueries({ predicate: ({ state }) => state.dataUpdatedAt <= this.#from });
  }
}
