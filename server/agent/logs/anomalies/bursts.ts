import { groupedCount } from "../../text/numbers.ts";
import { type Anomaly, type Grid, isError, type PatternHistory, scoreOf, serviceKey, sumOf } from "./anomaly.ts";
import { dispersionOf, medianOf, spreadOf } from "./statistics.ts";
import { named, quoted, span } from "./wording.ts";

/** Far more lines of one pattern in a few buckets than is usual at this time. */

/** Iglewicz and Hoaglin, How to Detect and Handle Outliers (1993): modified z-scores beyond 3.5 are outliers. */
const LEAST_Z = 3.5;
/** How likely one of all buckets looked at may be beyond the limit by chance. */
const CHANCE = 0.01;
const LEAST_PEAK = 10;
const LEAST_RATIO = 2;
const HOUR_MS = 3_600_000;
/** With fewer values of earlier days the rest of the window is the better measure. */
const LEAST_REFERENCE = 12;

/** With fewer buckets since its service was first heard of, what is usual is not known. */
const LEAST_HEARD = 5;

/** Of a pattern too rare before to tell: a burst out of nothing has to be larger. */
const UNKNOWN_DISPERSION = 4;

/** Anscombe (1948): the square root makes the spread of counts 1, however many there are. */
const steady = (count: number): number => 2 * Math.sqrt(count + 0.375);

/**
 * Buckets whose robust z-score (median and MAD of Anscombe-transformed counts, and at least the spread that lines in clumps have) is beyond 3.5,
 * and beyond what chance reaches once in a hundred windows. Measured against the same hour of earlier days when there
 * are any, else against the other buckets of this window and the one before, as far as its service was heard of by then: a
 * service that has just begun is no burst. Neighbours are one burst, with its peak;
 * what has happened before at this height, or fills half the window, is none.
 */
export function findBursts(grid: Grid, patterns: readonly PatternHistory[]): Anomaly[] {
  const looks = Math.max(1, patterns.length * grid.buckets);
  // P(Z > z) < exp(-z²/2)/2
  const limit = Math.max(LEAST_Z, Math.sqrt(2 * Math.log(looks / (2 * CHANCE))));
  const heard = heardSince(patterns);
  return patterns.flatMap((pattern) => {
    const since = heard.get(serviceKey(pattern)) ?? 0;
    const scores = pattern.counts.map((count, i) => scoreBucket(pattern, grid, count, i, since));
    const runs = runsOf(scores.map((score) => score !== null && score.z > limit));
    return runs
      .filter((run) => run.to - run.from <= grid.buckets / 2)
      .map((run) => anomalyOf(pattern, grid, run, scores));
  });
}

interface Score {
  z: number;
  usual: number;
  byEarlierDays: boolean;
}

/** The first bucket in which a service said anything, counted from the beginning of the window before. */
function heardSince(patterns: readonly PatternHistory[]): Map<string, number> {
  const since = new Map<string, number>();
  for (const pattern of patterns) {
    const first = [...pattern.before, ...pattern.counts].findIndex((count) => count > 0);
    if (first < 0) continue;
    const key = serviceKey(pattern);
    since.set(key, Math.min(since.get(key) ?? first, first));
  }
  return since;
}

function scoreBucket(pattern: PatternHistory, grid: Grid, count: number, at: number, since: number): Score | null {
  const { before, counts, earlierDays } = pattern;
  if (count < LEAST_PEAK || before.some((other) => other >= count)) return null;
  const radius = Math.max(1, Math.round(HOUR_MS / 2 / grid.stepMs));
  const sameHour = earlierDays.flatMap((day) => day.slice(Math.max(0, at - radius), at + radius + 1));
  if (sameHour.some((other) => other >= count)) return null;
  const byEarlierDays = sameHour.length >= LEAST_REFERENCE;
  const others = [...before, ...counts].filter((_, i) => i >= since && i !== before.length + at);
  if (!byEarlierDays && others.length < LEAST_HEARD) return null;
  const reference = byEarlierDays ? sameHour : others;
  const usual = medianOf(reference);
  if (count < LEAST_RATIO * usual) return null;
  const values = reference.map(steady);
  const median = medianOf(values);
  const spread = Math.max(spreadOf(values, median), clumpSpread(byEarlierDays ? sameHour : before.slice(since)));
  return { z: (steady(count) - median) / spread, usual, byEarlierDays };
}

/**
 * The median of what is mostly zero does not see clumps: the spread is at least what their dispersion makes of it, on
 * the scale of `steady`. Taken from before the window, so that a burst does not hide itself.
 */
function clumpSpread(reference: readonly number[]): number {
  const even = reference.map(() => 1);
  return Math.sqrt(Math.max(1, dispersionOf(reference, even) ?? UNKNOWN_DISPERSION));
}

interface Run {
  from: number;
  /** exclusive */
  to: number;
}

/** Runs of true; a single false between two does not part them. */
function runsOf(flags: readonly boolean[]): Run[] {
  const runs: Run[] = [];
  for (const [i, flag] of flags.entries()) {
    if (!flag) continue;
    const last = runs.at(-1);
    if (last && i - last.to <= 1) last.to = i + 1;
    else runs.push({ from: i, to: i + 1 });
  }
  return runs;
}

function anomalyOf(pattern: PatternHistory, grid: Grid, { from, to }: Run, scores: readonly (Score | null)[]): Anomaly {
  const { patternId, template, level, service, environment } = pattern;
  const inside = pattern.counts.slice(from, to);
  const peak = Math.max(...inside);
  const peakAt = from + inside.indexOf(peak);
  const { z, usual, byEarlierDays } = scores[peakAt] ?? { z: 0, usual: 0, byEarlierDays: false };
  const count = sumOf(inside);
  const severity = isError(level) ? "warning" : "info";
  const base = byEarlierDays ? `at this hour of ${pattern.earlierDays.length} earlier days` : "otherwise";
  return {
    ...{ kind: "burst", severity, atMs: grid.fromMs + from * grid.stepMs },
    ...{ patternId, template, level, service, environment },
    sentence: `${quoted(template)}: ${groupedCount(count)} lines of ${named({ service, environment })} in ${span((to - from) * grid.stepMs)}, at the peak ${groupedCount(peak)} in ${span(grid.stepMs)}; ${groupedCount(usual)} are usual ${base}`,
    evidence: {
      ...{ count, peak, peakAt: new Date(grid.fromMs + peakAt * grid.stepMs).toISOString() },
      ...{ bucketSeconds: grid.stepMs / 1_000, buckets: to - from, usual, z: Number(z.toFixed(1)) },
      comparedWith: byEarlierDays ? "same hour of earlier days" : "other buckets",
    },
    score: scoreOf(severity, "burst", count),
  };
}
