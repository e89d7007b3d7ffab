import { normalCdf, normalQuantile } from "./normal.ts";
import { findRoot } from "./root.ts";

/**
 * The Mann-Whitney U test as R's `wilcox.test(x, y, conf.int = TRUE)` does it: exact for samples under 50 without ties,
 * else the normal approximation with corrections for ties and continuity. With the Hodges-Lehmann estimate of how far
 * x lies above y, and its confidence interval. Hollander & Wolfe, Nonparametric Statistical Methods (1973), ch. 4; R
 * Core Team, stats::wilcox.test. Kayenta's judge uses the same statistics.
 */
export interface MannWhitney {
  /** number of pairs in which x is larger, ties counting half */
  u: number;
  pValue: number;
  estimate: number;
  low: number;
  high: number;
}

/** from here on R no longer counts all arrangements */
const EXACT_BELOW = 50;

/**
 * @param x, y at least one value each; not all values of both equal
 * @param tolerance of the roots in the approximate case, in the unit of the values; R's is 1e-4
 */
export function mannWhitney(
  x: readonly number[],
  y: readonly number[],
  { confidence = 0.95, tolerance = 1e-4 }: { confidence?: number; tolerance?: number } = {},
): MannWhitney {
  const { u, ties } = rankSum(x, y, 0);
  const alpha = 1 - confidence;
  const exact = x.length < EXACT_BELOW && y.length < EXACT_BELOW && ties === 0;
  return exact ? exactTest(x, y, u, alpha) : approximateTest(x, y, alpha, tolerance);
}

/** U of x - shift against y, and the sum of t³ - t over groups of ties. */
function rankSum(x: readonly number[], y: readonly number[], shift: number): { u: number; ties: number } {
  const all = [
    ...x.map((value) => ({ value: value - shift, own: true })),
    ...y.map((value) => ({ value, own: false })),
  ];
  all.sort((a, b) => a.value - b.value);
  let sum = 0;
  let ties = 0;
  for (let from = 0; from < all.length; ) {
    let to = from;
    let own = 0;
    while (to < all.length && all[to]?.value === all[from]?.value) own += all[to++]?.own ? 1 : 0;
    const count = to - from;
    sum += own * (from + (count + 1) / 2);
    ties += count ** 3 - count;
    from = to;
  }
  return { u: sum - (x.length * (x.length + 1)) / 2, ties };
}

function exactTest(x: readonly number[], y: readonly number[], u: number, alpha: number): MannWhitney {
  const [m, n] = [x.length, y.length];
  const cdf = cumulative(m, n);
  const at = (k: number) => (k < 0 ? 0 : (cdf[Math.min(k, m * n)] ?? 1));
  const p = u > (m * n) / 2 ? 1 - at(u - 1) : at(u);
  const differences = x.flatMap((a) => y.map((b) => a - b)).sort((a, b) => a - b);
  const cut = Math.max(
    1,
    cdf.findIndex((share) => share >= alpha / 2 - 64 * Number.EPSILON),
  );
  return {
    u,
    pValue: Math.min(1, 2 * p),
    estimate: medianOfSorted(differences),
    low: differences[cut - 1] ?? Number.NaN,
    high: differences[m * n - cut] ?? Number.NaN,
  };
}

const medianOfSorted = (sorted: readonly number[]): number => {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
};

const tables = new Map<string, Float64Array>();

/** P(U ≤ k) for k = 0 … mn, by counting arrangements: Mann & Whitney (1947), f(m, n, u) = f(m-1, n, u-n) + f(m, n-1, u). */
function cumulative(m: number, n: number): Float64Array {
  const key = `${m},${n}`;
  const known = tables.get(key);
  if (known) return known;
  const size = m * n + 1;
  // row[j] holds the counts for the i of the loop and j
  let row: Float64Array[] = Array.from({ length: n + 1 }, () => Float64Array.of(1));
  for (let i = 1; i <= m; i++) {
    const next: Float64Array[] = [Float64Array.of(1)];
    for (let j = 1; j <= n; j++) {
      const counts = new Float64Array(i * j + 1);
      row[j]?.forEach((count, k) => {
        counts[k + j] = count;
      });
      next[j - 1]?.forEach((count, k) => {
        counts[k] = (counts[k] ?? 0) + count;
      });
      next.push(counts);
    }
    row = next;
  }
  const counts = row[n] ?? new Float64Array(size);
  const total = counts.reduce((sum, count) => sum + count, 0);
  let sum = 0;
  const cdf = counts.map((count) => {
    sum += count;
    return sum / total;
  });
  tables.set(key, cdf);
  return cdf;
}

function approximateTest(x: readonly number[], y: readonly number[], alpha: number, tolerance: number): MannWhitney {
  const [m, n] = [x.length, y.length];
  const standardised = (shift: number, corrected: boolean) => {
    const { u, ties } = rankSum(x, y, shift);
    const z = u - (m * n) / 2;
    const sigma = Math.sqrt(((m * n) / 12) * (m + n + 1 - ties / ((m + n) * (m + n - 1))));
    return (z - (corrected ? Math.sign(z) * 0.5 : 0)) / sigma;
  };
  const z = standardised(0, true);
  const lowest = Math.min(...x) - Math.max(...y);
  const highest = Math.max(...x) - Math.min(...y);
  const root = (quantile: number, corrected: boolean) => {
    const f = (shift: number) => standardised(shift, corrected) - quantile;
    if (f(lowest) <= 0) return lowest;
    if (f(highest) >= 0) return highest;
    return findRoot(f, lowest, highest, tolerance);
  };
  const quantile = normalQuantile(1 - alpha / 2);
  return {
    u: rankSum(x, y, 0).u,
    pValue: Math.min(1, 2 * Math.min(normalCdf(z), 1 - normalCdf(z))),
    estimate: root(0, false),
    low: root(quantile, true),
    high: root(-quantile, true),
  };
}
