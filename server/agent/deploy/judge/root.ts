/**
 * Brent's method for a root of `f` between `low` and `high`, where its sign changes: inverse quadratic interpolation,
 * secant or bisection, whichever is safe. R. P. Brent, Algorithms for Minimization without Derivatives (1973), ch. 4;
 * the steps are those of R's `uniroot`, so that a step function gives the same root.
 */
export function findRoot(f: (x: number) => number, low: number, high: number, tolerance = 1e-4): number {
  let [a, b, c] = [low, high, low];
  let [fa, fb] = [f(low), f(high)];
  let fc = fa;
  if (fa === 0) return a;
  if (fb === 0) return b;
  for (let i = 0; i < 1_000; i++) {
    const previous = b - a;
    if (Math.abs(fc) < Math.abs(fb)) {
      [a, b, c] = [b, c, b];
      [fa, fb, fc] = [fb, fc, fb];
    }
    const least = 2 * Number.EPSILON * Math.abs(b) + tolerance / 2;
    let step = (c - b) / 2;
    if (Math.abs(step) <= least || fb === 0) return b;
    if (Math.abs(previous) >= least && Math.abs(fa) > Math.abs(fb))
      step = interpolate({ a, b, c, fa, fb, fc }, previous, least) ?? step;
    if (Math.abs(step) < least) step = step > 0 ? least : -least;
    a = b;
    fa = fb;
    b += step;
    fb = f(b);
    if ((fb > 0 && fc > 0) || (fb < 0 && fc < 0)) {
      c = a;
      fc = fa;
    }
  }
  return b;
}

interface Points {
  a: number;
  b: number;
  c: number;
  fa: number;
  fb: number;
  fc: number;
}

/** The interpolated step; null when it would leave the bracket or shrink too slowly. */
function interpolate({ a, b, c, fa, fb, fc }: Points, previous: number, least: number): number | null {
  const cb = c - b;
  let p: number;
  let q: number;
  if (a === c) {
    const t = fb / fa;
    p = cb * t;
    q = 1 - t;
  } else {
    const [r, s, t] = [fa / fc, fb / fc, fb / fa];
    p = t * (cb * r * (r - s) - (b - a) * (s - 1));
    q = (r - 1) * (s - 1) * (t - 1);
  }
  if (p > 0) q = -q;
  else p = -p;
  return p < 0.75 * cb * q - Math.abs(least * q) / 2 && p < Math.abs((previous * q) / 2) ? p / q : null;
}
