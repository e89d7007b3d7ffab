import type { DeploymentStart } from "../../deploy/index.ts";
import type { PatternCount } from "../../ports/log-source.ts";
import { type Anomaly, isError, type LogHistory, scoreOf, sumOf } from "../anomalies/anomaly.ts";
import { integer, lines, named, quoted, span } from "../anomalies/wording.ts";

/** Errors of the past that a deployment brought back. */

const LEAST_LINES = 5;

/**
 * Patterns of errors that were seen long ago, not in the window before, and now in lines of one version alone, which
 * was deployed since shortly before the window. Counts cannot tell these from errors that come now and then. Without
 * those that are `found` already.
 */
export function findReturned(
  { grid, patterns, services }: LogHistory,
  found: readonly Anomaly[],
  rows: readonly PatternCount[],
  starts: readonly DeploymentStart[],
): Anomaly[] {
  const keyOf = (of: Pick<Anomaly, "patternId" | "service" | "environment">) =>
    `${of.patternId}\n${of.service}\n${of.environment}`;
  const said = new Set(found.map(keyOf));
  const candidates = patterns.filter((pattern) => {
    const { level, counts, before, firstSeenMs } = pattern;
    if (!isError(level) || firstSeenMs >= grid.fromMs || said.has(keyOf(pattern))) return false;
    return sumOf(before) === 0 && sumOf(counts) >= LEAST_LINES;
  });
  return candidates.flatMap((pattern): Anomaly[] => {
    const { patternId, template, level, service, environment, firstSeenMs } = pattern;
    const isOwn = (of: { service: string; environment: string }) =>
      of.service === service && of.environment === environment;
    const versions = new Set(rows.filter((row) => row.patternId === patternId && isOwn(row)).map((row) => row.version));
    const [version] = versions;
    if (versions.size !== 1 || !starts.some((start) => isOwn(start) && start.version === version)) return [];
    const own = services.find(isOwn);
    const [count, total, linesBefore] = [sumOf(pattern.counts), sumOf(own?.lines ?? []), sumOf(own?.linesBefore ?? [])];
    if (linesBefore === 0) return [];
    const atMs = grid.fromMs + pattern.counts.findIndex((value) => value > 0) * grid.stepMs;
    return [
      {
        ...{ kind: "new", severity: "warning", atMs, patternId, template, level, service, environment },
        sentence: `${quoted(template)} is back: ${lines(count)} of ${named(service)} (of ${integer(total)}), none of ${integer(linesBefore)} in the ${span(grid.buckets * grid.stepMs)} before; first seen ${span(grid.fromMs - firstSeenMs)} before that`,
        evidence: { count, lines: total, share: count / total, countBefore: 0, linesBefore },
        score: scoreOf("warning", "new", count),
      },
    ];
  });
}
