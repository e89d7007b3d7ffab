import type { Workloads } from "../../ports/workloads.ts";
import { type LogHistory, serviceKey } from "../anomalies/anomaly.ts";

/**
 * Notes of the services that ended the window in silence since when they run, from what the platform says now. Without
 * an answer it stays unknown: an analysis of logs does not need the platform.
 */
export async function noteRunning(workloads: Pick<Workloads, "listServices">, { services }: LogHistory): Promise<void> {
  const silent = services.filter(({ lines }) => lines.at(-1) === 0);
  if (silent.length === 0) return;
  const known = await workloads.listServices().catch(() => []);
  const starts = new Map(
    known.map((service) => {
      const ready = service.instances.filter(({ state }) => state === "ready");
      return [serviceKey(service), Math.min(...ready.map(({ startedAt }) => Date.parse(startedAt)))];
    }),
  );
  for (const service of silent) {
    const startMs = starts.get(serviceKey(service));
    service.runningSinceMs = startMs !== undefined && Number.isFinite(startMs) ? startMs : null;
  }
}
