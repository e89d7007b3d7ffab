import type { QuantileBounds } from "../../agent/ports/metrics-source.ts";

/** Observations above `lower` up to `upper`; their bounds may be infinite. Ranges may lie across each other. */
export interface CountedRange {
  lower: number;
  upper: number;
  count: number;
}

/** sums of shares are not exact; a rank is reached by as much of all observations */
const EXACT = 1e-9;

/**
 * The q-quantile (0…1) of observations of which ranges are known, taken to lie evenly in each: of one histogram, that is
 * Prometheus' `histogram_quantile` (promql/quantile.go, bucketQuantile): the first bucket begins at 0 when its bound is
 * positive, a quantile in the last has the bound before it. With the bounds that are sure, wherever in their ranges the
 * observations lie. Null without observations, or when no bound is known.
 */
export function rangesQuantile(
  q: number,
  ranges: readonly CountedRange[],
): (QuantileBounds & { value: number }) | null {
  const all = ranges.reduce((sum, { count }) => sum + count, 0);
  const bounds = [...new Set(ranges.flatMap(({ lower, upper }) => [lower, upper]))]
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  if (!(all > 0) || ranges.every(({ lower, upper }) => lower === 0 && upper === Number.POSITIVE_INFINITY)) return null;
  const rank = q * all;
  const reached = rank - EXACT * all;
  const upTo = (bound: number, share: (range: CountedRange, bound: number) => number): number =>
    ranges.reduce((sum, range) => sum + range.count * share(range, bound), 0);
  const lower = bounds.findLast((bound) => upTo(bound, mayLieBelow) < reached) ?? null;
  const upper = bounds.find((bound) => upTo(bound, liesBelow) >= reached) ?? null;
  let [before, below] = [bounds[0], 0];
  for (const bound of bounds) {
    const count = upTo(bound, likelyBelow);
    if (count >= reached) {
      const start = before ?? bound;
      const inside = count - below;
      return {
        value: inside > 0 ? start + (bound - start) * Math.min(1, (rank - below) / inside) : bound,
        lower,
        upper,
      };
    }
    [before, below] = [bound, count];
  }
  return before === undefined ? null : { value: before, lower, upper: null };
}

const liesBelow = ({ upper }: CountedRange, bound: number): number => (upper <= bound ? 1 : 0);
const mayLieBelow = ({ lower }: CountedRange, bound: number): number => (lower < bound ? 1 : 0);
/** Of a range that has no end, nothing: the value is then a bound before it. */
function likelyBelow({ lower, upper }: CountedRange, bound: number): number {
  if (upper <= bound) return 1;
  if (bound <= lower || !Number.isFinite(upper) || !Number.isFinite(lower)) return 0;
  return (bound - lower) / (upper - lower);
}
