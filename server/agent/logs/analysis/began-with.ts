import type { DeploymentStart } from "../../deploy/index.ts";
import type { PatternCount } from "../../ports/log-source.ts";
import { groupedCount } from "../../text/numbers.ts";
import { type Anomaly, type Grid, isError } from "../anomalies/anomaly.ts";
import { span } from "../anomalies/wording.ts";
import type { ExplainedAnomaly } from "../recommendations.ts";

/** Which deployment an anomaly began with. */

export const BEFORE_MS = 15 * 60_000;
/** clocks differ, and lines come in batches: a line may bear a time so long before the deployment that it came with */
const TOLERANCE_MS = 5_000;
/** from so many of its lines on, the version itself tells, whenever the change began */
const OWN_SHARE = 0.9;

/**
 * Of the deployments of the anomaly's service and environment that began in the 15 minutes before it, the one whose
 * version wrote most of its lines; of several of one version the one that was under way when it began, else the latest
 * before it. One whose version wrote none of the lines is none. `starts` are those of before the window's end.
 */
export function explain(
  anomaly: Anomaly,
  starts: readonly DeploymentStart[],
  rows: readonly PatternCount[],
  grid: Grid,
): ExplainedAnomaly {
  const byVersion = linesByVersion(anomaly, rows, grid);
  const total = byVersion && [...byVersion.values()].reduce((sum, { count }) => sum + count, 0);
  const began = onsetOf(anomaly.atMs, grid);
  const candidates = starts
    .filter(({ service, environment }) => isPlace(anomaly, service, environment))
    .map((start) => {
      const of = byVersion?.get(start.version)?.count ?? 0;
      const isOwn = anomaly.kind === "emerging" && total && of >= OWN_SHARE * total;
      const onset = isOwn ? onsetOf(byVersion?.get(start.version)?.firstMs ?? anomaly.atMs, grid) : began;
      return { start, of, isOwn, onset };
    })
    .filter(({ start, of, isOwn, onset }) => {
      if ((total && of === 0) || start.startedMs > onset.latestMs) return false;
      return isOwn || start.startedMs >= onset.fromMs - BEFORE_MS;
    })
    .sort((a, b) => b.of - a.of || wasUnderWay(b) - wasUnderWay(a) || b.start.startedMs - a.start.startedMs);
  const [best] = candidates;
  return { ...anomaly, deployment: best ? viewOf(anomaly, best.start, best.of, total ?? 0) : null };
}

/** When something began: at `fromMs`, or so much later that a deployment until `latestMs` may have brought it. */
interface Onset {
  fromMs: number;
  latestMs: number;
}

/** What is known by its step began at the start of that or later. */
function onsetOf(atMs: number, { fromMs, stepMs }: Grid): Onset {
  const isStep = (atMs - fromMs) % stepMs === 0;
  return { fromMs: atMs, latestMs: atMs + (isStep ? Math.max(TOLERANCE_MS, stepMs) : TOLERANCE_MS) };
}

const wasUnderWay = ({ start, onset }: { start: DeploymentStart; onset: Onset }): number =>
  Number(start.startedMs <= onset.fromMs && (start.finishedMs === null || start.finishedMs >= onset.fromMs));

/** A sender that does not say its environment may be in any. */
const isPlace = (anomaly: Anomaly, service: string, environment: string): boolean =>
  anomaly.service === service && (anomaly.environment === environment || anomaly.environment === "");

interface VersionLines {
  count: number;
  /** start of the first step with one */
  firstMs: number;
}

/** The anomaly's lines since it began, by version where they name one; null when it is not about lines. */
function linesByVersion(anomaly: Anomaly, rows: readonly PatternCount[], grid: Grid): Map<string, VersionLines> | null {
  const { kind, severity, patternId, service, environment, atMs } = anomaly;
  const isFall = kind === "error-ratio" && severity === "info";
  if (kind === "vanished" || kind === "broken-sequence" || isFall) return null;
  const sinceMs = atMs - grid.stepMs;
  const counts = new Map<string, VersionLines>();
  for (const row of rows) {
    if (row.service !== service || row.environment !== environment || row.version === "") continue;
    if (row.bucketMs <= sinceMs || !(patternId === null ? isError(row.level) : row.patternId === patternId)) continue;
    const { count, firstMs } = counts.get(row.version) ?? { count: 0, firstMs: row.bucketMs };
    counts.set(row.version, { count: count + row.count, firstMs: Math.min(firstMs, row.bucketMs) });
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
