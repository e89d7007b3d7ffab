import type { Arrived, IngestFigures, RefusalRow, StoredKind } from "../../agent/ports/ingest-store.ts";
import { scrapes } from "../collector-state.ts";
import { DAY_MS, type PartitionedName } from "../partitions/partitions.ts";
import { KINDS } from "../partitions/size-retention.ts";
import type { StoreParts } from "./record-writer.ts";

/** What arrives, what is refused, and what it takes. */
export function createIngestFigures({
  database,
  retention,
  now,
}: StoreParts): Omit<IngestFigures, "space" | "hasName" | "names"> {
  return {
    arrived: async (from, to, stepSeconds) => {
      const rows = await database.read<Omit<Arrived, Counts> & Record<Counts, string>>(
        `select extract(epoch from date_bin($3 * interval '1 second', bucket_at, $1))::float8 * 1000 as "stepMs",
           extract(epoch from max(bucket_at))::float8 * 1000 as "lastMs",
           extract(epoch from min(coalesce(first_at, bucket_at)))::float8 * 1000 as "firstMs",
           coalesce((array_agg(first_accepted order by coalesce(first_at, bucket_at)))[1], 0)::text as "firstAccepted", signal, protocol, sender, service,
           sum(accepted)::text as accepted, sum(rejected)::text as rejected, sum(bytes)::text as bytes
         from ingest_count where bucket_at >= $1 and bucket_at < $2 group by 1, signal, protocol, sender, service`,
        [from, to, stepSeconds],
      );
      return rows.map((row) => ({
        ...row,
        accepted: Number(row.accepted),
        firstAccepted: Number(row.firstAccepted),
        rejected: Number(row.rejected),
        bytes: Number(row.bytes),
      }));
    },
    refusals: async (since, limit) => {
      const rows = await database.read<Omit<RefusalRow, "count"> & { count: string }>(
        `select signal, protocol, sender, reason, count::text, example, first_at as "firstAt", last_at as "lastAt"
         from ingest_refusal where last_at >= $1 order by last_at desc, count desc limit $2`,
        [since, limit],
      );
      return rows.map((row) => ({ ...row, count: Number(row.count) }));
    },
    scrapes: () => scrapes(database),
    used: async () => {
      const [row] = await database.read<{ series: number; patterns: number }>(
        // as the limits count them: see series-limits.ts
        `select (select count(*)::int from (select from metric_series where last_seen_at >= $1
             group by coalesce(stream_of, fingerprint)) label_set) as series,
           (select count(*)::int from log_pattern where merged_into is null) as patterns`,
        [new Date(now().getTime() - retention.samplesDays * DAY_MS)],
      );
      return row ?? { series: 0, patterns: 0 };
    },
    stored: async () => {
      const rows = await database.read<{ parent: PartitionedName; bytes: string; oldest: string | null }>(
        `select p.relname as parent, coalesce(sum(pg_total_relation_size(c.oid)), 0)::text as bytes,
           min(right(c.relname, 8)) as oldest
         from pg_class p left join pg_inherits i on i.inhparent = p.oid left join pg_class c on c.oid = i.inhrelid
         where p.relname = any($1) and p.relkind = 'p' and p.relnamespace = current_schema()::regnamespace group by 1`,
        [Object.keys(KINDS)],
      );
      return (["logs", "metrics", "traces", "rollups"] as const satisfies StoredKind["kind"][]).map((kind) => {
        const own = rows.filter((row) => KINDS[row.parent] === kind);
        const oldest = own.flatMap((row) => (row.oldest ? [row.oldest] : [])).sort()[0];
        return {
          kind,
          bytes: own.reduce((sum, row) => sum + Number(row.bytes), 0),
          oldestDay: oldest ? oldest.replace(/(....)(..)(..)/, "$1-$2-$3") : null,
        };
      });
    },
  };
}

type Counts = "accepted" | "firstAccepted" | "rejected" | "bytes";
