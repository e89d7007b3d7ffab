interface Bucket {
  /** upper bound; Infinity for the last */
  le: number;
  /** observations up to it, cumulative */
  count: number;
}

/**
 * The q-quantile (0…1) of a histogram with cumulative buckets, linear inside of a bucket, as Prometheus'
 * `histogram_quantile` (promql/quantile.go, bucketQuantile): the first bucket begins at 0 when its bound is positive, a
 * quantile in the last has the bound before it. Null without a last bucket, without observations, or with one bucket.
 */
export function bucketQuantile(q: number, unsorted: readonly Bucket[]): number | null {
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
  if (index === buckets.length - 1) return before?.le ?? null;
  if (index === 0 && bucket.le <= 0) return bucket.le;
  const start = before?.le ?? 0;
  const below = counts[index - 1] ?? 0;
  const inside = (counts[index] ?? 0) - below;
  return inside === 0 ? start : start + (bucket.le - start) * ((rank - below) / inside);
}
