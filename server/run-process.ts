import type { Job } from "./agent/job.ts";
import { saysWaiting } from "./db/patience.ts";
import { createLogger, type Logger } from "./telemetry/log.ts";
import { startTracing } from "./telemetry/tracing.ts";
import { underSupervisor } from "./under-supervisor.ts";

export interface Opened {
  jobs: readonly Job[];
  /** after all jobs have stopped */
  close(): Promise<void>;
}

interface ProcessSpec {
  name: string;
  /** from the order to end until it ends without order */
  giveUpMs: number;
  /** together: each for itself, within the time of the longest · in order: each needs those after it until it has stopped */
  stop: "together" | "in order";
  /** makes what the jobs need; `onWaiting` is told each time the database does not answer */
  open(process: { log: Logger; onWaiting: (error: unknown, waitedMs: number) => void }): Promise<Opened>;
}

/**
 * A process of Operate under its supervisor: starts its jobs one after the other, says that it is ready, and stops them
 * when it is told to. One that cannot start ends with exit code 1 and its reason in the log.
 */
export async function runProcess({ name, giveUpMs, stop, open }: ProcessSpec): Promise<void> {
  const log = createLogger(name);
  const running: { name: string; part: Awaited<ReturnType<Job["start"]>> }[] = [];
  let opened: Opened | null = null;
  let ending = false;
  const channel = underSupervisor(async (reason) => {
    ending = true;
    log.info({ reason }, "ending");
    const stopped = ({ name: job, part }: (typeof running)[number]) =>
      part.stop().catch((err: unknown) => log.warn({ err, job }, "a job did not end in order"));
    if (stop === "together") await Promise.all(running.map(stopped));
    else for (const one of running) await stopped(one);
    await opened?.close();
  }, giveUpMs);
  const start = async (job: Job) => void running.push({ name: job.name, part: await job.start() });
  try {
    await start({ name: "tracing", start: () => startTracing(name) });
    opened = await open({ log, onWaiting: saysWaiting(log, channel) });
    for (const job of opened.jobs) {
      if (ending) return;
      await start(job);
    }
    channel.ready();
  } catch (err) {
    if (ending) return; // what it needed was taken away from it
    log.fatal({ err }, `the ${name} cannot run`);
    process.exit(1);
  }
}
