import type { Job, JobContext } from "../job.ts";
import { startPatternAlerts } from "./alerts.ts";

export const logJobs = ({ runtime, report }: JobContext): Job[] => [
  { name: "alerts on log patterns", start: () => startPatternAlerts(runtime, report) },
];
