/** Bucket i of `counts` has the index `offset` + i, and ends at 2^((offset + i + 1) · 2^-scale). */
interface Buckets {
  offset: number;
  counts: readonly number[];
}

export interface ExponentialHistogram {
  scale: number;
  zeroCount: number;
  zeroThreshold: number;
  positive: Buckets;
  negative: Buckets;
}

const MOST_BUCKETS = 24;
/** the data model names no bounds; SDKs use -10…20 */
const SCALES = { least: -12, most: 32 };
const MOST_OFFSET = 2 ** 31;

/**
 * Cumulative buckets as Prometheus has them for an exponential histogram, at most `most` without `+Inf`. Where the
 * histogram has more, neighbours are merged two by two: the scale goes down by one, the bounds left are some of those
 * there were, and stay at powers of 2^(2^-scale). Values at or below zero count in the first bucket.
 * Source: OpenTelemetry metrics data model, "ExponentialHistogram". Null for a scale that no SDK uses, or a
 * scale or an offset that is no whole number.
 */
export function explicitBuckets(
  point: ExponentialHistogram,
  most = MOST_BUCKETS,
): { le: number; count: number }[] | null {
  const { offset, counts } = point.positive;
  if (!Number.isInteger(point.scale) || point.scale < SCALES.least || point.scale > SCALES.most) return null;
  if (!Number.isInteger(offset) || Math.abs(offset) > MOST_OFFSET) return null;
  let below = point.zeroCount;
  for (const count of point.negative.counts) below += count;
  const first = counts.findIndex((count) => count > 0);
  if (first === -1) return [{ le: point.zeroThreshold, count: below }];
  const last = counts.findLastIndex((count) => count > 0);

  const mergedAt = (i: number, merges: number) => Math.floor((offset + i) / 2 ** merges);
  let merges = 0;
  // one bound more than buckets: the lower one of the first
  while (mergedAt(last, merges) - mergedAt(first, merges) + 2 > most) merges++;
  const start = mergedAt(first, merges);
  const sums = new Array<number>(mergedAt(last, merges) - start + 1).fill(0);
  for (let i = first; i <= last; i++) {
    const at = mergedAt(i, merges) - start;
    sums[at] = (sums[at] ?? 0) + (counts[i] ?? 0);
  }
  const boundOf = (index: number) => 2 ** (index * 2 ** (merges - point.scale));
  const buckets = [{ le: boundOf(start), count: below }];
  for (const [i, sum] of sums.entries()) {
    below += sum;
    buckets.push({ le: boundOf(start + i + 1), count: below });
  }
  return buckets.filter(({ le }) => Number.isFinite(le));
}
