import type { MetricQuery } from "../../agent/ports/metrics-source.ts";
import { SERIES_KINDS } from "../../agent/ports/telemetry.ts";
import { SERIES_TEXTS, searchable } from "./confidential-rows.ts";
import type { Database } from "./database.ts";
import { createSqlValues, type SqlValues } from "./sql-values.ts";
import { neighbourMs } from "./usual-distance.ts";

/** Series that a query asks for, with the line each belongs to. */
export interface MatchedSeries {
  ids: number[];
  /** index into `groups`, one for each id */
  group: number[];
  /** labels of each line; of a quantile, one for each bucket bound, which stands in `bounds` */
  groups: Record<string, string>[];
  bounds: string[];
  counters: boolean;
  /** how far apart neighbours among their samples may be at most, in ms */
  neighbourMs: number;
}

interface SeriesRow {
  [column: string]: unknown;
  id: number;
  kind: number;
  apart_ms: number | null;
  /** values of `groupBy`, then `le` */
  told: (string | null)[];
}

const COUNTER = SERIES_KINDS.indexOf("counter");

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
    `select id, kind, apart_ms, array[${told.join(", ")}] as told from metric_series where ${conditions.join(" and ")} order by id`,
    sql.values,
    signal,
  );
  const matched: MatchedSeries = {
    ids: [],
    group: [],
    groups: [],
    bounds: [],
    counters: false,
    neighbourMs: neighbourMs(null),
  };
  const indexes = new Map<string, number>();
  for (const row of rows) {
    const bound = fn === "quantile" ? (row.told.at(-1) ?? "") : "";
    const key = JSON.stringify([row.told.slice(0, -1), bound]);
    const index = indexes.get(key) ?? matched.groups.length;
    if (index === matched.groups.length) {
      indexes.set(key, index);
      matched.groups.push(labelsOf(groupBy, row.told));
      matched.bounds.push(bound);
    }
    matched.ids.push(row.id);
    matched.group.push(index);
    matched.neighbourMs = Math.max(matched.neighbourMs, neighbourMs(row.apart_ms));
    matched.counters ||= row.kind === COUNTER;
  }
  return matched;
}

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
