import type { MetricRule } from "../config.ts";
import type { Sample } from "./samples.ts";

/**
 * Ours: what a version costs (time, processor, memory) must show in every part of the time. A machine that stands still
 * for a moment, or a process that has just started, makes one part slow, and a test over all requests takes it for sure.
 */

const PARTS = 3;
/** The whole has shown more than is allowed; a part, which is measured less well, must show this share of it. */
const SHARE = 0.5;

type Measure = (samples: Sample[]) => number | null;

/**
 * Whether the new version lies above the running one (below it, for `low`) in each part of its requests by what
 * matters. `measure`: the metric's value over some samples. A part is compared with the same minutes of the running
 * version, or with all of its samples where those are of a time before.
 */
export function showsThroughout(
  { candidate, baseline }: { candidate: Sample[]; baseline: Sample[] },
  side: "high" | "low",
  rule: MetricRule,
  measure: Measure,
): boolean {
  const parts = partsOf(candidate);
  return parts.every((part, i) => {
    const [from, to] = [i === 0 ? -Infinity : (part[0]?.at ?? 0), parts[i + 1]?.[0]?.at ?? Infinity];
    const beside = baseline.filter(({ at }) => at >= from && at < to);
    const [fresh, old] = [measure(part), measure(beside) ?? measure(baseline)];
    return fresh !== null && old !== null && isBeyond(fresh, old, side, rule);
  });
}

function isBeyond(fresh: number, old: number, side: "high" | "low", rule: MetricRule): boolean {
  const ratio = rule.effect === "cles" ? 1 : side === "high" ? rule.allowedIncrease : rule.allowedDecrease;
  const allowed = Math.max(Math.abs(old * (ratio - 1)), rule.leastIncrease);
  return (side === "high" ? fresh - old : old - fresh) > SHARE * allowed;
}

/** Samples in time order, cut to parts of about as many requests. */
function partsOf(samples: readonly Sample[]): Sample[][] {
  const total = samples.reduce((sum, { requests }) => sum + requests, 0);
  const parts = Array.from({ length: PARTS }, (): Sample[] => []);
  let before = 0;
  for (const sample of samples) {
    const middle = before + sample.requests / 2;
    parts[Math.min(PARTS - 1, Math.floor((middle / Math.max(1, total)) * PARTS))]?.push(sample);
    before += sample.requests;
  }
  return parts.filter((part) => part.length > 0);
}
