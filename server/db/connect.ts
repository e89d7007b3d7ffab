import pg from "pg";
import { AppError } from "../agent/kernel/errors.ts";

/** A connection of its own, to be ended by the caller. @throws UPSTREAM_UNAVAILABLE that says why there is none */
export async function connectTo(url: string, timeoutMs: number): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: timeoutMs });
  client.on("error", () => {}); // the query that it breaks tells
  try {
    await client.connect();
    return client;
  } catch (cause) {
    await client.end().catch(() => {});
    throw new AppError(
      "UPSTREAM_UNAVAILABLE",
      `The database cannot be reached: ${(cause as Error).message || "connection refused"}. Check DATABASE_URL.`,
      { cause },
    );
  }
}
