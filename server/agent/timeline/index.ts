export type { TimelineConsumer } from "./consume.ts";
export { listEvents } from "./list-events.ts";
export { recordOnTimeline } from "./record.ts";
export { hasUntaken } from "./store.ts";
