import type { Runtime } from "../agent/kernel/context.ts";
import { fullDisk, fullDiskSentence, storageFailure } from "../agent/kernel/storage/storage-failure.ts";
import { DATABASE_AWAY } from "../agent/text/storage-words.ts";
import { collectorAnswers } from "../collector/answers.ts";
import { forwardRefusal } from "../collector/forwarding-slots.ts";
import { workerSilentMs } from "./process-watch.ts";

export interface ReadinessCheck {
  name: "configuration" | "database" | "worker" | "collector" | "platform";
  ok: boolean;
  message: string;
}

const failed = (name: ReadinessCheck["name"], message: string): ReadinessCheck => ({ name, ok: false, message });

class NoAnswer extends Error {}
const BUSY = "Operate is too busy to answer in time.";

/** @throws when there is no answer in time */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NoAnswer(`no answer in ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** What has to be there before the console can serve: asked anew at each call, each answer bounded to 2 s. */
export async function readiness(runtimeOf: () => Runtime & { dataDir: string }): Promise<ReadinessCheck[]> {
  let runtime: Runtime & { dataDir: string };
  try {
    runtime = runtimeOf();
  } catch {
    return [failed("configuration", "the configuration cannot be loaded; `npm run config:check` says why")];
  }
  return Promise.all([database(runtime), worker(runtime), collector(runtime), platform(runtime)]);
}

async function database({ db }: Runtime): Promise<ReadinessCheck> {
  const disk = fullDisk();
  if (disk) return failed("database", fullDiskSentence(disk));
  try {
    await within(2_000, db.$queryRaw`select id from "user" limit 1`);
    return { name: "database", ok: true, message: "answers" };
  } catch (error) {
    const full = storageFailure(error)?.includes("is full");
    if (full) return failed("database", fullDiskSentence(fullDisk()));
    return failed("database", "does not answer, or lacks the schema of this release");
  }
}

/**
 * Why the storage under Operate is the cause of `error`, as a sentence for a person; null when the database answers, so
 * that the cause is another. A library on the way may have hidden the database's own words, so the database is asked.
 */
export async function outageBehind(error: unknown, runtime: Runtime): Promise<string | null> {
  const told = storageFailure(error);
  if (told === null && (await database(runtime)).ok) return error instanceof NoAnswer ? BUSY : null;
  return told?.includes("is full") && !fullDisk() ? told : awaySentence();
}

function awaySentence(): string {
  const disk = fullDisk();
  return disk ? `${fullDiskSentence(disk).replace(/^t/, "T")}.` : `${DATABASE_AWAY}.`;
}

/** The sentence of an outage that this process knows of already, without asking anybody; else null. */
const knownOutage = ({ processes }: Pick<Runtime, "processes">): string | null =>
  processes?.missing().some(({ name }) => name === "database") ? awaySentence() : null;

/** Longer than a session is read by a database that answers; a page says then that it does not. */
const READ_MS = 5_000;
/** the same of a database that is known to be away: only to see whether it is back */
const AWAY_READ_MS = 250;

export type ReadOrOutage<T> = { value: T; outage: null } | { value: null; outage: string };

/**
 * What `read` reads, or why the storage under Operate cannot tell. A read that failed because the database was away a
 * moment ago is done once more. `rethrow` throws what is no failure, as a framework's redirect.
 * @throws what else keeps it from being read
 */
export async function readOrOutage<T>(
  read: () => Promise<T>,
  runtime: Runtime,
  rethrow: (error: unknown) => void = () => undefined,
): Promise<ReadOrOutage<T>> {
  for (let isLast = false; ; isLast = true) {
    const known = knownOutage(runtime);
    try {
      return { value: await within(known === null ? READ_MS : AWAY_READ_MS, read()), outage: null };
    } catch (error) {
      rethrow(error);
      const outage = known ?? knownOutage(runtime) ?? (await outageBehind(error, runtime));
      if (outage !== null) return { value: null, outage };
      if (isLast) throw error;
    }
  }
}

async function worker({ db, now }: Runtime): Promise<ReadinessCheck> {
  const silentMs = workerSilentMs();
  try {
    const alive = await within(
      2_000,
      db.executor.count({ where: { state: "alive", beatAt: { gte: new Date(now().getTime() - silentMs) } } }),
    );
    return alive > 0
      ? { name: "worker", ok: true, message: `${alive} alive` }
      : failed("worker", `none has been heard of in the last ${silentMs / 1_000} s`);
  } catch {
    return failed("worker", "unknown: the database does not answer");
  }
}

async function collector({ dataDir }: { dataDir: string }): Promise<ReadinessCheck> {
  const refusal = forwardRefusal();
  if (refusal !== null) return failed("collector", refusal);
  return (await collectorAnswers(dataDir, 2_000))
    ? { name: "collector", ok: true, message: "answers" }
    : failed("collector", "does not answer: telemetry is not taken in, senders keep it and try again");
}

async function platform({ platform: { workloads }, config }: Runtime): Promise<ReadinessCheck> {
  if (config.services.length === 0) return { name: "platform", ok: true, message: "no services configured" };
  try {
    const services = await within(2_000, workloads.listServices());
    return { name: "platform", ok: true, message: `${services.length} services` };
  } catch {
    return failed("platform", "the local platform daemon does not answer");
  }
}
