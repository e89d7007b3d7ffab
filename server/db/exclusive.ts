import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";

const AGAIN_MS = 2_000;

/** first key of the advisory locks under which one process at a time does something */
const LOCKS = 7310020;

interface Options {
  databaseUrl: string;
  /** second key: names what is done */
  lock: number;
  /** ends when the signal aborts: the process stops, or the lock may be somebody else's */
  work: (signal: AbortSignal) => Promise<void>;
  report: (message: string, error: unknown) => void;
}

/**
 * Does `work` in one process at a time of all that share the database. The lock lives as long as its connection: when
 * that is lost the work is stopped here, and another process may begin a moment earlier, so work must bear two.
 */
export function startExclusive(options: Options): { stop(): Promise<void> } {
  const stopping = new AbortController();
  let failing = false;
  const loop = async () => {
    while (!stopping.signal.aborted) {
      try {
        await holdAndWork(options, stopping.signal);
        failing = false;
      } catch (error) {
        if (!failing)
          options.report("the lock of a background part cannot be held; tried again every two seconds", error);
        failing = true;
      }
      await delay(AGAIN_MS, undefined, { signal: stopping.signal }).catch(() => undefined); // the loop's condition sees it
    }
  };
  const running = loop();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function holdAndWork({ databaseUrl, lock, work }: Options, stopping: AbortSignal): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000, keepAlive: true });
  const lost = new AbortController();
  client.once("error", () => lost.abort());
  client.once("end", () => lost.abort());
  client.on("error", () => {}); // the first one is enough
  await client.connect();
  try {
    const { rows } = await client.query<{ held: boolean }>("select pg_try_advisory_lock($1, $2) as held", [
      LOCKS,
      lock,
    ]);
    if (rows[0]?.held) await work(AbortSignal.any([stopping, lost.signal]));
  } finally {
    await client.end().catch(() => {}); // lost already
  }
}
