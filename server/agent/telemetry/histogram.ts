/**
 * Latency histogram in logarithmic buckets, the same everywhere (balancer, health, rollups), so that counts can be
 * added across versions, minutes and processes. Bucket i holds values up to 0.1 ms × 1.2^i; 76 buckets reach past
 * 80 s. A quantile read back is off by at most half a bucket (under 10 %), less after interpolation.
 */
export const BUCKET_COUNT = 76;
const FIRST_MS = 0.1;
const GROWTH = 1.2;
const LOG_GROWTH = Math.log(GROWTH);

export const emptyHistogram = (): number[] => new Array<number>(BUCKET_COUNT).fill(0);

/** The bucket of a latency in milliseconds. */
export function bucketOf(latencyMs: number): number {
  if (!(latencyMs > FIRST_MS)) return 0;
  return Math.min(BUCKET_COUNT - 1, Math.ceil(Math.log(latencyMs / FIRST_MS) / LOG_GROWTH - 1e-9));
}

/** The largest latency (ms) that falls into bucket i. */
export const bucketUpperMs = (index: number): number => FIRST_MS * GROWTH ** index;

/** Adds `from` into `into`, in place. */
export function addHistogram(into: number[], from: readonly number[]): void {
  for (let i = 0; i < from.length; i++) into[i] = (into[i] ?? 0) + (from[i] ?? 0);
}

/**
 * The q-quantile (0…1) in milliseconds, interpolated inside its bucket on the log scale; null when there is nothing.
 */
export function quantileMs(histogram: readonly number[], q: number): number | null {
  let total = 0;
  for (const count of histogram) total += count;
  if (total === 0) return null;
  const rank = q * total;
  let seen = 0;
  for (let i = 0; i < histogram.length; i++) {
    const count = histogram[i] ?? 0;
    if (count > 0 && seen + count >= rank) {
      const share = Math.max(0, (rank - seen) / count);
      return i === 0 ? FIRST_MS * Math.max(share, 0.5) : bucketUpperMs(i - 1) * GROWTH ** share;
    }
    seen += count;
  }
  return bucketUpperMs(BUCKET_COUNT - 1);
}
