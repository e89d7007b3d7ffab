import type { TimeWindow } from "../../agent/ports/source.ts";
import type { CallEdge, ServedCounts } from "../../agent/ports/trace-source.ts";
import type { Database } from "../database.ts";
import { doneUntil, lateBuckets } from "../rollup/rollup-progress.ts";
import { CALL_ROWS, MANY_ROWS, SPAN_ROWS } from "../rollup/span-rows.ts";
import { type SparseLatency, sumCalls } from "./latency-sql.ts";

const MINUTE_MS = 60_000;

/**
 * a client span is there before the span of who answers it, which comes with the next batch of another sender: until
 * then it would seem to call somebody unknown
 */
const ANSWERS_AFTER_MS = 10_000;

type CallRow = SparseLatency & {
  calls: string;
  errors: string;
  since_ms: number;
  last_ms: number;
  [column: string]: unknown;
};

/** Sums of rows that agree in `keys`: calls and errors once, the histogram bucket by bucket. */
const summed = (rows: string, keys: string, conditions: string): string => `
  with told as materialized (select * from (${rows}) r where ${conditions}),
  total as (select ${keys}, sum(calls)::text as calls, sum(errors)::text as errors,
    extract(epoch from min(bucket_at))::float8 * 1000 as since_ms,
    extract(epoch from max(bucket_at))::float8 * 1000 as last_ms from told group by ${keys}),
  histogram as (
    select ${keys}, array_agg(bucket)::int4[] as latency_buckets, array_agg(n)::float8[] as latency_counts
    from (select ${keys}, bucket, sum(n) as n
          from (select ${keys}, unnest(latency_buckets) as bucket, unnest(latency_counts) as n from told) cell
          group by ${keys}, bucket) sums
    group by ${keys})
  select total.*, coalesce(latency_buckets, '{}') as latency_buckets, coalesce(latency_counts, '{}') as latency_counts
  from total left join histogram using (${keys})`;

interface Counted {
  /** rolled-up rows */
  table: string;
  /** the same, from spans */
  rows: string;
  keys: string;
  conditions: string;
  values: unknown[];
  exact?: boolean | undefined;
}

/** so many stretches of late minutes are read apart; more are read as one */
const MOST_STRETCHES = 4;

/** Minutes in order as stretches without a gap; all as one where there are many. */
function stretchesOf(minutesMs: readonly number[]): { fromMs: number; toMs: number }[] {
  const stretches: { fromMs: number; toMs: number }[] = [];
  for (const fromMs of minutesMs) {
    const last = stretches.at(-1);
    if (last?.toMs === fromMs) last.toMs = fromMs + MINUTE_MS;
    else stretches.push({ fromMs, toMs: fromMs + MINUTE_MS });
  }
  const [first, last] = [stretches[0], stretches.at(-1)];
  if (!first || !last || stretches.length <= MOST_STRETCHES) return stretches;
  return [{ fromMs: first.fromMs, toMs: last.toMs }];
}

/**
 * The whole minutes that a window touches, or `exact`ly what lies in it: rolled-up ones from the table, newer ones, those
 * to which spans came since and what is left of the first one from the spans.
 */
async function whole<Row extends CallRow>(
  database: Database,
  { from, to }: TimeWindow,
  { table, rows, keys, conditions, values, exact = false }: Counted,
): Promise<Row[]> {
  const toMs = to.getTime();
  const firstMs = from.getTime();
  const fromMs = exact
    ? Math.min(toMs, Math.ceil(firstMs / MINUTE_MS) * MINUTE_MS)
    : Math.floor(firstMs / MINUTE_MS) * MINUTE_MS;
  const doneMs = Math.min(toMs, Math.max(fromMs, await doneUntil(database, "spans")));
  const sums = async (read: typeof database.read<Row>, source: string, startMs: number, endMs: number) =>
    startMs < endMs ? read(summed(source, keys, conditions), [new Date(startMs), new Date(endMs), ...values]) : [];
  const readMany: typeof database.read<Row> = (sql, given) => database.readWith<Row>(MANY_ROWS, sql, given);
  const late = stretchesOf(await lateBuckets(database, "spans", { fromMs, toMs: doneMs }));
  const outside = late.map(
    (one) => `and not (bucket_at >= ${instant(one.fromMs)} and bucket_at < ${instant(one.toMs)})`,
  );
  const rolled = `select * from ${table} where bucket_at >= $1 and bucket_at < $2 ${outside.join(" ")}`;
  const stretches = [...late, { fromMs: doneMs, toMs }, { fromMs: firstMs, toMs: exact ? fromMs : firstMs }];
  const read = [
    sums(database.read, rolled, fromMs, doneMs),
    ...stretches.map((one) => sums(readMany, rows, one.fromMs, one.toMs)),
  ];
  return (await Promise.all(read)).flat();
}

const instant = (ms: number): string => `to_timestamp(${ms / 1_000})`;

const groupBy = <T>(rows: readonly T[], keyOf: (row: T) => string): T[][] => [...Map.groupBy(rows, keyOf).values()];
const ofEnvironment = (environment: string | undefined): Pick<Counted, "conditions" | "values"> =>
  environment === undefined
    ? { conditions: "true", values: [] }
    : { conditions: "environment = $3", values: [environment.replaceAll("\0", "\uFFFD")] };

/** Who called whom in the minutes of a window, as far as answers to calls can be there. */
export async function callEdges(
  database: Database,
  { window, environment }: { window: TimeWindow; environment?: string | undefined },
  now: Date,
): Promise<CallEdge[]> {
  const to = new Date(Math.min(window.to.getTime(), now.getTime() - ANSWERS_AFTER_MS));
  const rows = await whole<CallRow & { from_service: string; to_service: string }>(
    database,
    { from: window.from, to },
    { table: "call_minute", rows: CALL_ROWS, keys: "from_service, to_service", ...ofEnvironment(environment) },
  );
  return groupBy(rows, (row) => `${row.from_service}\0${row.to_service}`).map((same) => ({
    from: same[0]?.from_service ?? "",
    to: same[0]?.to_service ?? "",
    ...sumCalls(same),
    sinceMs: Math.min(...same.map((row) => row.since_ms)),
  }));
}

/** What services served in the minutes of a window, or exactly in it. */
export async function servedCounts(
  database: Database,
  { window, environment, exact }: { window: TimeWindow; environment?: string | undefined; exact?: boolean | undefined },
): Promise<ServedCounts[]> {
  const { conditions, values } = ofEnvironment(environment);
  const rows = await whole<CallRow & { service: string }>(database, window, {
    ...{ table: "span_minute", rows: SPAN_ROWS, keys: "service", values, exact },
    conditions: `kind in (1, 4) and ${conditions}`,
  });
  const counts = groupBy(rows, (row) => row.service).map((same) => ({
    service: same[0]?.service ?? "",
    ...sumCalls(same),
    sinceMs: Math.min(...same.map((row) => row.since_ms)),
    lastMs: Math.max(...same.map((row) => row.last_ms)),
  }));
  const first = await firstServed(database, counts, window);
  return counts.map((one) => ({ ...one, sinceMs: first.get(one.service) ?? one.sinceMs }));
}

/** after so long, a minute more or less is a tenth of it at most */
const YOUNG_MS = 10 * MINUTE_MS;
const MOST_YOUNG = 100;

/**
 * Of those that began to serve shortly before the window's end, when exactly: minutes alone would halve their rates. Who
 * served in the hour before was quiet since, and is not young.
 */
async function firstServed(
  database: Database,
  counts: readonly { service: string; sinceMs: number }[],
  { from, to }: TimeWindow,
): Promise<Map<string, number>> {
  const leastMs = Math.max(from.getTime() + 1, to.getTime() - YOUNG_MS);
  const young = counts.filter(({ sinceMs }) => sinceMs >= leastMs).slice(0, MOST_YOUNG);
  if (young.length === 0) return new Map();
  const rows = await database.read<{ service: string; since_ms: number }>(
    `select u.service, extract(epoch from case when exists (
         select from span_minute m where m.service = u.service and m.kind in (1, 4)
           and m.bucket_at >= $3::timestamptz - interval '1 hour' and m.bucket_at < $3)
       then $3 else s.first_at end)::float8 * 1000 as since_ms
     from unnest($1::text[], $2::float8[]) as u(service, minute_ms), lateral (
       select min(start_at) as first_at from span where kind in (1, 4) and service = u.service
         and start_at >= to_timestamp(u.minute_ms / 1000)
         and start_at < to_timestamp(u.minute_ms / 1000) + interval '1 minute') s
     where s.first_at is not null`,
    [young.map(({ service }) => service), young.map(({ sinceMs }) => sinceMs), from],
  );
  return new Map(rows.map((row) => [row.service, row.since_ms]));
}

/** Names from rolled-up minutes and from newer spans, in order. */
async function names(
  database: Database,
  { from, to }: TimeWindow,
  column: "service" | "name",
  service?: string,
): Promise<string[]> {
  const [fromMs, doneMs] = [from.getTime(), await doneUntil(database, "spans")];
  const [lateMs = doneMs] = await lateBuckets(database, "spans", { fromMs: fromMs - MINUTE_MS, toMs: doneMs });
  const done = new Date(Math.max(fromMs, lateMs));
  const ofService = service === undefined ? "" : "and service = $4";
  const minute = new Date(Math.floor(from.getTime() / MINUTE_MS) * MINUTE_MS);
  const rows = await database.read<{ name: string }>(
    `select ${column} as name from span_minute where bucket_at >= $1 and bucket_at < $2 ${ofService}
     union
     select ${column} from span where start_at >= $3 and start_at < $2 ${ofService}
     order by 1 limit 2000`,
    [minute, to, done, ...(service === undefined ? [] : [service.replaceAll("\0", "\uFFFD")])],
  );
  return rows.map((row) => row.name);
}

export const tracedServices = (database: Database, window: TimeWindow): Promise<string[]> =>
  names(database, window, "service");

export const tracedOperations = (
  database: Database,
  { service, window }: { service: string; window: TimeWindow },
): Promise<string[]> => names(database, window, "name", service);
