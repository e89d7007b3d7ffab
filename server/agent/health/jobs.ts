import type { Job, JobContext } from "../job.ts";
import { startHealthScheduler } from "./check/scheduler.ts";
import { startHealthRetention } from "./record/retention.ts";

export const healthJobs = ({ runtime, workerId, prober, report }: JobContext): Job[] => [
  { name: "health checks", start: () => startHealthScheduler(runtime, { workerId, prober, report }) },
  { name: "health retention", start: () => startHealthRetention(runtime, report) },
];
