import { groupedCount } from "../../text/numbers.ts";
import {
  type Anomaly,
  type Grid,
  isError,
  type PatternHistory,
  recordedBeforeMs,
  type ServiceHistory,
  scoreOf,
  sumOf,
} from "./anomaly.ts";
import { discoveries, dispersionOf, riseProbability } from "./statistics.ts";
import { named, percent, quoted, span } from "./wording.ts";

/** Patterns that have become a far larger part of what a service says. */

const LEAST_RATIO = 3;
const LEAST_LINES = 5;
const FALSE_SHARE = 0.01;
/** From here on an error is critical, not only a warning. */
const CRITICAL_RATIO = 10;
/** A pattern in fewer buckets than this comes now and then, and is counted by buckets as well as by lines. */
const STEADY = 0.5;

interface Candidate {
  pattern: PatternHistory;
  count: number;
  countBefore: number;
  pValue: number;
}

/**
 * Patterns whose share of the service's lines is at least three times that of the window before, surely: exact test of
 * the two rates with the dispersion seen before, so that 1 → 3 lines or one more clump does not count;
 * Benjamini-Hochberg over all patterns. A pattern that was as frequent at this time of an earlier day is not one.
 */
export function findEmerging(grid: Grid, patterns: readonly PatternHistory[], service: ServiceHistory): Anomaly[] {
  const total = sumOf(service.lines);
  const totalBefore = sumOf(service.linesBefore);
  if (total === 0 || totalBefore === 0) return [];
  const tested = patterns.map((pattern): Candidate => {
    const [count, countBefore] = [sumOf(pattern.counts), sumOf(pattern.before)];
    return { pattern, count, countBefore, pValue: pValueOf(pattern, service) };
  });
  const sure = discoveries(
    tested.map((one) => one.pValue),
    FALSE_SHARE,
  );
  return tested
    .filter(({ pattern, count, countBefore }, i) => {
      const ratio = count / total / (countBefore / totalBefore);
      if (!sure[i] || count < LEAST_LINES || count <= countBefore || ratio < LEAST_RATIO) return false;
      return pattern.earlierDays.every((day) => sumOf(day) * LEAST_RATIO <= count);
    })
    .map((candidate) => anomalyOf(candidate, grid, service, total, totalBefore));
}

function pValueOf({ counts, before }: PatternHistory, { lines, linesBefore }: ServiceHistory): number {
  const rate = (events: readonly number[], exposure: readonly number[]) => ({
    events: sumOf(events),
    exposure: sumOf(exposure),
  });
  const dispersion = Math.max(1, dispersionOf(before, linesBefore) ?? 1);
  const byLines = riseProbability(rate(counts, lines), rate(before, linesBefore), dispersion);
  const seen = (values: readonly number[]) => values.filter((value) => value > 0).length;
  if (seen(before) >= STEADY * seen(linesBefore)) return byLines;
  const now = { events: seen(counts), exposure: seen(lines) };
  return Math.max(byLines, riseProbability(now, { events: seen(before), exposure: seen(linesBefore) }));
}

function anomalyOf(
  { pattern, count, countBefore, pValue }: Candidate,
  grid: Grid,
  { service, environment, linesBefore }: ServiceHistory,
  total: number,
  totalBefore: number,
): Anomaly {
  const { level, patternId, template } = pattern;
  const [share, shareBefore] = [count / total, countBefore / totalBefore];
  const ratio = countBefore === 0 ? null : share / shareBefore;
  const severity = severityOf(level, ratio);
  const times = ratio === null ? "" : `, ${Number(ratio.toPrecision(2))} times the share`;
  const first = pattern.counts.findIndex((value) => value > 0);
  return {
    ...{ kind: "emerging", severity, patternId, template, level, service, environment },
    atMs: countBefore === 0 ? grid.fromMs + first * grid.stepMs : grid.fromMs,
    sentence: `${quoted(template)}: ${percent(share)} of the lines of ${named({ service, environment })} (${groupedCount(count)} of ${groupedCount(total)}), ${percent(shareBefore)} in the ${span(recordedBeforeMs(grid, linesBefore))} before (${groupedCount(countBefore)} of ${groupedCount(totalBefore)})${times}`,
    evidence: { count, lines: total, share, countBefore, linesBefore: totalBefore, shareBefore, ratio, pValue },
    score: scoreOf(severity, "emerging", count),
  };
}

function severityOf(level: Anomaly["level"], ratio: number | null): Anomaly["severity"] {
  if (isError(level)) return ratio === null || ratio >= CRITICAL_RATIO ? "critical" : "warning";
  return level === "warn" ? "warning" : "info";
}
