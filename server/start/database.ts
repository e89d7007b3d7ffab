import { statfsSync, statSync } from "node:fs";
import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { HeldLock } from "../../scripts/bootstrap/file-lock.mjs";
import { monotonicMs } from "../agent/kernel/clock.ts";
import { AppError } from "../agent/kernel/errors.ts";
import { diskOf, isOutOfFiles } from "../agent/kernel/storage/disk.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../db/embedded.ts";
import { tailOf } from "../db/embedded-files.ts";
import { killServer, takesConnections } from "../db/postgres-hang.ts";
import { cutFile } from "../integrations/local/logs/log-cut.ts";
import { silenceNotices, untilSilent } from "./silence.ts";
import { createEndNotices } from "./supervised-process.ts";

interface Options {
  dataDir: string;
  notice: (line: string) => void;
  /** aborted when Operate is asked to stop */
  stop: AbortSignal;
  /** aborted by a second Ctrl-C */
  force: AbortSignal;
  /** the lock of the data directory, without which nothing is started again */
  lock?: Pick<HeldLock, "isHeld" | "lost">;
  /** silence after which a server that was ready counts as hung */
  hangMs?: number;
  /** from which on its log is turned over */
  mostLogBytes?: number;
}

export interface SupervisedDatabase {
  url: string;
  stop(): Promise<void>;
}

const DISK_AGAIN_MS = 5_000;
const SAY_AGAIN_MS = 30_000;
const LITTLE_SPACE_BYTES = 32 * 2 ** 20;
const ASK_MS = 2_000;
const HANG_MS = 30_000;
const MOST_LOG_BYTES = 5 * 2 ** 20;
const CUT_EVERY_MS = 2_000;

/**
 * Starts the embedded PostgreSQL and keeps it running: whenever it ends it is started again on the same port, with a
 * growing delay, for ever; one that takes no connections any more is killed first. The first start, too, is tried
 * until there is room on the disk and no server elsewhere uses the cluster. When the directory's lock is lost the
 * server is killed and none started again.
 * @throws as `startEmbeddedPostgres` when it cannot start for another reason
 */
export async function superviseDatabase(options: Options): Promise<SupervisedDatabase> {
  const { dataDir, notice, stop, force, lock } = options;
  const logFile = join(dataDir, "logs", "postgres.log");
  const ends = createEndNotices({ name: "PostgreSQL", file: logFile, notice });
  const stopping = new AbortController();
  const lose = () => stopping.abort();
  lock?.lost.addEventListener("abort", lose, { once: true });
  let postgres: EmbeddedPostgres | null = await startWithRoom(options);
  const { url } = postgres;
  const again = { dataDir, samePort: true, notice, ...(lock && { lock }) };

  const keepRunning = async (first: EmbeddedPostgres) => {
    let reason = await untilEnded(first);
    for (;;) {
      postgres = null;
      await delay(ends.ended(withoutTail(reason), tailOf(logFile, 6).split("\n")), undefined, {
        signal: stopping.signal,
      }).catch(() => undefined); // stopping: seen below
      if (stopping.signal.aborted) return;
      try {
        postgres = await startEmbeddedPostgres({ ...again, signal: stopping.signal });
        if (stopping.signal.aborted) return postgres.stop(force);
        notice("PostgreSQL is back.");
        reason = await untilEnded(postgres);
      } catch (error) {
        reason = isDiskFull(dataDir, error) ? `the disk is full, make room in ${dataDir}` : messageOf(error);
      }
    }
  };
  /** Why the server ended; one that hangs is ended. */
  const untilEnded = async ({ pid, exited }: EmbeddedPostgres): Promise<string> => {
    ends.ready();
    const ended = new AbortController();
    const signal = AbortSignal.any([ended.signal, stopping.signal]);
    const ask = () => takesConnections(url);
    const silentMs = options.hangMs ?? HANG_MS;
    const listener = silenceNotices({ name: "PostgreSQL", pid, limitMs: () => silentMs }, notice);
    void untilSilent({ pid, ask, everyMs: ASK_MS, silentMs, signal, listener }).then((hangs) => {
      if (!hangs) return;
      notice(`PostgreSQL (pid ${pid}) does not answer: it is killed and started again. What was committed is safe.`);
      killServer(pid);
    });
    try {
      return await exited;
    } finally {
      ended.abort();
    }
  };

  const cutting = setInterval(() => void cutWhenLong(logFile, options.mostLogBytes ?? MOST_LOG_BYTES), CUT_EVERY_MS);
  cutting.unref();
  const keeping = keepRunning(postgres);
  keeping.catch((error: unknown) => notice(`PostgreSQL is no longer watched: ${messageOf(error)}`));
  return {
    url,
    stop: async () => {
      stopping.abort();
      clearInterval(cutting);
      // one that is on its way up is ended by the signal
      if (postgres) await postgres.stop(stop.aborted ? force : undefined);
      else await keeping;
    },
  };
}

/** Turns the server's log over while it runs. On a disk without room for the older half that is dropped. */
async function cutWhenLong(file: string, mostBytes: number): Promise<void> {
  try {
    if (statSync(file).size > mostBytes) await cutFile(file, `${file}.1`);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    if (error.code === "ENOSPC" || error.code === "EDQUOT") await truncate(file, 0).catch(() => {}); // gone meanwhile
  }
}

async function startWithRoom({ dataDir, notice, stop, lock }: Options): Promise<EmbeddedPostgres> {
  let saidAtMs = Number.NEGATIVE_INFINITY;
  for (;;) {
    try {
      return await startEmbeddedPostgres({ dataDir, signal: stop, notice, ...(lock && { lock }) });
    } catch (error) {
      const inUse = error instanceof AppError && error.code === "CONFLICT";
      if (stop.aborted || lock?.lost.aborted || !(inUse || isDiskFull(dataDir, error))) throw error;
      if (monotonicMs() - saidAtMs >= SAY_AGAIN_MS) {
        saidAtMs = monotonicMs();
        const why = inUse ? error.message : `The disk of ${dataDir} is full. It starts by itself when there is room.`;
        notice(`The database waits. ${why}`);
      }
      await delay(DISK_AGAIN_MS, undefined, { signal: stop }).catch(() => undefined); // seen at the next failure
    }
  }
}

function isDiskFull(dataDir: string, error: unknown): boolean {
  if (/no space left on device|ENOSPC|disk quota exceeded/i.test(messageOf(error))) return true;
  if (!(error instanceof AppError) || error.code !== "UPSTREAM_UNAVAILABLE") return false;
  const disk = diskOf(statfsSync(dataDir));
  return disk.freeBytes < LITTLE_SPACE_BYTES || isOutOfFiles(disk);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
/** the end of the log is told beside it */
const withoutTail = (reason: string): string => reason.split(" Its log ")[0]?.replace(/\.$/, "") ?? reason;
