import { deletionOf, type Job, type JobContext } from "../job.ts";
import { startTimelineConsumer, type TimelineConsumer } from "./consume.ts";
import { deleteOldEvents } from "./retention.ts";

/** The job that hands a consumer what happens, in order, each event at least once. */
export const consumerJob = (name: string, { runtime }: JobContext, consumer: TimelineConsumer): Job => ({
  name,
  start: () => startTimelineConsumer(runtime, consumer),
});

export const timelineJobs = ({ runtime, report }: JobContext): Job[] => [
  deletionOf("events of the time line", () => deleteOldEvents(runtime), report),
];
