import type { DeploymentView, GetDeploymentOutput, StepView } from "#server/agent/deploy/schema.ts";
import { plural } from "../../lib/format.ts";
import { currentStep } from "./decision-choices.ts";

/**
 * How many instances are ready on the new version, against what the step that runs wants; what is wanted in the end is
 * named where it is more.
 */
export function readyWords(
  { version, status }: Pick<DeploymentView, "version" | "status">,
  { onNewVersion, wanted }: GetDeploymentOutput["progress"],
  steps: readonly StepView[],
  active: boolean,
): string {
  if (onNewVersion === null)
    return `How many instances are ready on ${version} is not known: the platform does not answer.`;
  const here = status === "rolling_back" ? null : currentStep(steps);
  // a step that sets no number keeps that of the step before it
  const now = here ? steps.findLast((one) => one.index <= here.index && one.instances !== null)?.instances : null;
  const verb = onNewVersion === 1 ? "is" : "are";
  if (now != null && now < wanted)
    return `${onNewVersion} of ${plural(now, "instance")} that this step wants ${verb} ready on ${version}; ${wanted} in the end.`;
  return `${onNewVersion} of ${plural(wanted, "instance")} ${verb} ready on ${version}${active ? "" : " now"}.`;
}
