import type { IngestFigures } from "../../agent/ports/ingest-store.ts";
import type { StoreParts } from "../write/record-writer.ts";

const RECENT_MS = 3 * 3_600_000;
const MOST_NAMES = 200;
/** every kind of record has a row here within the minute in which it arrives */
const SUMMARIES = ["log_count", "log_count_hour", "span_minute", "traffic_bucket"] as const;
const AT = {
  log_count: "bucket_at",
  log_count_hour: "bucket_at",
  span_minute: "bucket_at",
  traffic_bucket: '"bucketAt"',
};

/** Of which services and environments there is telemetry. */
export function createKnownNames({ database, now }: StoreParts): Pick<IngestFigures, "hasName" | "names"> {
  return {
    hasName: async (kind, name) => {
      const tables = ["metric_series", ...SUMMARIES].map(
        (table) => `exists(select 1 from ${table} where ${kind} = $1)`,
      );
      const [row] = await database.read<{ found: boolean }>(`select ${tables.join(" or ")} as found`, [name]);
      return row?.found ?? false;
    },
    names: async (kind) => {
      const recent = [
        `select ${kind} as name from metric_series where last_seen_at >= $1`,
        ...SUMMARIES.map((table) => `select ${kind} as name from ${table} where ${AT[table]} >= $1`),
      ];
      const rows = await database.read<{ name: string }>(
        `select name from (${recent.join(" union ")}) as named where name <> '' order by 1 limit $2`,
        [new Date(now().getTime() - RECENT_MS), MOST_NAMES],
      );
      return rows.map(({ name }) => name);
    },
  };
}
