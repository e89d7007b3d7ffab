import type { MetricQuery } from "../../agent/ports/metrics-source.ts";
import { SERIES_KINDS } from "../../agent/ports/telemetry.ts";
import type { Database } from "../database.ts";
import { createSqlValues, type SqlValues } from "../read/sql-values.ts";
import { neighbourMs } from "../read/usual-distance.ts";
import { SERIES_TEXTS, searchable } from "../write/confidential-rows.ts";

/** Series that a query asks for, with the line each belongs to. */
export interface MatchedSeries {
  ids: number[];
  /** index into `groups`, one for each id */
  group: number[];
  /** labels of each line */
  groups: Record<string, string>[];
  /** of a quantile, what buckets the series are */
  buckets: Buckets;
  counters: boolean;
  /** how many of them are gauges */
  gauges: number;
  /** how far apart neighbours among their samples may be at most, in ms */
  neighbourMs: number;
}

/** One entry for each series. */
interface Buckets {
  /** a number of the histogram that the bucket is of: what has all labels but `le` in common */
  stream: number[];
  /** upper bounds; `NaN` for what is none */
  le: number[];
  /** ids of those that may have other bounds at every instant */
  exponentialDeltas: number[];
}
export type MatchedBuckets = Pick<MatchedSeries, "ids" | "group" | "neighbourMs" | "buckets">;

interface SeriesRow {
  [column: string]: unknown;
  id: number;
  kind: number;
  apart_ms: number | null;
  stream: number;
  /** values of `groupBy`, then `le` */
  told: (string | null)[];
}

const COUNTER = SERIES_KINDS.indexOf("counter");
const GAUGE = SERIES_KINDS.indexOf("gauge");
const DELTA = SERIES_KINDS.indexOf("delta");

/** `last_seen_at` may lag behind the newest sample of a series by an hour, and a sender's clock may be an hour ahead */
const SEEN_BEHIND_MS = 24 * 3_600_000;

/**
 * @param fromMs of series that ended before it, as of processes that started again many times, none has to be read
 * @throws INVALID for a regular expression that cannot be read
 */
export async function matchSeries(
  database: Database,
  { metric, filters, groupBy, fn }: MetricQuery,
  fromMs: number,
  signal?: AbortSignal,
): Promise<MatchedSeries> {
  const sql = createSqlValues();
  const name = fn === "quantile" ? `${metric}_bucket` : metric;
  const seen = `last_seen_at >= ${sql.add(new Date(fromMs - SEEN_BEHIND_MS))}`;
  const conditions = [`name = ${sql.add(name)}`, seen, ...labelConditions(filters, sql)];
  const told = [...groupBy, "le"].map((label) => `labels ->> ${sql.add(label)}`);
  const rows = await database.read<SeriesRow>(
    `select id, kind, apart_ms, ${fn === "quantile" ? "(dense_rank() over (order by labels - 'le'))::int" : "0"} as stream,
       array[${told.join(", ")}] as told from metric_series where ${conditions.join(" and ")} order by id`,
    sql.values,
    signal,
  );
  const matched: MatchedSeries = {
    ids: [],
    group: [],
    groups: [],
    buckets: { stream: [], le: [], exponentialDeltas: [] },
    counters: false,
    gauges: rows.filter(({ kind }) => kind === GAUGE).length,
    neighbourMs: neighbourMs(null),
  };
  const indexes = new Map<string, number>();
  for (const row of rows) {
    const le = boundOf(row.told.at(-1) ?? "");
    if (fn === "quantile" && Number.isNaN(le)) continue;
    const key = JSON.stringify(row.told.slice(0, -1));
    const index = indexes.get(key) ?? matched.groups.length;
    if (index === matched.groups.length) {
      indexes.set(key, index);
      matched.groups.push(labelsOf(groupBy, row.told));
    }
    matched.ids.push(row.id);
    matched.group.push(index);
    matched.buckets.stream.push(row.stream);
    matched.buckets.le.push(le);
    matched.neighbourMs = Math.max(matched.neighbourMs, neighbourMs(row.apart_ms));
    matched.counters ||= row.kind === COUNTER;
  }
  const deltas = rows.filter(({ kind }) => fn === "quantile" && kind === DELTA);
  for (const own of Map.groupBy(deltas, ({ stream }) => stream).values())
    if (isExponential(own.map(({ told: values }) => boundOf(values.at(-1) ?? ""))))
      matched.buckets.exponentialDeltas.push(...own.map(({ id }) => id));
  return matched;
}

const boundOf = (le: string): number =>
  /^\+?inf/i.test(le) ? Number.POSITIVE_INFINITY : le === "" ? Number.NaN : Number(le);

/** Whether most bounds are powers of 2^(2^-scale), whatever the scale is. */
function isExponential(bounds: readonly number[]): boolean {
  const finite = bounds.filter((le) => le > 0 && Number.isFinite(le));
  const isPower = (le: number) => {
    const index = Math.log2(le) * 2 ** FINEST_SCALE;
    return Math.abs(index - Math.round(index)) < 1e-3;
  };
  return finite.length > 0 && finite.filter(isPower).length > 0.8 * finite.length;
}
const FINEST_SCALE = 20;

/** A label that a series does not have is left out of its line's. */
const labelsOf = (groupBy: readonly string[], told: readonly (string | null)[]): Record<string, string> =>
  Object.fromEntries(
    groupBy.flatMap((label, i) => {
      const value = told[i];
      return value ? [[label, value] as const] : [];
    }),
  );

/** Conditions on labels that all must hold. @see searchable */
export const labelConditions = (filters: MetricQuery["filters"], sql: SqlValues): string[] => [
  ...filters.map((filter) => labelCondition(filter, sql)),
  ...(filters.length > 0 ? searchable(SERIES_TEXTS, sql) : []),
];

/** An absent label is an empty one. Regular expressions are anchored; RE2's `(?i)` in front is told by the operator. */
function labelCondition({ label, op, value }: MetricQuery["filters"][number], sql: SqlValues): string {
  const found = `coalesce(labels ->> ${sql.add(label)}, '')`;
  if (op === "=" || op === "!=") return `${found} ${op === "=" ? "=" : "<>"} ${sql.add(value)}`;
  const anyCase = value.startsWith("(?i)");
  const pattern = sql.add(`^(?:${anyCase ? value.slice(4) : value})$`);
  return `${found} ${op === "!~" ? "!" : ""}~${anyCase ? "*" : ""} ${pattern}`;
}
