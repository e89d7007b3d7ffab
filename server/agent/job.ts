import type { Runtime } from "./kernel/context.ts";
import { startPeriodic } from "./kernel/periodic.ts";
import type { Prober } from "./ports/prober.ts";

interface Running {
  stop(): Promise<unknown>;
}

/** What a process does beside its other jobs, until it is stopped. */
export interface Job {
  name: string;
  start(): Running | Promise<Running>;
}

/** Says in the log what went wrong. */
export type Report = (message: string, error: unknown) => void;

/** What the worker gives to the jobs of capabilities. */
export interface JobContext {
  runtime: Runtime;
  /** of this boot */
  workerId: string;
  prober: Prober;
  report: Report;
}

const HISTORY_MS = 3_600_000;

/** Deletes what is older than it is kept, now and every hour. */
export const deletionOf = (what: string, run: () => Promise<unknown>, report: Report): Job => ({
  name: `deletion of old ${what}`,
  start: () =>
    startPeriodic(HISTORY_MS, run, (error) => report(`old ${what} were not deleted; tried again in an hour`, error)),
});
