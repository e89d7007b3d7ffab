import { emptyHistogram, quantileMs } from "../../telemetry/histogram.ts";
import { addCodes } from "../check/latency-codes.ts";

export interface RollupCounts {
  up: number;
  degraded: number;
  down: number;
  /** latency codes */
  latency: readonly number[];
}

/** How much time the results of a check stand for, in seconds; at most what has passed since the first of them. */
export const watchedSeconds = (checks: number, intervalMs: number, longestMs: number): number =>
  Math.round(Math.min(checks * intervalMs, longestMs) / 1_000);

export interface Uptime {
  /** results counted */
  checks: number;
  /** (up + degraded) / (up + degraded + down); maintenance is in none of them; null without a result */
  uptimePercent: number | null;
  latencyP50Ms: number | null;
  latencyP95Ms: number | null;
  latencyP99Ms: number | null;
}

const rounded = (value: number | null): number | null => (value === null ? null : Math.round(value * 100) / 100);

/**
 * Uptime and latency of any number of rollups. Degraded counts as up: it answered. Results made during maintenance
 * were never rolled up. Percentages are cut, not rounded, to 3 digits, so that 100 % means that nothing failed.
 */
export function uptimeOf(rollups: readonly RollupCounts[]): Uptime {
  const histogram = emptyHistogram();
  let good = 0;
  let down = 0;
  for (const rollup of rollups) {
    good += rollup.up + rollup.degraded;
    down += rollup.down;
    addCodes(histogram, rollup.latency);
  }
  const checks = good + down;
  return {
    checks,
    uptimePercent: checks === 0 ? null : Math.floor((good / checks) * 100_000) / 1000,
    latencyP50Ms: rounded(quantileMs(histogram, 0.5)),
    latencyP95Ms: rounded(quantileMs(histogram, 0.95)),
    latencyP99Ms: rounded(quantileMs(histogram, 0.99)),
  };
}
