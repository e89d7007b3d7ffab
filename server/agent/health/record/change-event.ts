import type { TimelineEventOf } from "../../timeline/schema.ts";
import type { HealthState } from "../schema.ts";
import type { ChangeRow, LockedTarget } from "./store-results.ts";

type Level = TimelineEventOf<"health.changed">["level"];
const LEVELS: Partial<Record<HealthState, Level>> = { up: "ok", degraded: "warning", down: "error" };

/** A change as the time line has it. `causeName` is the name of the target that `causedBy` is. */
export function changeEvent(
  target: Pick<LockedTarget, "name" | "service" | "environment" | "muted">,
  change: ChangeRow,
  causeName: string | undefined,
): TimelineEventOf<"health.changed"> {
  const { key, at, targetId, from, to, causedBy, message, flapping } = change;
  const { service, environment, muted } = target;
  const cause = causedBy !== null && causeName !== undefined ? { id: causedBy, name: causeName } : null;
  return {
    ...{ key, at, service, environment },
    kind: "health.changed",
    subject: targetId,
    level: LEVELS[to] ?? "info",
    title: `${target.name} ${to}${cause ? `, caused by ${cause.name}` : ""}`,
    detail: { target: target.name, from, to, causedBy: cause, message, muted, flapping },
  };
}
