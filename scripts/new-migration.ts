import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbeddedPostgres } from "../server/db/embedded.ts";
import { listMigrations, MIGRATIONS_DIR } from "../server/db/migrate.ts";
import { openSchemaEngine, schemaFiles } from "../server/db/schema-engine.ts";
import { commandLine } from "./usage.mjs";

/**
 * `npm run db:migration -- NAME` writes the SQL from the migrations to the schema files into a new folder of
 * prisma/migrations. `--squash` replaces all of them by one `init`: only before the first release.
 */
/** the schema as of the newest migration: the engine can compare two schemas without asking a database */
const SNAPSHOT = join(MIGRATIONS_DIR, "schema.snapshot.prisma");
const given = commandLine("db:migration");
const squash = given.has("squash");
const name = squash ? "init" : given.words[0];
if (!name || !/^[a-z][a-z0-9_]*$/.test(name)) {
  console.error(
    "Name the migration in lower case: npm run db:migration -- add_something (before the first release: -- --squash)",
  );
  process.exit(2);
}
const dataDir = mkdtempSync(join(tmpdir(), "operate-migration-"));
const postgres = await startEmbeddedPostgres({ dataDir, settings: { fsync: "off" } });
try {
  const engine = await openSchemaEngine(postgres.url);
  const sql = squash ? await engine.diffFromEmpty() : await engine.diffFromSchema(readFileSync(SNAPSHOT, "utf8"));
  await engine.close();
  if (/^-- This is an empty migration/.test(sql.trim()) || sql.trim() === "")
    console.log("The schema has not changed.");
  else {
    if (squash)
      for (const migration of listMigrations()) rmSync(join(MIGRATIONS_DIR, migration.name), { recursive: true });
    const stamp = squash ? "20261122000000" : new Date().toISOString().replace(/\D/g, "").slice(0, 14);
    const folder = join(MIGRATIONS_DIR, `${stamp}_${name}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(MIGRATIONS_DIR, "migration_lock.toml"), 'provider = "postgresql"\n');
    writeFileSync(join(folder, "migration.sql"), sql);
    writeFileSync(
      SNAPSHOT,
      schemaFiles()
        .map((file) => file.content)
        .join("\n"),
    );
    console.log(`Wrote ${folder}`);
  }
} finally {
  await postgres.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
