import { logGamma, normalCdf, normalQuantile } from "./normal.ts";

/** Tests of shares: so many of so many requests, against so many of so many. */

/** above it the normal approximation is as good, and the exact sum slow */
const MOST_EVENTS = 20_000;

const logChoose = (n: number, k: number): number => logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);

/**
 * Fisher's exact test, two-sided: the probability of all tables with the same margins that are no likelier than this
 * one, as R's `fisher.test` has it. R. A. Fisher, Statistical Methods for Research Workers (1934).
 */
export function fisherExact(events1: number, total1: number, events2: number, total2: number): number {
  const [events, total] = [events1 + events2, total1 + total2];
  if (total1 === 0 || total2 === 0 || events === 0 || events === total) return 1;
  if (Math.min(events, total - events) > MOST_EVENTS) return pooledZ(events1, total1, events2, total2);
  const from = Math.max(0, events - total2);
  const to = Math.min(events, total1);
  const base = logChoose(total, total1);
  const logP = (k: number) => logChoose(events, k) + logChoose(total - events, total1 - k) - base;
  const limit = logP(events1) + 1e-7;
  let p = 0;
  for (let k = from; k <= to; k++) {
    const log = logP(k);
    if (log <= limit) p += Math.exp(log);
  }
  return Math.min(1, p);
}

function pooledZ(events1: number, total1: number, events2: number, total2: number): number {
  const share = (events1 + events2) / (total1 + total2);
  const error = Math.sqrt(share * (1 - share) * (1 / total1 + 1 / total2));
  return 2 * normalCdf(-Math.abs(events1 / total1 - events2 / total2) / error);
}

/** Wilson's score interval of one share; `total` above 0. */
export function wilson(events: number, total: number, z: number): [number, number] {
  const share = events / total;
  const centre = share + (z * z) / (2 * total);
  const width = z * Math.sqrt((share * (1 - share)) / total + (z * z) / (4 * total * total));
  const scale = 1 + (z * z) / total;
  return [(centre - width) / scale, (centre + width) / scale];
}

/**
 * Interval of the difference of two shares, first minus second: Newcombe's hybrid score method 10, which stays inside
 * -1…1 and holds its level when events are few. R. G. Newcombe, Statistics in Medicine 17 (1998) 873–890.
 */
export function newcombe(
  events1: number,
  total1: number,
  events2: number,
  total2: number,
  confidence: number,
): { difference: number; low: number; high: number } {
  const z = normalQuantile(1 - (1 - confidence) / 2);
  const [p1, p2] = [events1 / total1, events2 / total2];
  const [low1, high1] = wilson(events1, total1, z);
  const [low2, high2] = wilson(events2, total2, z);
  const difference = p1 - p2;
  return {
    difference,
    low: difference - Math.hypot(p1 - low1, high2 - p2),
    high: difference + Math.hypot(high1 - p1, p2 - low2),
  };
}
