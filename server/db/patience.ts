import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;
/** wall time, on a machine that may give us a tenth of it */
const CONNECT_MS = 30_000;

/** What says that a database is away, starting, overloaded, or that this process was too slow to talk to it. */
const AWAY_CODES =
  /^(08...|53300|57P0[1235]|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ENOTFOUND|P1001|P1002|P1008|P1017|P2024|P2028)$/;
const AWAY_WORDS =
  /timeout expired|timeout exceeded|read timeout|connection (terminated|ended|error)|not queryable|can't reach database/i;

/** Whether an error, one of its causes or all it sums up, meets a condition. */
function someCause(error: unknown, meets: (one: Error) => boolean): boolean {
  for (let one: unknown = error, depth = 0; one instanceof Error && depth < 6; one = one.cause, depth++) {
    if (meets(one)) return true;
    if (one instanceof AggregateError && one.errors.some((inner) => someCause(inner, meets))) return true;
  }
  return false;
}

const hasCode = (error: unknown, codes: RegExp): boolean =>
  someCause(error, (one) => "code" in one && codes.test(String(one.code)));

/** Whether an error says that the database cannot be reached now and may be later; its causes count, too. */
export const isDatabaseAway = (error: unknown): boolean =>
  hasCode(error, AWAY_CODES) || someCause(error, (one) => AWAY_WORDS.test(one.message));

const UNKNOWN_HOST_MS = 60_000;

/**
 * Whether a start waits for a database that is away. One that starts up, is full or slow is there and is waited for;
 * a refused connection only where the database was ours before: else the address is a mistake. So is a name that
 * nobody knows for a minute.
 */
export function isWorthWaiting(error: unknown, { ours, waitedMs }: { ours: boolean; waitedMs: number }): boolean {
  if (!isDatabaseAway(error)) return false;
  if (hasCode(error, /^ENOTFOUND$/)) return ours && waitedMs < UNKNOWN_HOST_MS;
  return ours || !hasCode(error, /^ECONNREFUSED$/);
}

interface Patience {
  signal?: AbortSignal | undefined;
  /** called at each failure, with how long it has been tried */
  onWaiting?: (error: unknown, waitedMs: number) => void;
  /** what is waited for; everything that says that the database is away */
  waitFor?: (error: unknown, waitedMs: number) => boolean;
}

/**
 * Does `work` again, after 0.1 s to 5 s, as long as it fails because the database is away. `work` must bear to be
 * repeated. @throws what else it throws; the last error when `signal` is aborted
 */
export async function patiently<T>(
  work: () => Promise<T>,
  { signal, onWaiting, waitFor = isDatabaseAway }: Patience = {},
): Promise<T> {
  const startedMs = performance.now();
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(2 * delayMs, LONGEST_DELAY_MS)) {
    try {
      return await work();
    } catch (error) {
      const waitedMs = performance.now() - startedMs;
      if (signal?.aborted || !waitFor(error, waitedMs)) throw error;
      onWaiting?.(error, waitedMs);
      await delay(delayMs, undefined, { signal }).catch(() => undefined); // aborted: the next failure ends it
    }
  }
}

/** Resolves when the database answers a query. @throws what no waiting mends, as a wrong password */
export function untilDatabaseAnswers(url: string, patience?: Patience): Promise<void> {
  return patiently(async () => {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS });
    client.on("error", () => {}); // the query's own failure tells
    try {
      await client.connect();
      await client.query("select 1");
    } finally {
      await client.end().catch(() => {});
    }
  }, patience);
}

const SAY_AGAIN_MS = 10_000;

/** Says that the database is waited for: in the log every ten seconds, and to the supervisor. */
export function saysWaiting(
  log: { warn(fields: object, message: string): void },
  channel: { waitingFor(what: string): void },
): (error: unknown, waitedMs: number) => void {
  let saidAtMs = Number.NEGATIVE_INFINITY;
  return (err, waitedMs) => {
    channel.waitingFor("the database");
    if (waitedMs - saidAtMs < SAY_AGAIN_MS) return;
    saidAtMs = waitedMs;
    log.warn({ err }, `waiting for the database, ${Math.round(waitedMs / 1_000)} s`);
  };
}
