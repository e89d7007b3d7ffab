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

interface Running {
  url: string;
  socket: string;
  stop(): Promise<void>;
}

/**
 * Two projects may need it in one run; each loads this module anew, and the schema engine that migrates takes one call
 * at a time.
 */
const shared = globalThis as { operateTestPostgres?: { running: Promise<Running>; users: number } | undefined };

async function start(): Promise<Running> {
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
  const stop = async () => {
    await postgres.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { url: postgres.url, socket, stop };
}

/** One real PostgreSQL for the whole run, with a migrated template database that every test file clones. */
export default async function setup(project: TestProject) {
  shared.operateTestPostgres ??= { running: start(), users: 0 };
  const postgres = shared.operateTestPostgres;
  postgres.users += 1;
  const { url, socket, stop } = await postgres.running;
  project.provide("postgresUrl", url);
  project.provide("postgresSocket", socket);
  return async () => {
    postgres.users -= 1;
    if (postgres.users > 0) return;
    shared.operateTestPostgres = undefined;
    await stop();
  };
}
