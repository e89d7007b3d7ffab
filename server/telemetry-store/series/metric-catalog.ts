import type { MetricInfo } from "../../agent/ports/metrics-source.ts";
import { SERIES_KINDS } from "../../agent/ports/telemetry.ts";
import type { Database } from "../database.ts";
import { DAY_MS } from "../partitions/partitions.ts";
import { createSqlValues, literalLike } from "../read/sql-values.ts";
import { searchable } from "../write/confidential-rows.ts";
import type { StoreParts } from "../write/record-writer.ts";

interface NameRow {
  name: string;
  kind: number;
  unit: string;
  help: string;
  series: number;
  /** its series have the label `le` */
  bounded: boolean;
}

/** Metrics that had a sample in the kept days, by name. A histogram's three names are one. */
export async function listMetrics(
  { database, retention, now }: StoreParts,
  { search, service, limit }: { search?: string | undefined; service?: string | undefined; limit: number },
): Promise<{ items: MetricInfo[]; total: number }> {
  const sql = createSqlValues();
  const since = sql.add(new Date(now().getTime() - retention.samplesDays * DAY_MS));
  const ofService = sql.add(service ?? null);
  const conditions = [
    `last_seen_at >= ${since}`,
    `(${ofService}::text is null or service = ${ofService})`,
    `name ilike ${sql.add(`%${literalLike(search ?? "")}%`)}`,
    ...(search ? searchable(["name"], sql) : []),
  ];
  const rows = await database.read<NameRow & { [column: string]: unknown }>(
    `select name, max(kind) as kind, max(unit) as unit, count(*)::int as series, bool_or(labels ? 'le') as bounded,
       coalesce((select help from metric_help where metric_help.name = metric_series.name), '') as help
     from metric_series where ${conditions.join(" and ")} group by name order by name`,
    sql.values,
  );
  const found = withHistograms(rows).filter((item) => item.name.toLowerCase().includes((search ?? "").toLowerCase()));
  return { items: found.slice(0, limit), total: found.length };
}

function withHistograms(rows: readonly NameRow[]): MetricInfo[] {
  const histograms = new Map(
    rows.flatMap((row) => (row.bounded && row.name.endsWith("_bucket") ? [[row.name.slice(0, -7), row] as const] : [])),
  );
  const single = rows.filter((row) => {
    const base = row.name.replace(/_(bucket|sum|count)$/, "");
    return base === row.name || !histograms.has(base);
  });
  const counts = new Map(rows.map((row) => [row.name, row.series]));
  const plain = single.map(({ name, kind, unit, help, series }): MetricInfo => {
    return { name, kind: SERIES_KINDS[kind] ?? "unknown", unit, help, series };
  });
  const joined = [...histograms].map(([name, { unit, help, series }]): MetricInfo => {
    return { name, kind: "histogram", unit, help, series: counts.get(`${name}_count`) ?? series };
  });
  return [...plain, ...joined].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** of a histogram, the series that hold its buckets */
const SERIES_OF = "name = any(array[$1, $1 || '_bucket'])";

/** `le` is how a histogram is stored, not what tells its series apart. */
export async function listLabels(database: Database, metric: string): Promise<string[]> {
  const rows = await database.read<{ label: string }>(
    `select distinct label from metric_series, jsonb_object_keys(labels) as label
     where ${SERIES_OF} and (name = $1 or label <> 'le') order by label`,
    [metric.replaceAll("\0", "\uFFFD")],
  );
  return rows.map((row) => row.label);
}

export async function listLabelValues(
  database: Database,
  { metric, label, limit }: { metric: string; label: string; limit: number },
): Promise<string[]> {
  const sql = createSqlValues();
  const named = sql.add(metric);
  const told = `labels ->> ${sql.add(label)}`;
  // they come in the order of the alphabet, and what stands between two values is known by them
  const conditions = [
    `name = any(array[${named}, ${named} || '_bucket'])`,
    `${told} is not null`,
    ...searchable([told], sql),
  ];
  const rows = await database.read<{ value: string }>(
    `select distinct ${told} as value from metric_series where ${conditions.join(" and ")} order by 1 limit ${sql.add(limit)}`,
    sql.values,
  );
  return rows.map((row) => row.value);
}
