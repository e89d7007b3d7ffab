import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import type { SchemaEngine as WasmSchemaEngine } from "@prisma/schema-engine-wasm";
import pg from "pg";

/**
 * Prisma's own schema engine as WebAssembly from the registry, over the driver adapter: what `prisma migrate` does,
 * without a binary that would have to be downloaded.
 */
interface SchemaEngine {
  apply(migrations: { name: string; script: string }[]): Promise<void>;
  /** SQL that leads from an empty database to the schema files */
  diffFromEmpty(): Promise<string>;
  /** SQL that leads from an earlier schema to the schema files */
  diffFromSchema(earlier: string): Promise<string>;
  close(): Promise<void>;
}

const SCHEMA_DIR = join(import.meta.dirname, "../../prisma/schema");
const FILTERS = { externalTables: [], externalEnums: [] };

/** The schema files, as the engine wants them. */
export const schemaFiles = (): { path: string; content: string }[] =>
  readdirSync(SCHEMA_DIR)
    .filter((file) => file.endsWith(".prisma"))
    .map((file) => ({ path: file, content: readFileSync(join(SCHEMA_DIR, file), "utf8") }));

/** Once in a thread: its glue code serves one instance, and another one would take the memory from under the first. */
async function loadEngine(): Promise<typeof WasmSchemaEngine> {
  const path = createRequire(import.meta.url).resolve("@prisma/schema-engine-wasm/schema_engine_bg");
  const glue = await import(path);
  const bytes = readFileSync(path.replace(/\.js$/, ".wasm"));
  const { instance } = await WebAssembly.instantiate(bytes, { "./schema_engine_bg.js": glue });
  glue.__wbg_set_wasm(instance.exports);
  (instance.exports.__wbindgen_start as () => void)();
  return glue.SchemaEngine;
}

/** Opens the engine on a database. Callers close it. */
export async function openSchemaEngine(url: string): Promise<SchemaEngine> {
  const Engine = await loadEngine();
  const files = schemaFiles();
  // our own pool: the engine has no way to close one it made
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  const factory = bindMigrationAwareSqlAdapterFactory(new PrismaPg(pool));
  const engine = await Engine.new({ datamodels: files.map((file) => [file.path, file.content]) }, () => {}, factory);
  const diff = async (from: Parameters<typeof engine.diff>[0]["from"]) => {
    const result = await engine.diff({
      from,
      to: { tag: "schemaDatamodel", files },
      script: true,
      exitCode: null,
      filters: FILTERS,
    });
    return result.stdout ?? "";
  };
  return {
    apply: async (migrations) => {
      const migrationDirectories = migrations.map(({ name, script }) => ({
        path: name,
        migrationFile: { path: "migration.sql", content: { tag: "ok" as const, value: script } },
      }));
      const lockfile = { path: "migration_lock.toml", content: 'provider = "postgresql"\n' };
      const migrationsList = { baseDir: "prisma/migrations", lockfile, shadowDbInitScript: "", migrationDirectories };
      await engine.applyMigrations({ migrationsList, filters: FILTERS });
    },
    diffFromEmpty: () => diff({ tag: "empty" }),
    diffFromSchema: (earlier) =>
      diff({ tag: "schemaDatamodel", files: [{ path: "earlier.prisma", content: earlier }] }),
    close: async () => {
      engine.free();
      await pool.end();
    },
  };
}
