import type { DeploymentView } from "#server/agent/deploy/schema.ts";
import { ROLLED_BACK_BY_WATCH } from "#server/agent/kernel/watch-words.ts";
import { Mark } from "../feedback/mark.tsx";
import { DEPLOYMENT_LOOK, type Look } from "./states.ts";

/** Of one that succeeded and did not hold, also what its watch did. */
function lookOf({ status, watchState, summary }: Shown): Look {
  if (status !== "succeeded" || watchState !== "regressed") return DEPLOYMENT_LOOK[status];
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
