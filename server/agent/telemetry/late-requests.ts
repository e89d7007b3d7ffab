import { LEAST_FAILED, LEAST_REQUESTS } from "./failed-share.ts";
import { BUCKET_COUNT, bucketOf, bucketUpperMs } from "./histogram.ts";
import { type OutcomeCounts, waitLimitMs } from "./outcomes.ts";

/** Requests that have not ended are in no count: those that hang would be seen only once they are given up. */
export interface LateRequests {
  count: number;
  /** each of them has waited for longer, in ms */
  limitMs: number;
  /** nothing was answered meanwhile, though the service usually answers */
  isAll: boolean;
}

/** as of a p95 that is beyond its limit */
const LEAST_PERCENT = 5;

const answered = ({ status2xx, status3xx, status4xx, upgraded }: OutcomeCounts): number =>
  status2xx + status3xx + status4xx + upgraded;

/**
 * Those of `pending` (waits by now, in the buckets of histogram.ts) that have waited for longer than `latencyP95Ms`, and
 * for longer than is usual; null while they are too few to judge by, or less than 5 % of the requests. Pure.
 * @param served what ended in the newest minutes
 * @param usual of a longer window: who is slow by nature is not late
 */
export function lateRequests(
  pending: readonly number[],
  { served, usual }: { served: OutcomeCounts; usual: OutcomeCounts },
  latencyP95Ms: number,
): LateRequests | null {
  const first = bucketOf(latencyP95Ms) + 1;
  // slow ones are more among those under way than among all: half of them tell, as where a canary is compared
  const halved = Array.from({ length: BUCKET_COUNT }, (_, i) => (i < first ? 0 : Math.ceil((pending[i] ?? 0) / 2)));
  const unusualMs = waitLimitMs({ ...served, leftAfter: halved }, usual);
  if (unusualMs === Infinity) return null;
  const from = Math.max(first, bucketOf(unusualMs));
  const count = pending.slice(from).reduce((sum, one) => sum + one, 0);
  const base = served.requests + count;
  if (count < LEAST_FAILED || base < LEAST_REQUESTS || count < (base * LEAST_PERCENT) / 100) return null;
  const limitMs = from === first ? latencyP95Ms : bucketUpperMs(from - 1);
  return { count, limitMs, isAll: answered(served) === 0 && answered(usual) > 0 };
}
