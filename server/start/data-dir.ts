import { createHmac, randomBytes } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { type HeldLock, type LockLimits, takeLock } from "../../scripts/bootstrap/file-lock.mjs";
import { adviceOn, type HolderElsewhere, SILENT_MS } from "../../scripts/bootstrap/lock-holder.mjs";
import { monotonicMs } from "../agent/kernel/clock.ts";
import { AppError } from "../agent/kernel/errors.ts";
import { dropSilentDaemon } from "../integrations/local/running-daemon.ts";

/**
 * Makes the data directory if it is missing and locks it for this process until `release`. A holder on another machine
 * or in another container that gives no sign of life is waited for until it counts as gone, which is said: a container
 * that was killed and started again takes its own directory. A silent daemon of that place counts as gone with it.
 * @throws PRECONDITION when it cannot be written; CONFLICT, naming the process, when another Operate runs on it.
 */
export async function claimDataDir({ dataDir, notice, stop, limits }: Claim): Promise<HeldLock> {
  const silentMs = limits?.silentMs ?? SILENT_MS;
  let saidAtMs = Number.NEGATIVE_INFINITY;
  for (;;) {
    dropSilentDaemon(dataDir, silentMs);
    const lock = tryDataDir(dataDir, limits);
    if ("release" in lock) return lock;
    const elsewhere = lock.elsewhere ?? null;
    if (elsewhere === null || elsewhere.beats || stop.aborted) throw inUse(dataDir, lock);
    if (monotonicMs() - saidAtMs >= SAY_AGAIN_MS) {
      saidAtMs = monotonicMs();
      notice(
        `Operate waits to see whether the one on host ${elsewhere.host} still runs on ${dataDir}: it counts as gone when it gives no sign of life for ${silentMs / 1_000} s.`,
      );
    }
    await delay(LOOK_AGAIN_MS, undefined, { signal: stop }).catch(() => undefined); // seen at the next look
  }
}

const LOOK_AGAIN_MS = 500;
const SAY_AGAIN_MS = 30_000;

function inUse(
  dataDir: string,
  { holderPid, elsewhere }: { holderPid: number; elsewhere?: HolderElsewhere },
): AppError {
  const advice = elsewhere ? adviceOn(elsewhere) : "Stop it, or set OPERATE_DATA_DIR to another folder.";
  return new AppError("CONFLICT", `Operate already runs on ${dataDir} (process ${holderPid}). ${advice}`);
}

function tryDataDir(dataDir: string, limits?: LockLimits): ReturnType<typeof takeLock> {
  try {
    mkdirSync(join(dataDir, "logs"), { recursive: true, mode: 0o700 });
    accessSync(dataDir, constants.W_OK | constants.X_OK);
    return takeLock(join(dataDir, "operate.lock"), limits);
  } catch (error) {
    if (isDiskFull(error))
      throw new AppError(
        "PRECONDITION",
        `The disk of ${dataDir} is full. Free some space (or delete files, if it has no inodes left), then start again.`,
        {
          cause: error,
        },
      );
    throw new AppError(
      "PRECONDITION",
      `The data directory ${dataDir} cannot be written (${reasonOf(error, dataDir)}). Change its owner, or set OPERATE_DATA_DIR to a folder of yours.`,
      { cause: error },
    );
  }
}

/** Whether a write failed for want of room. */
const isDiskFull = (error: unknown): boolean =>
  error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");

const ROOM_AGAIN_MS = 2_000;

/**
 * Does what writes to the data directory, again and again while its disk is full, which is said once.
 * @throws what else it throws; PRECONDITION when `stop` is aborted before there was room
 */
export async function withRoom<T>(write: () => T, { dataDir, notice, stop }: Room): Promise<T> {
  for (let said = false; ; said = true) {
    try {
      return write();
    } catch (cause) {
      if (!isDiskFull(cause)) throw cause;
      const full = `the disk of ${dataDir} is full`;
      if (stop.aborted) throw new AppError("PRECONDITION", `Stopped while ${full}. Free some space first.`, { cause });
      if (!said) notice(`Operate waits for room: ${full}. It starts by itself when there is.`);
      await delay(ROOM_AGAIN_MS, undefined, { signal: stop }).catch(() => undefined); // seen at the next failure
    }
  }
}

interface Room {
  dataDir: string;
  notice: (line: string) => void;
  stop: AbortSignal;
}

interface Claim extends Room {
  limits?: LockLimits;
}

function reasonOf(error: unknown, dataDir: string): string {
  if (statSync(dataDir, { throwIfNoEntry: false })?.isFile()) return "it is a file";
  return error instanceof Error && "code" in error ? String(error.code) : "unknown reason";
}

const SecretsSchema = z.object({ authSecret: z.string().min(32), ingestSecret: z.string().min(32).optional() });
type Secrets = z.infer<typeof SecretsSchema>;

/** What a data directory keeps to itself. */
export interface OwnSecrets {
  /** signs sessions */
  authSecret: string;
  /** with which instances of the local platform send their telemetry, and can do nothing else */
  ingestSecret: string;
  /** seals what instances of the local platform were started with */
  valuesKey: string;
}

/** The secrets of `<dataDir>/secrets.json`, made on the first start; OPERATE_SECRET_KEY of `env` wins. */
export function ownSecrets(dataDir: string, env: NodeJS.ProcessEnv): OwnSecrets {
  const given = env.OPERATE_SECRET_KEY;
  if (given && given.length < 32)
    throw new AppError("INVALID", "OPERATE_SECRET_KEY is too short; it must have at least 32 characters.");
  const file = join(dataDir, "secrets.json");
  const kept: Partial<Secrets> = existsSync(file) ? readSecrets(file) : {};
  const secrets = {
    authSecret: kept.authSecret ?? randomBytes(32).toString("base64url"),
    ingestSecret: kept.ingestSecret ?? `opi_${randomBytes(32).toString("base64url")}`,
  };
  if (!kept.authSecret || !kept.ingestSecret) {
    writeFileSync(`${file}.new`, JSON.stringify(secrets), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  const authSecret = given || secrets.authSecret;
  const valuesKey = createHmac("sha256", authSecret).update("launch values").digest("base64url");
  return { ...secrets, authSecret, valuesKey };
}

function readSecrets(file: string): Secrets {
  try {
    return SecretsSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw new AppError(
      "PRECONDITION",
      `${file} is damaged. Restore it from a backup, or move it away: then everybody has to sign in again.`,
      { cause },
    );
  }
}
