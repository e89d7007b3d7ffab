import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;
/** wall time, on a machine that may give us a tenth of it */
const CONNECT_MS = 30_000;

/** What says that a database is away, starting, overloaded, or that this process was too slow to talk to it. */
const AWAY_CODES =
  /^(08...|53300|57P0[1235]|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ENOTFOUND|P1001|P1002|P1008|P1017|P2024)$/;
const AWAY_WORDS = /timeout expired|timeout exceeded|read timeout|connection terminated|can't reach database/i;

/** Whether an error says that the database cannot be reached now and may be later; its causes count, too. */
export function isDatabaseAway(error: unknown): boolean {
  for (let one: unknown = error, depth = 0; one instanceof Error && depth < 6; one = one.cause, depth++) {
    if ("code" in one && AWAY_CODES.test(String(one.code))) return true;
    if (AWAY_WORDS.test(one.message)) return true;
    if (one instanceof AggregateError && one.errors.some(isDatabaseAway)) return true;
  }
  return false;
}

interface Patience {
  signal?: AbortSignal | undefined;
  /** called at each failure, with how long it has been tried */
  onWaiting?: (error: unknown, waitedMs: number) => void;
}

/**
 * Does `work` again, after 0.1 s to 5 s, as long as it fails because the database is away. `work` must bear to be
 * repeated. @throws what else it throws; the last error when `signal` is aborted
 */
export async function patiently<T>(work: () => Promise<T>, { signal, onWaiting }: Patience = {}): Promise<T> {
  const startedMs = performance.now();
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(2 * delayMs, LONGEST_DELAY_MS)) {
    try {
      return await work();
    } catch (error) {
      if (!isDatabaseAway(error) || signal?.aborted) throw error;
      onWaiting?.(error, performance.now() - startedMs);
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
