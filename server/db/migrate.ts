import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type pg from "pg";
import { AppError } from "../agent/kernel/errors.ts";
import { connectTo } from "./connect.ts";

interface Migration {
  name: string;
  script: string;
  checksum: string;
}

const CONNECT_MS = 10_000;
const ROOT = join(import.meta.dirname, "../..");
export const MIGRATIONS_DIR = join(ROOT, "prisma/migrations");

/** The migrations of this release in order, with the checksum Prisma records for each. */
export function listMigrations(folder: string = MIGRATIONS_DIR): Migration[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .map((name) => {
      const script = readFileSync(join(folder, name, "migration.sql"), "utf8");
      return { name, script, checksum: createHash("sha256").update(script).digest("hex") };
    });
}

/**
 * Brings a database to this release's schema, recorded in `_prisma_migrations` as `prisma migrate deploy` does.
 * Several processes may call it at once. Returns the names applied now.
 * @throws PRECONDITION, changing nothing, when the database is newer than this release, was migrated with an edited
 * file, or holds a half-applied migration; UPSTREAM_UNAVAILABLE when it cannot be reached.
 */
export async function migrateDatabase(url: string, migrations: Migration[] = listMigrations()): Promise<string[]> {
  const client = await connectTo(url, CONNECT_MS);
  try {
    await client.query("select pg_advisory_lock(7310002)");
    const pending = await pendingMigrations(client, migrations);
    if (pending.length === 0) return []; // the engine takes 0.6 s to load; a start without news does not need it
    try {
      await applyMigrations(url, migrations);
    } catch (cause) {
      throw new AppError(
        "PRECONDITION",
        `The migration ${pending[0] ?? ""} failed: ${(cause as Error).message}. The database was left as the failed statement found it; restore it or mend it, then start again.`,
        { cause },
      );
    }
    return pending;
  } finally {
    await client.end();
  }
}

async function applyMigrations(url: string, migrations: readonly Migration[]): Promise<void> {
  const thread = new Worker(new URL("./apply-migrations.ts", import.meta.url), { workerData: { url, migrations } });
  await once(thread, "exit"); // throws what the thread threw
}

/** Refuses a database as `migrateDatabase` does, and leaves it as it is. */
export async function assertMigratable(url: string, connectMs = CONNECT_MS): Promise<void> {
  const client = await connectTo(url, connectMs);
  try {
    await pendingMigrations(client, listMigrations());
  } finally {
    await client.end();
  }
}

async function pendingMigrations(client: pg.Client, migrations: Migration[]): Promise<string[]> {
  const { rows: found } = await client.query("select to_regclass('_prisma_migrations') as name");
  if (!found[0]?.name) return migrations.map((migration) => migration.name);
  const { rows } = await client.query<{ migration_name: string; checksum: string; done: boolean }>(
    `select migration_name, checksum, finished_at is not null as done from _prisma_migrations
     where rolled_back_at is null order by migration_name`,
  );
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const row of rows) {
    if (!row.done)
      throw new AppError(
        "PRECONDITION",
        `The migration ${row.migration_name} was applied only in part. Restore the database from a backup. The database was not changed.`,
      );
    const migration = known.get(row.migration_name);
    if (!migration)
      throw new AppError(
        "PRECONDITION",
        `The database is newer than this Operate: it has the migration ${row.migration_name}, which this release does not know. Start the newer release. The database was not changed.`,
      );
    if (migration.checksum !== row.checksum)
      throw new AppError(
        "PRECONDITION",
        `The migration ${row.migration_name} was edited after it was applied. Restore the file of the release that applied it. The database was not changed.`,
      );
  }
  const applied = new Set(rows.map((row) => row.migration_name));
  return migrations.map((migration) => migration.name).filter((name) => !applied.has(name));
}
