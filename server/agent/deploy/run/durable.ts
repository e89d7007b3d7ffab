/**
 * What a durable procedure may lean on. The body runs again from the top after a crash, so everything it learns of the
 * outside, the time included, comes from a step, whose result is remembered.
 */
export interface Durable {
  /** Runs `effect` at least once and remembers its JSON-able result; effects are idempotent. */
  step<T>(name: string, effect: () => Promise<T>): Promise<T>;
  /** Waits; comes back early when somebody nudges the procedure to look again. */
  wait(ms: number): Promise<void>;
}
