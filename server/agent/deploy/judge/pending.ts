import type { TrafficCounts } from "../../ports/traffic.ts";
import { addHistogram, bucketOf, emptyHistogram } from "../../telemetry/histogram.ts";
import { sumOutcomes, waitLimitMs } from "../../telemetry/outcomes.ts";

/** Requests that have not ended: a version that hangs has its patient clients in no count until they give up. */

/** The rows with `pick`ed pending requests counted as clients that left after they had waited so long. */
function countPicked(rows: readonly TrafficCounts[], pick: (count: number, bucket: number) => number): TrafficCounts[] {
  return rows.map((row) => {
    const picked = row.pending?.map(pick) ?? [];
    const count = picked.reduce((sum, one) => sum + one, 0);
    if (count === 0) return row;
    const leftAfter = emptyHistogram();
    addHistogram(leftAfter, row.leftAfter);
    addHistogram(leftAfter, picked);
    return { ...row, requests: row.requests + count, clientLeft: row.clientLeft + count, leftAfter, pending: [] };
  });
}

/**
 * The rows with those still pending that have waited for `limitMs` or longer counted as clients that left after so
 * long; who has waited less is not counted yet. When they do end, they are in the next rows, and pending no more.
 */
export const countPending = (rows: readonly TrafficCounts[], limitMs: number): TrafficCounts[] =>
  limitMs === Infinity ? [...rows] : countPicked(rows, (count, i) => (i >= bucketOf(limitMs) ? count : 0));

/**
 * From how many milliseconds on a pending request of `rows` has waited too long, by what is usual in `reference`. Half
 * of them tell: in a short window slow answers are as many among the pending as among all requests, by chance more.
 */
export const pendingLimitMs = (rows: readonly TrafficCounts[], reference: readonly TrafficCounts[]): number =>
  waitLimitMs(sumOutcomes(countPicked(rows, (count) => Math.floor(count / 2))), sumOutcomes(reference));

/** The rows with those pending that have waited too long, by what is usual in the rows that they are compared with. */
export const withPending = (rows: readonly TrafficCounts[], comparedWith: readonly TrafficCounts[] = rows) =>
  countPending(rows, pendingLimitMs(rows, comparedWith));
