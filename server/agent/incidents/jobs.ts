import { deletionOf, type Job, type JobContext } from "../job.ts";
import { startTimelineConsumer } from "../timeline/index.ts";
import { incidentConsumer } from "./consumer.ts";
import { deleteOldIncidents } from "./retention.ts";

export const incidentJobs = ({ runtime, report }: JobContext): Job[] => [
  { name: "incidents", start: () => startTimelineConsumer(runtime, incidentConsumer(runtime, report)) },
  deletionOf("incidents", () => deleteOldIncidents(runtime), report),
];
