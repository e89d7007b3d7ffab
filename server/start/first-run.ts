import { randomBytes } from "node:crypto";
import pg from "pg";

/** A token for the set-up page while nobody can sign in yet, else null. A new one at every start. */
export async function newSetupToken(databaseUrl: string): Promise<string | null> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    const { rows } = await client.query<{ empty: boolean }>('select not exists (select 1 from "user") as empty');
    return rows[0]?.empty ? randomBytes(24).toString("base64url") : null;
  } finally {
    await client.end();
  }
}
