import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, inject } from "vitest";
import { type Db, openDb } from "../db/client.ts";
import { TEMPLATE } from "./global-setup.ts";

export interface TestDatabase {
  /** only inside tests and hooks */
  readonly db: Db;
  readonly url: string;
}

async function admin<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: inject("postgresUrl") });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** A fresh migrated database for this file (or describe), cloned before and dropped after its tests. */
export function useDatabase(): TestDatabase {
  const name = `test_${randomBytes(6).toString("hex")}`;
  let db: Db | undefined;
  let url = "";
  beforeAll(async () => {
    await admin(async (client) => {
      // cloning wants the template to itself: test files queue for it
      await client.query("select pg_advisory_lock(7310003)");
      await client.query(`create database ${name} template ${TEMPLATE} strategy file_copy`);
    });
    const own = new URL(inject("postgresUrl"));
    own.pathname = `/${name}`;
    url = own.href;
    // TCP makes a short query a fifth dearer, and a test asks thousands
    own.searchParams.set("host", inject("postgresSocket"));
    db = openDb(own.href);
  });
  afterAll(async () => {
    await db?.$disconnect();
    await admin(async (client) => {
      // "with (force)" would be refused while the server's own vacuum worker is in it; a plain drop sends that away
      await client.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and usename = current_user",
        [name],
      );
      await client.query(`drop database ${name}`);
    });
  });
  return {
    get db() {
      if (!db) throw new Error("the database exists only while tests run");
      return db;
    },
    get url() {
      return url;
    },
  };
}
