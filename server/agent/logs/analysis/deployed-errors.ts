import type { DeploymentStart } from "../../deploy/index.ts";
import type { PatternCount } from "../../ports/log-source.ts";
import { groupedCount } from "../../text/numbers.ts";
import {
  type Anomaly,
  isError,
  type LogHistory,
  type PatternHistory,
  recordedBeforeMs,
  scoreOf,
  sumOf,
} from "../anomalies/anomaly.ts";
import { newSeverity } from "../anomalies/new-patterns.ts";
import { lines, named, percent, quoted, span } from "../anomalies/wording.ts";

/** Errors that only the lines of one version show, which was deployed: counts over time alone do not tell them. */

/** of an error that was seen long ago: it may also come now and then */
const LEAST_RETURNED = 5;
const LEAST_NEW = 3;
/** lines of other versions among which the error was not */
const LEAST_OTHERS = 100;

/** All that is counted of one service in one environment in the window. */
interface Counted {
  lines: number;
  linesBefore: number;
  /** how long the time before was, as far as it was recorded */
  beforeMs: number;
  /** by version, of all lines and of the pattern's */
  byVersion: Map<string, number>;
  versions: Set<string>;
}

/**
 * Patterns of errors that were not seen in the window before, and in this one in lines of one version alone, which was
 * deployed since shortly before the window. Either they are back from long ago, or they are new while the service is so
 * young that the lines before the deployment are too few to prove it. Without those that are `found` already.
 */
export function findDeployed(
  { grid, patterns, services }: LogHistory,
  found: readonly Anomaly[],
  rows: readonly PatternCount[],
  starts: readonly DeploymentStart[],
): Anomaly[] {
  const keyOf = (of: Pick<Anomaly, "patternId" | "service" | "environment">) =>
    `${of.patternId}\n${of.service}\n${of.environment}`;
  const said = new Set(found.map(keyOf));
  const candidates = patterns.filter((pattern) => {
    if (!isError(pattern.level) || said.has(keyOf(pattern)) || sumOf(pattern.counts) < LEAST_NEW) return false;
    return sumOf(pattern.before) === 0;
  });
  return candidates.flatMap((pattern): Anomaly[] => {
    const isOwn = (of: { service: string; environment: string }) =>
      of.service === pattern.service && of.environment === pattern.environment;
    const started = new Set(starts.filter(isOwn).map(({ version }) => version));
    if (started.size === 0) return []; // before going through all rows
    const service = services.find(isOwn);
    const counted = {
      ...{ lines: sumOf(service?.lines ?? []), linesBefore: sumOf(service?.linesBefore ?? []) },
      beforeMs: recordedBeforeMs(grid, service?.linesBefore ?? []),
      ...versionsOf(rows.filter(isOwn), pattern.patternId),
    };
    const [version] = counted.versions;
    if (counted.versions.size !== 1 || version === undefined || !started.has(version)) return [];
    const anomaly =
      pattern.firstSeenMs < grid.fromMs ? returned(pattern, counted, grid) : brought(pattern, counted, version);
    return anomaly ? [anomaly] : [];
  });
}

function versionsOf(rows: readonly PatternCount[], patternId: string): Pick<Counted, "byVersion" | "versions"> {
  const byVersion = new Map<string, number>();
  const versions = new Set<string>();
  for (const { version, patternId: of, count } of rows) {
    byVersion.set(version, (byVersion.get(version) ?? 0) + count);
    if (of === patternId) versions.add(version);
  }
  return { byVersion, versions };
}

const placeOf = ({ patternId, template, level, service, environment }: PatternHistory) => ({
  ...{ kind: "new" as const, patternId, template, level, service, environment },
});

function returned(
  pattern: PatternHistory,
  { lines: total, linesBefore, beforeMs }: Counted,
  { fromMs, stepMs }: LogHistory["grid"],
): Anomaly | null {
  const count = sumOf(pattern.counts);
  if (count < LEAST_RETURNED || linesBefore === 0) return null;
  return {
    ...placeOf(pattern),
    ...{ severity: "warning", atMs: fromMs + pattern.counts.findIndex((value) => value > 0) * stepMs },
    sentence: `${quoted(pattern.template)} is back: ${lines(count)} of ${named(pattern)} (of ${groupedCount(total)}), none of ${groupedCount(linesBefore)} in the ${span(beforeMs)} before; first seen ${span(fromMs - pattern.firstSeenMs)} before that`,
    evidence: { count, lines: total, share: count / total, countBefore: 0, linesBefore },
    score: scoreOf("warning", "new", count),
  };
}

function brought(pattern: PatternHistory, { byVersion }: Counted, version: string): Anomaly | null {
  const count = sumOf(pattern.counts);
  const own = Math.max(byVersion.get(version) ?? 0, count);
  const others = [...byVersion].reduce((sum, [one, number]) => sum + (one === version ? 0 : number), 0);
  if (count < LEAST_NEW || others < LEAST_OTHERS) return null;
  const share = count / own;
  const severity = newSeverity(pattern.level, share);
  return {
    ...placeOf(pattern),
    ...{ severity, atMs: pattern.firstSeenMs },
    sentence: `${quoted(pattern.template)} is new: ${lines(count)} of ${version} of ${named(pattern)} (${percent(share)} of ${groupedCount(own)}), none of ${groupedCount(others)} of other versions`,
    evidence: { count, lines: own, share, countBefore: 0, linesBefore: others },
    score: scoreOf(severity, "new", count),
  };
}
