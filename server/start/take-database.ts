import { assertUsableCluster } from "../db/embedded.ts";
import { assertOwnDatabase, databaseWasOurs, refuseForeignDatabase } from "../db/installation.ts";
import { assertMigratable, migrateDatabase } from "../db/migrate.ts";
import { isWorthWaiting, patiently } from "../db/patience.ts";
import { newSetupToken } from "./first-run.ts";
import type { StartOptions } from "./options.ts";

type Where = Pick<StartOptions, "databaseUrl" | "dataDir">;

/** balancers wait for it */
const LOOK_MS = 2_000;

const ownershipOf = (url: string, { databaseUrl, dataDir }: Where) => ({
  ...{ url, dataDir },
  embedded: databaseUrl === null,
  env: process.env,
});

/**
 * Refuses a database that this start could never use before anything is written or replaced. One that cannot be asked
 * now and is worth waiting for is let pass: the data plane needs none.
 */
export async function refuseEarly(where: Where): Promise<void> {
  const { databaseUrl: url, dataDir } = where;
  if (url === null) {
    assertUsableCluster(dataDir);
    return;
  }
  try {
    await refuseForeignDatabase({ ...ownershipOf(url, where), connectMs: LOOK_MS });
    await assertMigratable(url, LOOK_MS);
  } catch (error) {
    if (!isWorthWaiting(error, { ours: databaseWasOurs(dataDir), waitedMs: 0 })) throw error;
  }
}

interface Waiting {
  signal: AbortSignal;
  onWaiting: (error: unknown) => void;
}

/**
 * Brings the database to this release's schema once it is sure to be nobody else's, and claims it. Returns the token
 * for the set-up page, null once somebody can sign in.
 */
export function takeDatabase(url: string, where: Where, waiting: Waiting): Promise<string | null> {
  const work = async () => {
    await refuseForeignDatabase(ownershipOf(url, where));
    await migrateDatabase(url);
    await assertOwnDatabase(ownershipOf(url, where));
    return newSetupToken(url);
  };
  const ours = where.databaseUrl === null || databaseWasOurs(where.dataDir);
  return patiently(work, { ...waiting, waitFor: (error, waitedMs) => isWorthWaiting(error, { ours, waitedMs }) });
}
