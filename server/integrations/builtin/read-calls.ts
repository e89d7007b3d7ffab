import type { TimeWindow } from "../../agent/ports/source.ts";
import type { CallEdge, ServedCounts } from "../../agent/ports/trace-source.ts";
import type { Database } from "./database.ts";
import { type SparseLatency, sumCalls } from "./latency-sql.ts";
import { doneUntil } from "./rollup-progress.ts";
import { CALL_ROWS, SPAN_ROWS } from "./span-rows.ts";

const MINUTE_MS = 60_000;

type CallRow = SparseLatency & { calls: string; errors: string; [column: string]: unknown };
type RowQuery = <Row extends CallRow>(
  rolled: string,
  raw: string,
  conditions: string,
  values: unknown[],
) => Promise<Row[]>;

/** Reads the whole minutes that a window touches: rolled-up ones from the table, newer ones from the spans. */
function whole(database: Database, window: TimeWindow): RowQuery {
  const fromMs = Math.floor(window.from.getTime() / MINUTE_MS) * MINUTE_MS;
  const toMs = Math.ceil(window.to.getTime() / MINUTE_MS) * MINUTE_MS;
  return async (rolled, raw, conditions, values) => {
    const doneMs = Math.min(toMs, Math.max(fromMs, await doneUntil(database, "spans")));
    const from = (source: string, startMs: number, endMs: number) =>
      startMs < endMs
        ? database.read(`select * from (${source}) r where ${conditions}`, [
            new Date(startMs),
            new Date(endMs),
            ...values,
          ])
        : Promise.resolve([]);
    const table = `select * from ${rolled} where bucket_at >= $1 and bucket_at < $2`;
    const parts = await Promise.all([from(table, fromMs, doneMs), from(raw, doneMs, toMs)]);
    return parts.flat() as never;
  };
}

const groupBy = <T>(rows: readonly T[], keyOf: (row: T) => string): T[][] => [...Map.groupBy(rows, keyOf).values()];
const ofEnvironment = (environment: string | undefined): [condition: string, values: unknown[]] =>
  environment === undefined ? ["true", []] : ["environment = $3", [environment]];

/** Who called whom in the minutes of a window. */
export async function callEdges(
  database: Database,
  { window, environment }: { window: TimeWindow; environment?: string | undefined },
): Promise<CallEdge[]> {
  const rows = await whole(database, window)<CallRow & { from_service: string; to_service: string }>(
    "call_minute",
    CALL_ROWS,
    ...ofEnvironment(environment),
  );
  return groupBy(rows, (row) => `${row.from_service}\0${row.to_service}`).map((same) => ({
    from: same[0]?.from_service ?? "",
    to: same[0]?.to_service ?? "",
    ...sumCalls(same),
  }));
}

/** What services served in the minutes of a window. */
export async function servedCounts(
  database: Database,
  { window, environment }: { window: TimeWindow; environment?: string | undefined },
): Promise<ServedCounts[]> {
  const [condition, values] = ofEnvironment(environment);
  const rows = await whole(database, window)<CallRow & { service: string }>(
    "span_minute",
    SPAN_ROWS,
    `kind in (1, 4) and ${condition}`,
    values,
  );
  return groupBy(rows, (row) => row.service).map((same) => ({ service: same[0]?.service ?? "", ...sumCalls(same) }));
}

/** Names from rolled-up minutes and from newer spans, in order. */
async function names(
  database: Database,
  { from, to }: TimeWindow,
  column: "service" | "name",
  service?: string,
): Promise<string[]> {
  const done = new Date(Math.max(from.getTime(), await doneUntil(database, "spans")));
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
