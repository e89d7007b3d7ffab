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
import { riseProbability } from "./statistics.ts";
import { lines, named, percent, quoted, span } from "./wording.ts";

/** Patterns that nobody has seen before the window. */

/** Of an error one line is enough; of others so many that the time before would have shown them, too. */
const CHANCE = 0.05;
/** A new error with this share of its service's lines is critical. */
const CRITICAL_SHARE = 0.05;

/** The lines of a service among which a pattern was not, and those among which it is. */
interface Base {
  linesBefore: number;
  lines: number;
  /** how long the time before was, as far as it was recorded */
  spanMs: number;
  /** the equal window before, not only the begin of this one */
  isWhole: boolean;
}

/**
 * Patterns seen for the first time in the window and not at all in the equal window before. Where the service logged
 * nothing then, what it said in this window until the pattern came stands in for it: whatever it began with is unknown,
 * not new, and an error needs as many lines as others to count.
 */
export function findNew(grid: Grid, patterns: readonly PatternHistory[], service: ServiceHistory): Anomaly[] {
  return patterns.flatMap((pattern) => {
    const count = sumOf(pattern.counts);
    if (count === 0 || sumOf(pattern.before) > 0 || pattern.firstSeenMs < grid.fromMs) return [];
    const base = baseOf(grid, pattern, service);
    const chance = riseProbability({ events: count, exposure: base.lines }, { events: 0, exposure: base.linesBefore });
    const oneIsEnough = base.isWhole && isError(pattern.level);
    return chance <= CHANCE || oneIsEnough ? anomalyOf(pattern, service, base, count) : [];
  });
}

function baseOf(grid: Grid, { counts }: PatternHistory, service: ServiceHistory): Base {
  const lines = sumOf(service.lines);
  const linesBefore = sumOf(service.linesBefore);
  const spanMs = recordedBeforeMs(grid, service.linesBefore);
  if (linesBefore > 0) return { linesBefore, lines, spanMs, isWhole: true };
  const began = service.lines.findIndex((count) => count > 0);
  const came = counts.findIndex((count) => count > 0);
  const until = sumOf(service.lines.slice(0, came));
  return { linesBefore: until, lines: lines - until, spanMs: (came - began) * grid.stepMs, isWhole: false };
}

function anomalyOf(
  pattern: PatternHistory,
  { service, environment }: ServiceHistory,
  base: Base,
  count: number,
): Anomaly {
  const { level, patternId, template, firstSeenMs } = pattern;
  const total = Math.max(base.lines, count);
  const share = count / total;
  const severity = newSeverity(level, share);
  const since = base.isWhole ? "" : " since it came";
  return {
    ...{ kind: "new", severity, atMs: firstSeenMs, patternId, template, level, service, environment },
    sentence: `${quoted(template)} is new: ${lines(count)} of ${named({ service, environment })} (${percent(share)} of ${groupedCount(total)}${since}), none of ${groupedCount(base.linesBefore)} in the ${span(base.spanMs)} before`,
    evidence: { count, lines: total, share, countBefore: 0, linesBefore: base.linesBefore },
    score: scoreOf(severity, "new", count),
  };
}

/** Of a new pattern with this share of its service's lines. */
export function newSeverity(level: PatternHistory["level"], share: number): Anomaly["severity"] {
  if (level === "fatal" || (level === "error" && share >= CRITICAL_SHARE)) return "critical";
  return level === "error" || level === "warn" ? "warning" : "info";
}
