import type { QuantileBounds } from "../../agent/ports/metrics-source.ts";

interface Bucket {
  /** upper bound; Infinity for the last */
  le: number;
  /** observations up to it, cumulative */
  count: number;
}

/** bounds that are known for less of the time of all observations are those of a finer histogram that came or went */
const MOSTLY = 0.9;

/**
 * The buckets that were there all the time, and what lies below or above all of these. A histogram whose range grows
 * gets coarser (native and exponential ones): between bounds that stay, those that go would hold too few observations.
 */
export function wholeBuckets<B extends Bucket & { knownMs: number }>(buckets: readonly B[]): readonly B[] {
  const all = buckets.find(({ le }) => le === Number.POSITIVE_INFINITY);
  if (!all) return buckets;
  const isWhole = ({ knownMs }: B): boolean => knownMs >= MOSTLY * all.knownMs;
  const bounds = buckets.filter((one) => one !== all && isWhole(one)).map(({ le }) => le);
  const [lowest, highest] = [Math.min(...bounds), Math.max(...bounds)];
  return buckets.filter((one) => isWhole(one) || one.le < lowest || one.le > highest);
}

/**
 * The q-quantile (0…1) of a histogram with cumulative buckets, linear inside of a bucket, as Prometheus'
 * `histogram_quantile` (promql/quantile.go, bucketQuantile): the first bucket begins at 0 when its bound is positive, a
 * quantile in the last has the bound before it. With the bounds of its bucket, which are all that is known of it for
 * sure. Null without a last bucket, without observations, or with one bucket.
 */
export function bucketQuantile(q: number, unsorted: readonly Bucket[]): (QuantileBounds & { value: number }) | null {
  const buckets = [...unsorted].sort((a, b) => a.le - b.le);
  if (buckets.length < 2 || buckets.at(-1)?.le !== Number.POSITIVE_INFINITY) return null;
  let highest = 0;
  // scraped at slightly different times, a lower bucket may be ahead of a higher one
  const counts = buckets.map(({ count }) => {
    highest = Math.max(highest, count);
    return highest;
  });
  if (highest === 0) return null;
  const rank = q * highest;
  const index = counts.findIndex((count) => count >= rank);
  const [bucket, before] = [buckets[index], buckets[index - 1]];
  if (!bucket) return null;
  const upper = bucket.le;
  if (index === buckets.length - 1) return before ? { value: before.le, lower: before.le, upper: null } : null;
  if (index === 0 && upper <= 0) return { value: upper, lower: null, upper };
  const start = before?.le ?? 0;
  const below = counts[index - 1] ?? 0;
  const inside = (counts[index] ?? 0) - below;
  const value = inside === 0 ? start : start + (upper - start) * ((rank - below) / inside);
  return { value, lower: start, upper };
}
