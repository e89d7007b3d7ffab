import { deployJobs } from "./deploy/jobs.ts";
import { healthJobs } from "./health/jobs.ts";
import { incidentJobs } from "./incidents/jobs.ts";
import type { Job, JobContext } from "./job.ts";
import { logJobs } from "./logs/jobs.ts";
import { timelineJobs } from "./timeline/jobs.ts";
import { trafficJobs } from "./traffic/jobs.ts";

/** What capabilities do in the worker by themselves, consumers of the time line among it; started in this order. */
const JOBS: readonly ((context: JobContext) => readonly Job[])[] = [
  healthJobs,
  incidentJobs,
  trafficJobs,
  logJobs,
  deployJobs,
  timelineJobs,
];

export const jobsOfCapabilities = (context: JobContext): Job[] => JOBS.flatMap((jobsOf) => jobsOf(context));
