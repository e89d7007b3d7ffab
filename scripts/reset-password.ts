import { resolve } from "node:path";
import { AppError } from "#server/agent/kernel/errors.ts";
import { auditLog } from "#server/audit/record.ts";
import { resetPasswordLocally } from "#server/auth/users/reset-locally.ts";
import { openDb } from "#server/db/client.ts";
import { findRunningPostgres, startEmbeddedPostgres } from "#server/db/embedded.ts";
import { openDataDir } from "#server/start/data-dir.ts";

/**
 * `npm run operate:reset-password -- <email>`: a one-time password for someone who lost theirs, on the machine that has
 * the data directory, whether Operate runs or not.
 */
async function withDatabase<T>(work: (url: string) => Promise<T>): Promise<T> {
  const dataDir = resolve(process.env.OPERATE_DATA_DIR || ".operate");
  const url = process.env.DATABASE_URL || (await findRunningPostgres(dataDir));
  if (url) return work(url);
  const lock = openDataDir(dataDir);
  try {
    const postgres = await startEmbeddedPostgres({ dataDir });
    try {
      return await work(postgres.url);
    } finally {
      await postgres.stop();
    }
  } finally {
    lock.release();
  }
}

try {
  const { email, oneTimePassword } = await withDatabase(async (url) => {
    const db = openDb(url, 2);
    try {
      return await resetPasswordLocally({ db, audit: auditLog, now: () => new Date() }, process.argv[2] ?? "");
    } finally {
      await db.$disconnect();
    }
  });
  console.log(`One-time password of ${email}: ${oneTimePassword}`);
  console.log("It must be changed at the next sign-in. Sessions have ended and API tokens are revoked.");
} catch (error) {
  if (!(error instanceof AppError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
