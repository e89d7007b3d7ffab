/** Tests of counts of log lines. Lines come in clumps, so that every test takes a dispersion. */

const LANCZOS = [
  76.18009172947146, -86.50532032941678, 24.01409824083091, -1.231739572450155, 1.208650973866179e-3,
  -5.395239384953e-6,
];

/** ln Γ(x) for x > 0, after Lanczos, good to 2e-10. */
function logGamma(x: number): number {
  const shifted = x + 5.5;
  const sum = LANCZOS.reduce((total, coefficient, i) => total + coefficient / (x + 1 + i), 1.000000000190015);
  return (x + 0.5) * Math.log(shifted) - shifted + Math.log((2.5066282746310007 * sum) / x);
}

/** The regularised incomplete beta function, by its continued fraction. Press et al., Numerical Recipes, 6.4. */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x));
  return x < (a + 1) / (a + b + 2) ? (front * fraction(x, a, b)) / a : 1 - (front * fraction(1 - x, b, a)) / b;
}

function fraction(x: number, a: number, b: number): number {
  const guard = (value: number) => (Math.abs(value) < 1e-300 ? 1e-300 : value);
  let c = 1;
  let d = 1 / guard(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m <= 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guard(1 + even * d);
    c = guard(1 + even / c);
    result *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guard(1 + odd * d);
    c = guard(1 + odd / c);
    result *= d * c;
    if (Math.abs(d * c - 1) < 1e-12) break;
  }
  return result;
}

/** So many events in so much exposure (lines, buckets or traces). */
export interface Rate {
  events: number;
  exposure: number;
}

/**
 * How likely as many events as `now` are, or more, when the rate is that of `before`: the exact conditional test of two
 * Poisson rates (Przyborowski and Wilenski, Biometrika 31, 1940), each event counted as 1/dispersion.
 */
export function riseProbability(now: Rate, before: Rate, dispersion = 1): number {
  if (now.events === 0 || now.exposure <= 0 || before.exposure <= 0) return 1;
  const share = now.exposure / (now.exposure + before.exposure);
  return incompleteBeta(share, now.events / dispersion, before.events / dispersion + 1);
}

/**
 * How much more counts vary than Poisson's would around a steady share of `exposure`: Pearson's X² by its degrees of
 * freedom; 0 for a clockwork, 1 for independent lines. Null when there is too little to tell.
 */
export function dispersionOf(counts: readonly number[], exposure: readonly number[]): number | null {
  const [events, total] = [sum(counts), sum(exposure)];
  if (events < 5 || total <= 0) return null;
  let chiSquare = 0;
  let used = 0;
  for (const [i, count] of counts.entries()) {
    const expected = (events * (exposure[i] ?? 0)) / total;
    if (expected <= 0) continue;
    chiSquare += (count - expected) ** 2 / expected;
    used++;
  }
  return used < 4 ? null : chiSquare / (used - 1);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Which of many p-values count when a share `q` of those that do may be wrong. Benjamini and Hochberg (1995). */
export function discoveries(pValues: readonly number[], q: number): boolean[] {
  const sorted = [...pValues].sort((a, b) => a - b);
  const last = sorted.findLastIndex((p, i) => p <= (q * (i + 1)) / sorted.length);
  const limit = sorted[last] ?? -1;
  return pValues.map((p) => p <= limit);
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** Median absolute deviation, scaled to be a standard deviation where values are normal. */
export const spreadOf = (values: readonly number[], median: number): number =>
  1.4826 * medianOf(values.map((value) => Math.abs(value - median)));
