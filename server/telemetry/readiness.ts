import type { Runtime } from "../agent/kernel/context.ts";
import { fullDisk, fullDiskSentence, storageFailure } from "../agent/kernel/storage-failure.ts";
import { DATABASE_AWAY } from "../agent/kernel/storage-words.ts";
import { collectorAnswers } from "../collector/answers.ts";
import { forwardRefusal } from "../collector/forward.ts";

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
  const disk = fullDisk();
  if (disk) return `${fullDiskSentence(disk).replace(/^t/, "T")}.`;
  return told?.includes("is full") ? told : `${DATABASE_AWAY}.`;
}

async function worker({ db, now }: Runtime): Promise<ReadinessCheck> {
  try {
    const alive = await within(
      2_000,
      db.executor.count({ where: { state: "alive", beatAt: { gte: new Date(now().getTime() - 15_000) } } }),
    );
    return alive > 0
      ? { name: "worker", ok: true, message: `${alive} alive` }
      : failed("worker", "none has been heard of in the last 15 s");
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

async function platform({ platform: port, config }: Runtime): Promise<ReadinessCheck> {
  if (config.services.length === 0) return { name: "platform", ok: true, message: "no services configured" };
  try {
    const services = await within(2_000, port.listServices());
    return { name: "platform", ok: true, message: `${services.length} services` };
  } catch {
    return failed("platform", "the local platform daemon does not answer");
  }
}
