import type { Runtime } from "../kernel/context.ts";
import type { TimelineConsumer } from "../timeline/index.ts";
import { onHealthChanged } from "./health.ts";

/** Makes incidents of what happens: opens them, writes on them, resolves them. */
export const incidentConsumer = (runtime: Runtime, report: TimelineConsumer["report"]): TimelineConsumer => ({
  name: "incidents",
  on: (event) => onHealthChanged(runtime, event),
  report,
});
