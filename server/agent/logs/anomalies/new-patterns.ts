import {
  type Anomaly,
  type Grid,
  isError,
  type PatternHistory,
  type ServiceHistory,
  scoreOf,
  sumOf,
} from "./anomaly.ts";
import { riseProbability } from "./statistics.ts";
import { integer, lines, named, percent, quoted, span } from "./wording.ts";

/** Patterns that nobody has seen before the window. */

/** Of an error one line is enough; of others so many that the window before would have shown them, too. */
const CHANCE = 0.05;
/** A new error with this share of its service's lines is critical. */
const CRITICAL_SHARE = 0.05;

/**
 * Patterns seen for the first time in the window and not at all in the equal window before. None for a service that
 * logged nothing before: all that it says is new then, and nothing is known.
 */
export function findNew(grid: Grid, patterns: readonly PatternHistory[], service: ServiceHistory): Anomaly[] {
  const total = sumOf(service.lines);
  const totalBefore = sumOf(service.linesBefore);
  if (totalBefore === 0) return [];
  return patterns.flatMap((pattern) => {
    const count = sumOf(pattern.counts);
    if (count === 0 || sumOf(pattern.before) > 0 || pattern.firstSeenMs < grid.fromMs) return [];
    const chance = riseProbability({ events: count, exposure: total }, { events: 0, exposure: totalBefore });
    if (!isError(pattern.level) && chance > CHANCE) return [];
    const share = count / Math.max(total, count);
    const { level, patternId, template } = pattern;
    const severity = severityOf(pattern, share);
    const windowMs = grid.buckets * grid.stepMs;
    return {
      ...{ kind: "new" as const, severity, atMs: pattern.firstSeenMs, patternId, template, level },
      ...{ service: service.service, environment: service.environment },
      sentence: `${quoted(template)} is new: ${lines(count)} of ${named(service.service)} (${percent(share)} of ${integer(total)}), none of ${integer(totalBefore)} in the ${span(windowMs)} before`,
      evidence: { count, lines: total, share, countBefore: 0, linesBefore: totalBefore },
      score: scoreOf(severity, "new", count),
    };
  });
}

function severityOf({ level }: PatternHistory, share: number): Anomaly["severity"] {
  if (level === "fatal" || (level === "error" && share >= CRITICAL_SHARE)) return "critical";
  return level === "error" || level === "warn" ? "warning" : "info";
}
