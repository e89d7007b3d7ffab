import { deletionOf, type Job, type JobContext } from "../job.ts";
import { consumerJob } from "../timeline/jobs.ts";
import { incidentConsumer } from "./consumer.ts";
import { deleteOldIncidents } from "./retention.ts";

export const incidentJobs = (context: JobContext): Job[] => [
  consumerJob("incidents", context, incidentConsumer(context.runtime, context.report)),
  deletionOf("incidents", () => deleteOldIncidents(context.runtime), context.report),
];
