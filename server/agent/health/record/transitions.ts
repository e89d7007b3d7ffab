import type { HealthState } from "../schema.ts";

/**
 * A change of one target's health, as handed to whoever follows it (incidents). `from` equals `to` when the state
 * stayed and only its explanation changed: a failure that was a consequence no longer is one, or the reverse.
 *
 * Delivery is at least once, in order per target: the change is written in the transaction that changes the state
 * and handed on until the callback succeeds, so a crash in between repeats it under the same `key`.
 */
export interface HealthTransition {
  /** idempotency key, stable across repeats */
  key: string;
  target: {
    id: string;
    name: string;
    origin: "endpoint" | "service";
    service: string | null;
    environment: string | null;
  };
  from: HealthState;
  to: HealthState;
  /** the target at the root of this failure; null when nothing it depends on explains it */
  causedBy: { id: string; name: string } | null;
  /** what the check found */
  message: string | null;
  /** ISO 8601 */
  at: string;
  /** a muted target pages nobody */
  muted: boolean;
  flapping: boolean;
}

export type OnHealthTransition = (transition: HealthTransition) => Promise<void>;
