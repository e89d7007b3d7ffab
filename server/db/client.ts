import { CountedPg } from "./counted-pg.ts";
import { type Prisma, PrismaClient } from "./generated/client.ts";

export type Db = PrismaClient;
export type Tx = Prisma.TransactionClient;

/** A Prisma client on a pool of at most `max` connections. Callers `$disconnect()` it. */
export function openDb(url: string, max = 10): Db {
  return new PrismaClient({
    // the adapter drops the offset of a timestamptz: every session must speak UTC, whatever the server's zone is
    adapter: new CountedPg({ connectionString: url, max, connectionTimeoutMillis: 10_000, options: "-c TimeZone=UTC" }),
    errorFormat: "minimal",
  });
}
