import type { ProbeResult } from "../../ports/prober.ts";
import { isLeaving, type PlatformInstance, type PlatformService } from "../../ports/workloads.ts";

/** What the platform knows of a service that its own check cannot see: why nothing answers, and what is about to go. */

const LOST = "cannot be started again";

/** Whether a check's message says that an instance is lost for good, although others may still answer. */
export const saysLost = (message: string | null): boolean => message?.includes(LOST) ?? false;

const FAILING = new Set<PlatformInstance["state"]>(["restarting", "crash-looping", "unready", "starting"]);
/** as long as a sentence stays readable */
const MOST_REASONS = 2;

/** `2 of 3 instances: /readyz answered 404`, the commonest reason first; null when every instance is ready. */
export function platformReason({ instances, problem }: PlatformService): string | null {
  if (problem !== null) return problem;
  const wanted = instances.filter((one) => !isLeaving(one));
  if (wanted.length === 0) return "no instance runs";
  const counts = new Map<string, number>();
  for (const { state, reason } of wanted)
    if (FAILING.has(state)) counts.set(reason ?? state, (counts.get(reason ?? state) ?? 0) + 1);
  if (counts.size === 0) return null;
  const ranked = [...counts].sort((a, b) => b[1] - a[1]);
  const shown = ranked.slice(0, MOST_REASONS).map(([reason, count]) => {
    const who = count === wanted.length && count === 1 ? "its instance" : `${count} of ${wanted.length} instances`;
    return `${who}: ${reason}`;
  });
  const more = ranked.length - shown.length;
  return `${shown.join("; ")}${more > 0 ? `; and ${more} other reason${more === 1 ? "" : "s"}` : ""}`;
}

/** An instance whose version left the configuration, in words; null when every one is configured. */
export function unconfiguredNote({ service, environment, instances, configured }: PlatformService): string | null {
  if (!configured) return `${service} in ${environment} is no longer configured; what ran is kept`;
  const versions = [...new Set(instances.filter((one) => !one.configured).map((one) => one.version))];
  if (versions.length === 0) return null;
  return `${versions.join(", ")} ${versions.length === 1 ? "is" : "are"} no longer configured; what runs of it is kept`;
}

/**
 * A check's result with what the platform knows: a failure begins with the platform's reason, of which the answer is
 * the effect, and what cannot be started again shows although others answer.
 */
export function withPlatform(result: ProbeResult, service: PlatformService): ProbeResult {
  const note = unconfiguredNote(service);
  if (result.outcome !== "up") {
    const parts = [platformReason(service), result.message, note];
    return { ...result, message: parts.filter((part) => part !== null).join("; ") || null };
  }
  const lost = service.instances.find((one) => !one.configured && one.state === "crash-looping");
  if (lost !== undefined) {
    const message = `${lost.version} ${LOST} (${lost.reason ?? lost.state}); ${note}`;
    return { ...result, outcome: "degraded", message };
  }
  return note === null ? result : { ...result, message: note };
}
