import type { TrafficCounts } from "../ports/platform.ts";
import { addHistogram, bucketUpperMs, emptyHistogram, quantileMs } from "./histogram.ts";

/** How exchanges through a balancer end: each in exactly one of these classes, whatever happened to it. */
export const OUTCOMES = [
  "status2xx",
  "status3xx",
  "status4xx",
  "status5xx",
  "clientLeft",
  "refused",
  "timedOut",
  "brokenOff",
  "upgraded",
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** The counts of one bucket of time; `requests` is the sum of all classes. */
export type OutcomeCounts = Pick<TrafficCounts, "requests" | Outcome | "latency" | "leftAfter">;

/** A client that leaves sooner was not let wait, however fast the service usually is. */
const SLOW_TAIL_FLOOR_MS = 1_000;

/** The class of an answer that an instance gave; a final status, 200 or more. */
export function outcomeOfStatus(status: number): "status2xx" | "status3xx" | "status4xx" | "status5xx" {
  if (status >= 500) return "status5xx";
  if (status >= 400) return "status4xx";
  return status >= 300 ? "status3xx" : "status2xx";
}

/** Nothing counted yet; both histograms are empty lists. */
export const noOutcomes = (): OutcomeCounts => ({
  ...{ requests: 0, status2xx: 0, status3xx: 0, status4xx: 0, status5xx: 0 },
  ...{ clientLeft: 0, refused: 0, timedOut: 0, brokenOff: 0, upgraded: 0 },
  ...{ latency: [], leftAfter: [] },
});

/** Adds `from` into `into`, in place. */
export function addOutcomes(into: OutcomeCounts, from: OutcomeCounts): void {
  into.requests += from.requests;
  for (const outcome of OUTCOMES) into[outcome] += from[outcome];
  addHistogram(into.latency, from.latency);
  addHistogram(into.leftAfter, from.leftAfter);
}

/** All rows together. */
export function sumOutcomes(rows: readonly OutcomeCounts[]): OutcomeCounts {
  const sum = { ...noOutcomes(), latency: emptyHistogram() };
  for (const row of rows) addOutcomes(sum, row);
  return sum;
}

/**
 * How long an answer of these rows takes at worst in milliseconds: the 99th percentile of `latency`, at least 1,000.
 * The requests that timed out are left out: they are the slowest, and no answer.
 */
export function slowTailMs({ latency, timedOut }: Pick<OutcomeCounts, "latency" | "timedOut">): number {
  const answered = [...latency];
  for (let i = answered.length - 1, left = timedOut; i >= 0 && left > 0; i--) {
    const taken = Math.min(left, answered[i] ?? 0);
    answered[i] = (answered[i] ?? 0) - taken;
    left -= taken;
  }
  return Math.max(SLOW_TAIL_FLOOR_MS, quantileMs(answered, 0.99) ?? 0);
}

/**
 * How many requests failed for those who sent them: answered with 5xx, refused, timed out, broken off, and those whose
 * client left after waiting longer than `tailMs`: the slow tail of what they are compared with, e.g. a canary with
 * `slowTailMs` of its baseline. Null: their own. Sum rows first: one bucket says little about its tail.
 */
export function failedRequests(counts: Omit<OutcomeCounts, "requests">, tailMs: number | null): number {
  const limitMs = tailMs ?? slowTailMs(counts);
  // a bucket counts when even its shortest wait is over the limit
  const leftLate = counts.leftAfter.reduce(
    (sum, count, i) => sum + (i > 0 && bucketUpperMs(i - 1) >= limitMs ? count : 0),
    0,
  );
  return counts.status5xx + counts.refused + counts.timedOut + counts.brokenOff + leftLate;
}
