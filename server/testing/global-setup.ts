import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { startEmbeddedPostgres } from "../db/embedded.ts";
import { migrateDatabase } from "../db/migrate.ts";

declare module "vitest" {
  interface ProvidedContext {
    postgresUrl: string;
    /** the folder of the server's socket file */
    postgresSocket: string;
  }
}

export const TEMPLATE = "operate_template";

/** One real PostgreSQL for the whole run, with a migrated template database that every test file clones. */
export default async function setup(project: TestProject) {
  const dataDir = mkdtempSync(join(tmpdir(), "operate-test-"));
  const socket = join(dataDir, "postgres");
  const settings = {
    fsync: "off",
    synchronous_commit: "off",
    full_page_writes: "off",
    unix_socket_directories: socket,
  };
  const postgres = await startEmbeddedPostgres({ dataDir, settings });
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  await client.query(`create database ${TEMPLATE}`);
  await client.end();
  const template = new URL(postgres.url);
  template.pathname = `/${TEMPLATE}`;
  await migrateDatabase(template.href);
  project.provide("postgresUrl", postgres.url);
  project.provide("postgresSocket", socket);
  return async () => {
    await postgres.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
}
