import type { HealthState } from "../schema.ts";
import { appendOutcome, judgeFlapping } from "./flapping.ts";

export type Outcome = "up" | "degraded" | "down";

/** What is remembered of a target between two checks. */
export interface HealthMemory {
  state: HealthState;
  consecutiveFailures: number;
  consecutiveSuccesses: number;
  /** last outcomes for the flapping rule */
  recent: string;
  flapping: boolean;
  flappingReason: string | null;
}

export interface HealthRule {
  /** failures in a row that make a target down; fewer are pending */
  failureThreshold: number;
  /** successes in a row that bring a target back from down */
  successThreshold: number;
  /** the target is being worked on: its results count for nothing */
  maintenance: boolean;
}

/**
 * The state after one more result.
 *
 * A failing target is pending until `failureThreshold` failures in a row, then down. A target that is down stays down
 * until `successThreshold` successes in a row; every other state follows a success at once. Maintenance covers
 * everything, and the counting starts anew after it.
 */
export function nextHealth(before: HealthMemory, outcome: Outcome, rule: HealthRule): HealthMemory {
  const failed = outcome === "down";
  const anew = before.state === "maintenance" && !rule.maintenance;
  const consecutiveFailures = failed ? (anew ? 0 : before.consecutiveFailures) + 1 : 0;
  const consecutiveSuccesses = failed ? 0 : (anew ? 0 : before.consecutiveSuccesses) + 1;
  const counts = { consecutiveFailures, consecutiveSuccesses };
  if (rule.maintenance) return { ...before, ...counts, state: "maintenance" };
  const recent = appendOutcome(before.recent, failed);
  return { ...counts, state: stateOf(), recent, ...judgeFlapping(recent, before.flapping) };

  function stateOf(): HealthState {
    if (outcome === "down")
      return before.state === "down" || consecutiveFailures >= rule.failureThreshold ? "down" : "pending";
    return before.state === "down" && consecutiveSuccesses < rule.successThreshold ? "down" : outcome;
  }
}
