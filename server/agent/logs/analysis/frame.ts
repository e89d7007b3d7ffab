import { AppError } from "../../kernel/errors.ts";
import { windowOf } from "../../kernel/source-answer.ts";
import type { TimeWindow } from "../../ports/source.ts";
import { describeSeconds } from "../../text/durations.ts";
import type { Grid } from "../anomalies/anomaly.ts";
import { stepFor } from "../histogram-steps.ts";

/** The steps of an analysis, and the equal window before. */

const MOST_BUCKETS = 60;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const LONGEST_MS = 31 * 24 * HOUR_MS;
/** a narrower window is counted from its lines, a wider one from minutes, the widest from hours */
const LEAST_FOR_MINUTES_MS = 10 * MINUTE_MS;
const LEAST_FOR_HOURS_MS = 12 * HOUR_MS;
/** lines may come so long after they were written */
const LATE_MS = 10_000;

export interface Frame {
  grid: Required<Grid>;
  /** whole steps; the last one may not be over yet */
  window: TimeWindow;
  before: TimeWindow;
  /** the end of what is known: of the window, or now */
  endMs: number;
}

/**
 * At most 60 steps that cover a window and end with it; steps of minutes end at full minutes, those of hours at full
 * hours, so that counts of these can be added up.
 * @throws INVALID for a window that is empty, longer than 31 days or begins in the future
 */
export function frameOf(input: { startTime: string; endTime: string }, now: Date): Frame {
  const asked = windowOf(input);
  const [fromMs, askedToMs, nowMs] = [asked.from.getTime(), asked.to.getTime(), now.getTime()];
  if (fromMs >= nowMs)
    throw new AppError(
      "INVALID",
      `startTime lies in the future: it is ${now.toISOString()} now. Choose an earlier one.`,
      {
        details: { startTime: input.startTime, now: now.toISOString() },
      },
    );
  if (askedToMs - fromMs > LONGEST_MS)
    throw new AppError(
      "INVALID",
      `A window of ${describeSeconds((askedToMs - fromMs) / 1_000)} is longer than 31 days. Choose a later startTime, or ask for one month after the other.`,
    );
  const toMs = Math.min(askedToMs, nowMs);
  const stepMs = stepFor({ from: asked.from, to: new Date(toMs) }, MOST_BUCKETS, leastSeconds(toMs - fromMs)) * 1_000;
  const unitMs = [HOUR_MS, MINUTE_MS].find((unit) => stepMs % unit === 0) ?? 1;
  const endMs = Math.ceil(toMs / unitMs) * unitMs;
  const buckets = Math.ceil((endMs - fromMs) / stepMs);
  const startMs = endMs - buckets * stepMs;
  const at = (ms: number): Date => new Date(ms);
  return {
    grid: { fromMs: startMs, stepMs, buckets, open: openBuckets(endMs, stepMs, nowMs) },
    window: { from: at(startMs), to: at(endMs) },
    before: { from: at(startMs - buckets * stepMs), to: at(startMs) },
    endMs: Math.min(endMs, nowMs),
  };
}

function leastSeconds(lengthMs: number): number {
  if (lengthMs < LEAST_FOR_MINUTES_MS) return 10;
  return (lengthMs <= LEAST_FOR_HOURS_MS ? MINUTE_MS : HOUR_MS) / 1_000;
}

/** Steps at the end of which lines may still come. */
const openBuckets = (endMs: number, stepMs: number, nowMs: number): number =>
  Math.max(0, Math.ceil((endMs - (nowMs - LATE_MS)) / stepMs));

/** The same window so many days earlier. */
export const daysEarlier = ({ from, to }: TimeWindow, days: number): TimeWindow => {
  const shift = days * 24 * HOUR_MS;
  return { from: new Date(from.getTime() - shift), to: new Date(to.getTime() - shift) };
};
