import type { DeploymentStatus, DeploymentView } from "#server/agent/deploy/schema.ts";
import { ROLLED_BACK_BY_WATCH } from "#server/agent/kernel/watch-words.ts";
import { Mark, type MarkTone } from "../feedback/mark.tsx";

const LOOK: Record<DeploymentStatus, { tone: MarkTone; word: string }> = {
  queued: { tone: "quiet", word: "queued" },
  running: { tone: "active", word: "running" },
  paused: { tone: "maintenance", word: "paused" },
  rolling_back: { tone: "warning", word: "rolling back" },
  succeeded: { tone: "ok", word: "succeeded" },
  rolled_back: { tone: "warning", word: "rolled back" },
  failed: { tone: "critical", word: "failed" },
  cancelled: { tone: "quiet", word: "cancelled" },
};

/** Of one that succeeded and did not hold, also what its watch did. */
function lookOf({ status, watchState, summary }: Shown): { tone: MarkTone; word: string } {
  if (status !== "succeeded" || watchState !== "regressed") return LOOK[status];
  const back = summary.startsWith(ROLLED_BACK_BY_WATCH);
  return { tone: "warning", word: back ? ROLLED_BACK_BY_WATCH.toLowerCase() : "succeeded, then got worse" };
}

type Shown = Pick<DeploymentView, "status" | "watchState" | "summary">;

export function DeploymentMark({ deployment, className }: { deployment: Shown; className?: string }) {
  const { tone, word } = lookOf(deployment);
  return (
    <Mark tone={tone} className={className}>
      {word}
    </Mark>
  );
}
