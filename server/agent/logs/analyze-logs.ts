import type { z } from "zod";
import { refuseUnknownFilter } from "../catalog/known-names.ts";
import { listDeploymentStarts, type RollbackState, rollbackState } from "../deploy/index.ts";
import type { AgentContext } from "../kernel/context.ts";
import { authorize } from "../kernel/permissions.ts";
import { sourceView } from "../kernel/source-answer.ts";
import type { LogFilter, LogSource } from "../ports/log-source.ts";
import { BEFORE_MS, explain } from "./analysis/began-with.ts";
import { briefAnalysis } from "./analysis/brief-analysis.ts";
import { type CountedPattern, historyOf, patternsOf, totalsOf, trendOf } from "./analysis/counted-window.ts";
import { findDeployed } from "./analysis/deployed-errors.ts";
import { type Frame, frameOf } from "./analysis/frame.ts";
import { patternQuery } from "./analysis/pattern-query.ts";
import { pageAfter, readSamples, viewPattern } from "./analysis/pattern-views.ts";
import { type Reading, readCounts } from "./analysis/read-counts.ts";
import { noteRunning } from "./analysis/running-services.ts";
import type { Listening } from "./analysis/stream-lines.ts";
import { summarise } from "./analysis/summary.ts";
import { brokenSequences } from "./analysis/traced-steps.ts";
import { byScore, findAnomalies } from "./anomalies/index.ts";
import { filterOf } from "./query-scope.ts";
import { rankPatterns, tagsOf } from "./rank-patterns.ts";
import { blamedDeployments, type ExplainedAnomaly, recommend } from "./recommendations.ts";
import type { AnalyzeLogsInput, AnalyzeLogsOutput, AnomalyView, PatternView } from "./schema.ts";
import { findAlerts } from "./store.ts";

/** what runs now also ran at the end of a window that ended so recently */
const ABOUT_NOW_MS = 60_000;

/** An analysis under way. */
interface Analysis {
  input: z.output<typeof AnalyzeLogsInput>;
  source: LogSource;
  filter: LogFilter;
  frame: Frame;
  reading: Reading;
  patterns: CountedPattern[];
  anomalies: ExplainedAnomaly[];
  /** of the deployments that recommendations blame, by id */
  rollbacks: ReadonlyMap<string, RollbackState>;
  /** false: no line is known of the window before */
  isBeforeKnown: boolean;
}

/**
 * What the lines of a window say: totals, patterns ranked, anomalies with the deployments they began with, and what to
 * do next. From counts where the source mines lines as they arrive and the filter asks for nothing that only lines can
 * tell; else lines are read, within bounds. A brief reader gets as much as it takes in.
 * @throws INVALID for a window that is empty, too long or in the future, for a query that cannot be read and for the
 * cursor of another analysis, and as LogSource does
 */
export async function analyzeLogs(
  ctx: AgentContext,
  input: z.output<typeof AnalyzeLogsInput>,
  listening: Listening = {},
): Promise<AnalyzeLogsOutput> {
  authorize(ctx, "telemetry.read");
  const frame = frameOf(input, ctx.now());
  const filter = filterOf(input);
  const source = ctx.telemetry.logs({ service: filter.service, home: input.source });
  await refuseUnknownFilter(ctx, filter, source);
  const reading = await readCounts(source, filter, frame, listening);
  const patterns = patternsOf(frame.grid, reading.rows);
  const knownMs = Math.min(frame.endMs, Date.parse(input.endTime)); // the frame may end later, with a whole minute
  const anomalies = await anomaliesOf(ctx, filter, frame, reading, patterns, knownMs);
  const analysis: Analysis = {
    ...{ input, source, filter, frame, reading, patterns, anomalies },
    rollbacks: await rollbacksOf(ctx, input.cursor === undefined ? anomalies : []),
    isBeforeKnown: reading.rows.before.length > 0 || (await wroteBefore(source, frame, listening.signal)),
  };
  const output = outputOf(analysis, await viewPatterns(ctx, analysis, listening.signal));
  return ctx.reader.brief ? briefAnalysis(output, ctx.reader.bytes) : output;
}

/** Worst first, each with the deployment it began with. */
async function anomaliesOf(
  { db, platform, now }: AgentContext,
  { service, environment }: LogFilter,
  frame: Frame,
  { rows, steps }: Reading,
  patterns: readonly CountedPattern[],
  knownMs: number,
): Promise<ExplainedAnomaly[]> {
  const { grid, endMs } = frame;
  const history = historyOf(grid, rows);
  if (history.patterns.length === 0) return [];
  const span = { from: new Date(grid.fromMs - BEFORE_MS), to: new Date(knownMs) };
  const { starts } = await listDeploymentStarts(db, { ...span, service, environment });
  if (now().getTime() - endMs < ABOUT_NOW_MS) await noteRunning(platform.workloads, history);
  const found = findAnomalies(history);
  const deployed = findDeployed(history, found, rows.now, starts);
  const broken = steps ? brokenSequences(steps, patterns, frame) : [];
  return [...found, ...deployed, ...broken].sort(byScore).map((anomaly) => explain(anomaly, starts, rows.now, grid));
}

async function rollbacksOf(
  ctx: AgentContext,
  anomalies: readonly ExplainedAnomaly[],
): Promise<Map<string, RollbackState>> {
  const ids = blamedDeployments(anomalies);
  return new Map(await Promise.all(ids.map(async (id) => [id, await rollbackState(ctx, id)] as const)));
}

/** Whether anybody wrote a line in the window before: where nobody did, nothing is known of it. */
async function wroteBefore(source: LogSource, { grid, before }: Frame, signal: AbortSignal | undefined) {
  const query = { window: before, filter: { terms: [] }, stepSeconds: grid.stepMs / 1_000 };
  return (await source.counts(query, signal)).data.length > 0;
}

interface Shown {
  patterns: PatternView[];
  /** in all pages */
  total: number;
  nextCursor: string | null;
}

/** One page of the patterns that were seen, and of those that are gone. */
async function viewPatterns(
  { db, reader }: AgentContext,
  { input, source, filter, frame, reading, patterns, anomalies, isBeforeKnown }: Analysis,
  signal: AbortSignal | undefined,
): Promise<Shown> {
  const tags = tagsOf(patterns, anomalies);
  const ranked = rankPatterns(
    patterns.filter(({ id, count }) => count > 0 || tags.get(id)?.includes("vanished")),
    tags,
  );
  const page = pageAfter(ranked, input.cursor, Math.min(input.limit, reader.most.patterns));
  const [samples, alerts] = await Promise.all([
    reading.samples ?? readSamples(source, page, { window: frame.window, filter, limit: reader.samples }, signal),
    findAlerts(
      db,
      page.map(({ id }) => id),
    ),
  ]);
  const { lines } = totalsOf(reading.rows.now);
  const shown = { lines, isBeforeKnown, endMs: frame.endMs, tags, samples, alerts };
  const last = page.at(-1);
  return {
    patterns: page.map((pattern) => viewPattern(pattern, shown)),
    total: ranked.length,
    nextCursor: last && last !== ranked.at(-1) ? last.id : null,
  };
}

/** Anomalies, what to do about them and the trend stand on the first page alone. */
function outputOf(
  { input, frame, reading, anomalies, rollbacks, isBeforeKnown }: Analysis,
  shown: Shown,
): AnalyzeLogsOutput {
  const { grid, endMs } = frame;
  const { rows, answers, notes } = reading;
  const isFirst = input.cursor === undefined;
  const instant = (ms: number): string => new Date(ms).toISOString();
  const window = { from: instant(grid.fromMs), to: instant(endMs) };
  const totals = totalsOf(rows.now);
  return {
    summary: summarise(totals, endMs - grid.fromMs, anomalies),
    totals,
    totalsBefore: isBeforeKnown ? totalsOf(rows.before) : null,
    patternCount: shown.total,
    anomalyCount: anomalies.length,
    truncated: shown.nextCursor !== null,
    nextCursor: shown.nextCursor,
    window,
    source: sourceView(...answers),
    anomalies: isFirst ? anomalies.map(viewAnomaly) : [],
    recommendations: isFirst ? recommend(anomalies, window, rollbacks) : [],
    patterns: shown.patterns,
    stepSeconds: grid.stepMs / 1_000,
    trend: isFirst
      ? trendOf(grid, rows.now).map((step, i) => ({ t: instant(grid.fromMs + i * grid.stepMs), ...step }))
      : [],
    notes: isBeforeKnown ? notes : [...notes, NOTHING_BEFORE],
  };
}

const NOTHING_BEFORE =
  "No line is known of the equal time before, so what is new cannot be told from what services began with.";

const viewAnomaly = ({ score: _, atMs, ...anomaly }: ExplainedAnomaly): AnomalyView => ({
  ...anomaly,
  at: new Date(atMs).toISOString(),
  query: anomaly.patternId === null ? null : patternQuery({ id: anomaly.patternId, template: anomaly.template ?? "" }),
});
