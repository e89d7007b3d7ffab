import type { HealthTargetView } from "#server/agent/health/schema.ts";
import { formatMs } from "../lib/format.ts";

/** What the last check found, in words; a success has no message of its own. */
export function foundBy(
  target: Pick<HealthTargetView, "kind" | "message" | "lastCheckedAt" | "lastLatencyMs">,
): string {
  if (target.message) return target.message;
  if (!target.lastCheckedAt) return "It has not been checked yet.";
  if (target.kind === "disk") return "There is room on the disk.";
  return target.lastLatencyMs === null ? "It answered." : `It answered in ${formatMs(target.lastLatencyMs)}.`;
}
