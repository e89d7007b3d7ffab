import { groupedCount } from "../../text/numbers.ts";
import { type Anomaly, type Grid, type ServiceHistory, scoreOf } from "./anomaly.ts";
import { named, percent } from "./wording.ts";

/** When the share of a service's lines that are errors changed, and from what to what. */

/** How likely one change is found where there is none, over all services. */
const CHANCE = 0.01;
const LEAST_BUCKETS = 2;
const LEAST_ERRORS = 10;
/** A level is one when errors come in so many buckets; fewer are a burst. */
const LEAST_BUCKETS_WITH_ERRORS = 3;
const LEAST_DIFFERENCE = 0.005;
const LEAST_RATIO = 1.5;
const CRITICAL_SHARE = 0.05;
const CRITICAL_RATIO = 3;

interface Segment {
  /** buckets since the window before began; `to` is exclusive */
  from: number;
  to: number;
  errors: number;
  lines: number;
  bucketsWithErrors: number;
}

/**
 * Change points of the error ratio, both windows taken as one series: the segmentation with the largest binomial
 * likelihood less a penalty for each change (optimal partitioning: Jackson et al., IEEE Signal Processing Letters 12,
 * 2005). The penalty grows with the dispersion between neighbours, so that clumps of errors are no change.
 */
export function findRatioChanges(grid: Grid, service: ServiceHistory, serviceCount: number): Anomaly[] {
  const errors = [...service.errorsBefore, ...service.errors];
  const lines = [...service.linesBefore, ...service.lines];
  const looks = lines.length * Math.max(1, serviceCount);
  const penalty = neighbourDispersion(errors, lines) * 2 * Math.log(looks / CHANCE);
  const segments = segmentsOf(errors, lines, penalty);
  const firstBucket = service.linesBefore.length;
  const found: Anomaly[] = [];
  for (const [i, after] of segments.entries()) {
    const before = segments[i - 1];
    if (before && after.from >= firstBucket && matters(before, after))
      found.push(anomalyOf(grid, service, before, after, grid.fromMs + (after.from - firstBucket) * grid.stepMs));
  }
  return found;
}

/**
 * Mean χ² of neighbouring buckets' ratios, over pairs that have errors. A true change disturbs one pair, its end
 * another: the two largest are left out.
 */
function neighbourDispersion(errors: readonly number[], lines: readonly number[]): number {
  const values: number[] = [];
  for (let i = 1; i < errors.length; i++) {
    const [e1, e2, n1, n2] = [errors[i - 1] ?? 0, errors[i] ?? 0, lines[i - 1] ?? 0, lines[i] ?? 0];
    const pooled = (e1 + e2) / (n1 + n2);
    if (n1 === 0 || n2 === 0 || pooled === 0 || pooled === 1) continue;
    values.push((e1 / n1 - e2 / n2) ** 2 / (pooled * (1 - pooled) * (1 / n1 + 1 / n2)));
  }
  values.sort((a, b) => b - a).splice(0, 2);
  return values.length < 2 ? 1 : Math.max(1, values.reduce((sum, value) => sum + value, 0) / values.length);
}

const running = (values: readonly number[]): number[] => {
  const sums = [0];
  for (const value of values) sums.push((sums.at(-1) ?? 0) + value);
  return sums;
};

function segmentsOf(errors: readonly number[], lines: readonly number[], penalty: number): Segment[] {
  const [e, n, present] = [running(errors), running(lines), running(errors.map((count) => (count > 0 ? 1 : 0)))];
  const between = (sums: readonly number[], from: number, to: number) => (sums[to] ?? 0) - (sums[from] ?? 0);
  const best: number[] = [0];
  const starts: number[] = [0];
  for (let to = 1; to < e.length; to++) {
    let [least, start] = [Number.POSITIVE_INFINITY, 0];
    for (let from = 0; from + LEAST_BUCKETS <= to || from === 0; from++) {
      const before = from === 0 ? 0 : (best[from] ?? Number.POSITIVE_INFINITY) + penalty;
      const cost = before + deviance(between(e, from, to), between(n, from, to));
      if (cost < least) [least, start] = [cost, from];
    }
    best.push(least);
    starts.push(start);
  }
  const segments: Segment[] = [];
  for (let to = e.length - 1; to > 0; to = segments[0]?.from ?? 0) {
    const from = starts[to] ?? 0;
    segments.unshift({
      ...{ from, to, errors: between(e, from, to), lines: between(n, from, to) },
      bucketsWithErrors: between(present, from, to),
    });
  }
  return segments;
}

/** Twice the negative log-likelihood of so many errors in so many lines at their own ratio. */
function deviance(errors: number, lines: number): number {
  const good = lines - errors;
  if (errors <= 0 || good <= 0) return 0;
  return -2 * (errors * Math.log(errors / lines) + good * Math.log(good / lines));
}

const ratioOf = ({ errors, lines }: Segment): number => (lines === 0 ? 0 : errors / lines);

function matters(before: Segment, after: Segment): boolean {
  const [higher, lower] = ratioOf(after) > ratioOf(before) ? [after, before] : [before, after];
  if (higher.errors < LEAST_ERRORS || higher.bucketsWithErrors < LEAST_BUCKETS_WITH_ERRORS) return false;
  if (lower.lines === 0) return false;
  return ratioOf(higher) - ratioOf(lower) >= LEAST_DIFFERENCE && ratioOf(higher) >= LEAST_RATIO * ratioOf(lower);
}

function anomalyOf(
  grid: Grid,
  { service, environment }: ServiceHistory,
  before: Segment,
  after: Segment,
  atMs: number,
): Anomaly {
  const [ratioBefore, ratioAfter] = [ratioOf(before), ratioOf(after)];
  const rose = ratioAfter > ratioBefore;
  const isCritical = ratioAfter >= CRITICAL_SHARE && ratioAfter >= CRITICAL_RATIO * ratioBefore;
  const severity = !rose ? "info" : isCritical ? "critical" : "warning";
  const share = (segment: Segment) =>
    `${percent(ratioOf(segment))} (${groupedCount(segment.errors)} of ${groupedCount(segment.lines)})`;
  return {
    ...{ kind: "error-ratio", severity, atMs, patternId: null, template: null, service, environment, level: "error" },
    sentence: `error lines of ${named({ service, environment })} ${rose ? "rose" : "fell"} from ${share(before)} to ${share(after)}`,
    evidence: {
      ...{ ratioBefore, errorsBefore: before.errors, linesBefore: before.lines },
      ...{ ratioAfter, errorsAfter: after.errors, linesAfter: after.lines },
      ...{ secondsBefore: seconds(before, grid), secondsAfter: seconds(after, grid) },
    },
    score: scoreOf(severity, "error-ratio", after.errors),
  };
}

const seconds = ({ from, to }: Segment, grid: Grid): number => ((to - from) * grid.stepMs) / 1_000;
