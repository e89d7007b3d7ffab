import type { Job, JobContext } from "../job.ts";
import { startTrafficCollector } from "./collect-traffic.ts";

export const trafficJobs = ({ runtime, report }: JobContext): Job[] => [
  {
    name: "traffic",
    start: () => startTrafficCollector(runtime, (error) => report("traffic was not collected", error)),
  },
];
