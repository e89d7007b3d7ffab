import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { AppError } from "#server/agent/kernel/errors.ts";
import { auditLog } from "#server/audit/record.ts";
import { assertAddress, resetPasswordLocally } from "#server/auth/users/reset-locally.ts";
import { openDb } from "#server/db/client.ts";
import { findRunningPostgres, startEmbeddedPostgres } from "#server/db/embedded.ts";
import { refuseForeignForTool } from "#server/db/installation.ts";
import { claimDataDir } from "#server/start/data-dir.ts";
import { failScript } from "./failure.ts";
import { commandLine } from "./usage.mjs";

/**
 * `npm run operate:reset-password -- <email> [--revoke-tokens]`: a one-time password for someone who lost theirs, on the machine that has
 * the data directory, whether Operate runs or not.
 */
async function withDatabase<T>(work: (url: string) => Promise<T>): Promise<T> {
  const dataDir = resolve(process.env.OPERATE_DATA_DIR || ".operate");
  const given = process.env.DATABASE_URL;
  if (given) await refuseForeignForTool(given, dataDir, process.env);
  const url = given || (await findRunningPostgres(dataDir));
  if (url) return work(url);
  // a mistyped folder must not become an installation of its own
  if (!existsSync(join(dataDir, "postgres", "PG_VERSION")))
    throw new AppError(
      "NOT_FOUND",
      `There is no Operate in ${dataDir}: it has no postgres/PG_VERSION. Set OPERATE_DATA_DIR to the data directory that Operate starts with.`,
    );
  const stop = new AbortController().signal;
  const lock = await claimDataDir({ dataDir, notice: (line) => console.error(line), stop });
  try {
    const postgres = await startEmbeddedPostgres({ dataDir, lock });
    try {
      return await work(postgres.url);
    } finally {
      await postgres.stop();
    }
  } finally {
    lock.release();
  }
}

const REVOKE = "revoke-tokens";

const many = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

const given = commandLine("operate:reset-password");
const revokeTokens = given.has(REVOKE);
const [email = ""] = given.words;
try {
  assertAddress(email);
  const done = await withDatabase(async (url) => {
    const db = openDb(url, 2);
    try {
      return await resetPasswordLocally({ db, audit: auditLog, now: () => new Date() }, email, { revokeTokens });
    } finally {
      await db.$disconnect();
    }
  });
  console.log(`One-time password of ${done.email}: ${done.oneTimePassword}`);
  console.log(`It must be changed at the next sign-in. ${many(done.sessionsEnded, "session")} ended.`);
  if (revokeTokens) console.log(`${many(done.revokedTokenCount, "API token")} revoked.`);
  else if (done.keptTokenCount > 0)
    console.log(
      `${many(done.keptTokenCount, "API token")} of this person kept. If somebody else may have them, run it again with --${REVOKE}.`,
    );
} catch (error) {
  failScript(error);
}
