import { deletionOf, type Job, type JobContext } from "../job.ts";
import { deleteOldDeployments } from "./record/retention.ts";

export const deployJobs = ({ runtime, report }: JobContext): Job[] => [
  deletionOf("deployments", () => deleteOldDeployments(runtime), report),
];
