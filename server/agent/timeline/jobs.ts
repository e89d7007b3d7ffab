import { deletionOf, type Job, type JobContext } from "../job.ts";
import { deleteOldEvents } from "./retention.ts";

export const timelineJobs = ({ runtime, report }: JobContext): Job[] => [
  deletionOf("events of the time line", () => deleteOldEvents(runtime), report),
];
