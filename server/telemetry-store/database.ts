import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { databaseError, isRetryable } from "./database-errors.ts";
import type { CopyRows } from "./write/copy-rows.ts";

export type Connection = pg.PoolClient;

/** The connections of the built-in store: a few to read, a few to write, opened when they are first needed. */
export interface Database {
  /** Rows of one statement. @throws TIMEOUT after 15 s or when `signal` fires, UPSTREAM_UNAVAILABLE, INVALID */
  read<Row extends pg.QueryResultRow>(sql: string, values: unknown[], signal?: AbortSignal): Promise<Row[]>;
  /** As `read`, after `set local` statements that hold for it alone. */
  readWith<Row extends pg.QueryResultRow>(settings: string, sql: string, values: unknown[]): Promise<Row[]>;
  /** Work in one transaction, done again from the start after a deadlock. @throws UPSTREAM_UNAVAILABLE */
  transact<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  /** Work on one writing connection outside of a transaction. @throws UPSTREAM_UNAVAILABLE */
  withConnection<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const READ_TIMEOUT_MS = 15_000;
/** a write waits for other writers and for the disk; beyond this the database is as good as gone */
const WRITE_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 10_000;
const ATTEMPTS = 6;

const openPool = (url: string, max: number, timeoutMs: number, settings: string): pg.Pool => {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: "operate telemetry",
    options: `-c TimeZone=UTC -c jit=off -c statement_timeout=${timeoutMs} ${settings}`,
  });
  // an idle connection that is lost is replaced by the next use; a lost one in use fails its next statement
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
};

export function openDatabase(url: string, connections: number): Database {
  const reads = openPool(url, connections, READ_TIMEOUT_MS, "-c work_mem=32MB");
  const writes = openPool(url, connections, WRITE_TIMEOUT_MS, "-c work_mem=64MB");

  const withConnection = async <T>(work: (connection: Connection) => Promise<T>): Promise<T> => {
    try {
      return await onConnection(writes, work);
    } catch (error) {
      throw databaseError(error, WRITE_TIMEOUT_MS);
    }
  };
  return {
    withConnection,
    read: async (sql, values, signal) => {
      try {
        signal?.throwIfAborted();
        return signal ? await readCancellable(reads, sql, values, signal) : (await reads.query(sql, values)).rows;
      } catch (error) {
        throw databaseError(error, READ_TIMEOUT_MS, signal);
      }
    },
    readWith: async <Row extends pg.QueryResultRow>(settings: string, sql: string, values: unknown[]) => {
      try {
        return await onConnection(reads, (connection) =>
          inTransaction(connection, async () => {
            await connection.query(settings);
            return (await connection.query<Row>(sql, values)).rows;
          }),
        );
      } catch (error) {
        throw databaseError(error, READ_TIMEOUT_MS);
      }
    },
    transact: async (work) => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await withConnection((connection) => inTransaction(connection, work));
        } catch (error) {
          if (!isRetryable(error) || attempt >= ATTEMPTS) throw error;
          await delay(Math.random() * 20 * 2 ** attempt);
        }
      }
    },
    close: async () => {
      await Promise.all([reads.end(), writes.end()]);
    },
  };
}

async function onConnection<T>(pool: pg.Pool, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await pool.connect();
  try {
    const result = await work(connection);
    connection.release();
    return result;
  } catch (error) {
    connection.release(true); // whatever state it is in, nobody else gets it
    throw error;
  }
}

/** After a failure there is nothing to roll back: the connection is closed, and the server does it. */
async function inTransaction<T>(connection: Connection, work: (connection: Connection) => Promise<T>): Promise<T> {
  await connection.query("begin");
  const result = await work(connection);
  await connection.query("commit");
  return result;
}

/** The connection is given back only after the cancel request was answered: it can hit no later query. */
async function readCancellable<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  sql: string,
  values: unknown[],
  signal: AbortSignal,
): Promise<Row[]> {
  const connection = await pool.connect();
  let cancelled: Promise<unknown> = Promise.resolve();
  const cancel = () => {
    const { processID } = connection as unknown as { processID: number };
    cancelled = pool.query("select pg_cancel_backend($1)", [processID]).catch(() => undefined);
  };
  signal.addEventListener("abort", cancel, { once: true });
  let failed = true;
  try {
    signal.throwIfAborted();
    const { rows } = await connection.query<Row>(sql, values);
    failed = false;
    return rows;
  } finally {
    signal.removeEventListener("abort", cancel);
    await cancelled;
    connection.release(failed);
  }
}

const CHUNK_BYTES = 1_048_576;

/**
 * COPY of records, which `encode` appends as rows. Sent in chunks, so that the server works on one while the next is
 * made, and memory does not grow with the batch.
 */
export async function copyInto<R>(
  connection: Connection,
  into: string,
  rows: CopyRows,
  records: readonly R[],
  encode: (record: R) => void,
): Promise<void> {
  const stream = connection.query(copyFrom(`copy ${into} from stdin (format binary)`));
  // the buffer is used again, so each chunk must have left before the next is made
  const send = (chunk: Buffer) =>
    new Promise<void>((resolve, reject) => {
      stream.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
  const finished = new Promise<void>((resolve, reject) => {
    stream.once("error", reject);
    stream.once("finish", resolve);
  });
  finished.catch(() => undefined); // it is awaited below
  rows.begin();
  for (const record of records) {
    encode(record);
    if (rows.bytes < CHUNK_BYTES) continue;
    await Promise.race([send(rows.take()), finished]);
  }
  stream.end(rows.end());
  await finished;
}
