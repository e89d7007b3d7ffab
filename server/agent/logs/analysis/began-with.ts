import type { DeploymentStart } from "../../deploy/index.ts";
import { groupedCount } from "../../kernel/numbers.ts";
import type { PatternCount } from "../../ports/log-source.ts";
import { type Anomaly, type Grid, isError } from "../anomalies/anomaly.ts";
import { span } from "../anomalies/wording.ts";
import type { ExplainedAnomaly } from "../recommendations.ts";

/** Which deployment an anomaly began with. */

export const BEFORE_MS = 15 * 60_000;
/** a version may log before its deployment is noted as started, and clocks differ */
const AFTER_MS = 60_000;
/** from so many of its lines on, the version itself tells, whenever the change began */
const OWN_SHARE = 0.9;

/**
 * Deployments of the anomaly's service and environment that began in the 15 minutes before it, the one first whose
 * version wrote most of its lines, then the latest. One whose version wrote none of them is none.
 */
export function explain(
  anomaly: Anomaly,
  starts: readonly DeploymentStart[],
  rows: readonly PatternCount[],
  grid: Grid,
): ExplainedAnomaly {
  const byVersion = linesByVersion(anomaly, rows, grid);
  const total = byVersion && [...byVersion.values()].reduce((sum, count) => sum + count, 0);
  const candidates = starts
    .filter(({ service, environment }) => isPlace(anomaly, service, environment))
    .map((start) => ({ start, of: byVersion?.get(start.version) ?? 0 }))
    .filter(({ start, of }) => {
      if (total && of === 0) return false;
      return beganWith(anomaly, start, grid) || (anomaly.kind === "emerging" && total && of >= OWN_SHARE * total);
    })
    .sort((a, b) => b.of - a.of || b.start.startedMs - a.start.startedMs);
  const [best] = candidates;
  return { ...anomaly, deployment: best ? viewOf(anomaly, best.start, best.of, total ?? 0) : null };
}

/** A sender that does not say its environment may be in any. */
const isPlace = (anomaly: Anomaly, service: string, environment: string): boolean =>
  anomaly.service === service && (anomaly.environment === environment || anomaly.environment === "");

/** What is known by its step began at the start of that or later. */
function beganWith({ atMs }: Anomaly, { startedMs }: DeploymentStart, { fromMs, stepMs }: Grid): boolean {
  const after = (atMs - fromMs) % stepMs === 0 ? Math.max(AFTER_MS, stepMs) : AFTER_MS;
  return startedMs >= atMs - BEFORE_MS && startedMs <= atMs + after;
}

/** The anomaly's lines since it began, by version where they name one; null when it is not about lines. */
function linesByVersion(anomaly: Anomaly, rows: readonly PatternCount[], grid: Grid): Map<string, number> | null {
  const { kind, severity, patternId, service, environment, atMs } = anomaly;
  const isFall = kind === "error-ratio" && severity === "info";
  if (kind === "vanished" || kind === "broken-sequence" || isFall) return null;
  const sinceMs = atMs - grid.stepMs;
  const counts = new Map<string, number>();
  for (const row of rows) {
    if (row.service !== service || row.environment !== environment || row.version === "") continue;
    if (row.bucketMs <= sinceMs || !(patternId === null ? isError(row.level) : row.patternId === patternId)) continue;
    counts.set(row.version, (counts.get(row.version) ?? 0) + row.count);
  }
  return counts;
}

function viewOf(
  { atMs, kind, service }: Anomaly,
  { id, version, startedMs, isRollback }: DeploymentStart,
  of: number,
  total: number,
): NonNullable<ExplainedAnomaly["deployment"]> {
  const did = isRollback ? `the rollback of ${service} to ${version}` : `the deployment of ${version}`;
  const at = new Date(startedMs).toISOString();
  return { id, version, at, sentence: `${onset(kind, atMs - startedMs, did)}${share(kind, of, total, version)}` };
}

/** What is known by its share alone has no beginning of its own. */
function onset(kind: Anomaly["kind"], afterMs: number, did: string): string {
  if (kind === "emerging") return `since ${did}`;
  return afterMs >= 0 ? `began ${span(afterMs)} after ${did}` : `began at about the time of ${did}`;
}

function share(kind: Anomaly["kind"], of: number, total: number, version: string): string {
  if (total === 0) return "";
  const what = `${kind === "error-ratio" ? "error line" : "line"}${total === 1 ? "" : "s"}`;
  if (of === total)
    return total === 1
      ? `; its only ${what} comes from ${version}`
      : `; all ${groupedCount(total)} ${what} come from ${version}`;
  return `; ${groupedCount(of)} of ${groupedCount(total)} ${what} come from ${version}`;
}
