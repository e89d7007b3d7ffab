import { AppError } from "../../agent/kernel/errors.ts";
import type { MetricLine, MetricLines, MetricQuery, MetricsSource } from "../../agent/ports/metrics-source.ts";
import { bucketQuantile } from "./bucket-quantile.ts";
import { type MatchedSeries, matchSeries } from "./matched-series.ts";
import { minuteRows } from "./minute-rows.ts";
import type { StoreParts } from "./record-writer.ts";
import { doneUntil } from "./rollup-progress.ts";
import { createSqlValues, type SqlValues } from "./sql-values.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** as Prometheus has it */
const MAX_STEPS = 11_000;

interface Steps {
  startMs: number;
  stepMs: number;
  count: number;
}

/** One figure of a group in a step; which columns mean something depends on the function. */
interface Cell {
  [column: string]: unknown;
  group: number;
  step: number;
  a: number | null;
  /** for averages, what `a` is divided by */
  b: number | null;
}

type Query = Parameters<MetricsSource["query"]>[0];

/**
 * Steps begin at multiples of their length; those that the window only touches are whole. Rates and increases are what
 * counters grew by between samples, without extrapolation, so that sums over steps add up.
 */
export async function queryMetrics(parts: StoreParts, query: Query, signal?: AbortSignal): Promise<MetricLines> {
  const stepMs = query.stepSeconds * 1_000;
  const startMs = Math.floor(query.window.from.getTime() / stepMs) * stepMs;
  const count = Math.max(0, Math.ceil((query.window.to.getTime() - startMs) / stepMs));
  if (count > MAX_STEPS)
    throw new AppError(
      "INVALID",
      `${count} steps are more than ${MAX_STEPS}. Choose a longer step or a narrower window.`,
    );
  const steps: Steps = { startMs, stepMs, count };
  const series = await matchSeries(parts.database, query, signal);
  const cells = series.ids.length > 0 ? await readCells(parts, query, steps, series, signal) : [];
  const lines =
    query.fn === "quantile" ? quantileLines(query, steps, series, cells) : plainLines(query, steps, series, cells);
  const sorted = lines.map((line) => ({ line, weight: weightOf(line) })).sort((x, y) => y.weight - x.weight);
  return {
    stepSeconds: query.stepSeconds,
    startMs,
    lines: sorted.slice(0, query.limit).map(({ line }) => line),
    total: lines.length,
  };
}

/** The largest lines are kept when the limit cuts. */
const weightOf = ({ values }: MetricLine): number => values.reduce<number>((sum, value) => sum + (value ?? 0), 0);

/** How a function is summed up over the series and buckets of a group and step. */
const FIGURES: Record<MetricQuery["fn"], [a: string, b: string]> = {
  rate: ["sum(increase)", "null::float8"],
  increase: ["sum(increase)", "null::float8"],
  quantile: ["sum(increase)", "null::float8"],
  avg: ["sum(sum)", "sum(count)::float8"],
  sum: ["sum(sum)", "null::float8"],
  min: ["min(min)", "null::float8"],
  max: ["max(max)", "null::float8"],
  last: ["sum(last)", "null::float8"],
  count: ["count(distinct series_id)::float8", "null::float8"],
};

async function readCells(
  parts: StoreParts,
  { fn }: Query,
  steps: Steps,
  series: MatchedSeries,
  signal: AbortSignal | undefined,
): Promise<Cell[]> {
  const sql = createSqlValues();
  sql.add(series.ids);
  sql.add(series.group);
  const ofValues = fn === "avg" || fn === "sum" || fn === "min" || fn === "max";
  // of counters the rollups know growth alone
  const buckets = await bucketRows(parts, steps, { raw: ofValues && series.counters, ofValues }, sql);
  const step = `floor((extract(epoch from r.bucket_at)::float8 * 1000 - ${sql.add(steps.startMs)}::float8) / ${sql.add(steps.stepMs)}::float8)::int`;
  const [a, b] = FIGURES[fn];
  const newest = fn === "last" ? "distinct on (r.series_id, step)" : "";
  return parts.database.read<Cell>(
    `with wanted as (select * from unnest($1::int4[], $2::int4[]) as u(series_id, grp)),
     rows as (${buckets})
     select grp as group, step, ${a} as a, ${b} as b
     from (select ${newest} w.grp, r.*, ${step} as step from rows r join wanted w using (series_id)
           ${fn === "last" ? "order by r.series_id, step, r.bucket_at desc" : ""}) told
     group by grp, step`,
    sql.values,
    signal,
  );
}

/**
 * Rows like those of `metric_minute`, for the wanted series and the time of all steps: from whole hours, whole minutes
 * and, where neither is rolled up yet or steps are shorter, from samples.
 */
async function bucketRows(
  { database }: StoreParts,
  { startMs, stepMs, count }: Steps,
  { raw, ofValues }: { raw: boolean; ofValues: boolean },
  sql: SqlValues,
): Promise<string> {
  const endMs = startMs + count * stepMs;
  const rolled = !raw && stepMs % MINUTE_MS === 0;
  const doneMs = rolled ? Math.min(endMs, Math.max(startMs, await doneUntil(database, "metrics"))) : startMs;
  const hoursMs = stepMs % HOUR_MS === 0 ? Math.max(startMs, Math.floor(doneMs / HOUR_MS) * HOUR_MS) : startMs;
  const columns = "bucket_at, series_id, count, last, increase, sum, min, max";
  const between = (column: string, fromMs: number, toMs: number) =>
    `series_id = any($1::int4[]) and ${column} >= ${sql.add(new Date(fromMs))} and ${column} < ${sql.add(new Date(toMs))}`;
  const selects: string[] = [];
  if (hoursMs > startMs)
    selects.push(`select ${columns} from metric_hour where ${between("bucket_at", startMs, hoursMs)}`);
  if (doneMs > hoursMs)
    selects.push(`select ${columns} from metric_minute where ${between("bucket_at", hoursMs, doneMs)}`);
  if (endMs > doneMs) {
    const width = sql.add(`${Math.min(stepMs, MINUTE_MS)} milliseconds`);
    const samples = `select distinct on (series_id, bucket_at, at) series_id, at, value,
        date_bin(${width}::interval, at, 'epoch') as bucket_at
      from metric_sample where ${between("at", doneMs, endMs)} order by series_id, bucket_at, at`;
    selects.push(
      raw && ofValues
        ? `select bucket_at, series_id, count(*) as count, null::float8 as last, null::float8 as increase,
             sum(value) as sum, min(value) as min, max(value) as max from (${samples}) s group by 1, 2`
        : minuteRows(samples),
    );
  }
  return selects.join("\nunion all\n");
}

/** Cells of each group in the order of steps. */
function byGroup(series: MatchedSeries, cells: readonly Cell[]): Map<number, Cell>[] {
  const groups = series.groups.map(() => new Map<number, Cell>());
  for (const cell of cells) groups[cell.group]?.set(cell.step, cell);
  return groups;
}

function plainLines(
  { fn }: Query,
  { stepMs, count }: Steps,
  series: MatchedSeries,
  cells: readonly Cell[],
): MetricLine[] {
  const figureOf = ({ a, b }: Cell): number | null => {
    if (a === null) return null;
    if (fn === "rate") return a / (stepMs / 1_000);
    return fn === "avg" ? a / (b ?? 1) : a;
  };
  return byGroup(series, cells).flatMap((steps, group) => {
    const values = Array.from({ length: count }, (_, i) => {
      const cell = steps.get(i);
      return cell ? figureOf(cell) : null;
    });
    return values.some((value) => value !== null) ? [{ labels: series.groups[group] ?? {}, values }] : [];
  });
}

/** The groups of one line differ in their bucket's bound alone. */
function quantileLines(
  { quantile = 0.95 }: Query,
  { count }: Steps,
  series: MatchedSeries,
  cells: readonly Cell[],
): MetricLine[] {
  const buckets = byGroup(series, cells).map((steps, group) => ({
    steps,
    labels: series.groups[group] ?? {},
    le: boundOf(series.bounds[group] ?? ""),
  }));
  const lines = Map.groupBy(buckets, ({ labels }) => JSON.stringify(labels));
  return [...lines.values()].flatMap((own) => {
    const values = Array.from({ length: count }, (_, i) =>
      bucketQuantile(
        quantile,
        own.flatMap(({ steps, le }) => {
          const cell = steps.get(i);
          return cell && !Number.isNaN(le) ? [{ le, count: cell.a ?? 0 }] : [];
        }),
      ),
    );
    return values.some((value) => value !== null) ? [{ labels: own[0]?.labels ?? {}, values }] : [];
  });
}

const boundOf = (le: string): number =>
  /^\+?inf/i.test(le) ? Number.POSITIVE_INFINITY : le === "" ? Number.NaN : Number(le);
