import { addHistogram, bucketUpperMs, emptyHistogram } from "../../kernel/histogram.ts";
import { slowTailMs, sumOutcomes } from "../../kernel/outcomes.ts";
import type { TrafficCounts } from "../../ports/platform.ts";

/** Requests that have not ended: a version that hangs has its patient clients in no count until they give up. */

/**
 * The rows with those still pending that have waited longer than `tailMs` counted as clients that left after so long;
 * who has waited less is not counted yet. When they do end, they are in the next rows, and pending no more.
 */
export function countPending(rows: readonly TrafficCounts[], tailMs: number): TrafficCounts[] {
  return rows.map((row) => {
    const late = row.pending?.map((count, i) => (i > 0 && bucketUpperMs(i - 1) >= tailMs ? count : 0)) ?? [];
    const count = late.reduce((sum, one) => sum + one, 0);
    if (count === 0) return row;
    const leftAfter = emptyHistogram();
    addHistogram(leftAfter, row.leftAfter);
    addHistogram(leftAfter, late);
    return { ...row, requests: row.requests + count, clientLeft: row.clientLeft + count, leftAfter, pending: [] };
  });
}

/** The same by the rows' own slow tail, or by that of the rows they are compared with. */
export const withPending = (rows: readonly TrafficCounts[], comparedWith: readonly TrafficCounts[] = rows) =>
  countPending(rows, slowTailMs(sumOutcomes(comparedWith)));
