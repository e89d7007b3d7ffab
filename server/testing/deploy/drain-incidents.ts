import { incidentConsumer } from "../../agent/incidents/index.ts";
import type { Runtime } from "../../agent/kernel/context.ts";
import { consumeTimeline } from "../../agent/timeline/consume.ts";
import { hasWork } from "../../agent/timeline/store.ts";

/** Makes incidents of everything on the time line, as the worker does within a second. @throws what they refused */
export async function drainIncidents(runtime: Runtime): Promise<void> {
  const refused: unknown[] = [];
  const consumer = incidentConsumer(runtime, (message, error) => refused.push(error ?? new Error(message)));
  do await consumeTimeline(runtime, consumer);
  while (await hasWork(runtime.db, consumer.name));
  if (refused.length > 0) throw new AggregateError(refused, "incidents did not take what happened");
}
