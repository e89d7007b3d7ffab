export { startTimelineConsumer, type TimelineConsumer } from "./consume.ts";
export { recordOnTimeline } from "./record.ts";
export { deleteOldEvents } from "./retention.ts";
export { hasUntaken } from "./store.ts";
