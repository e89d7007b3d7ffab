import type { Durable } from "../../ports/durable.ts";
import type { CheckInterrupt, DeploymentPlan, PlannedStep, StepOutcome } from "./procedure.ts";

interface Inspected {
  step: PlannedStep;
  attempt: number;
}

/** What finds out whether the new version is good. Each waits by itself, in durable steps of its own. */
export interface Inspection {
  /**
   * Compares both versions until there is a verdict; `hold` lasts `holdSeconds`, and only a failure ends it before.
   * `since`: requests of a former try that was not decided count, too.
   */
  analyse(
    durable: Durable,
    plan: DeploymentPlan,
    input: Inspected & {
      kind: "step" | "hold";
      holdSeconds?: number;
      since?: number | undefined;
      checkInterrupt: CheckInterrupt;
    },
  ): Promise<StepOutcome>;
  hook(
    durable: Durable,
    plan: DeploymentPlan,
    input: Inspected & { weight: number | null; checkInterrupt: CheckInterrupt },
  ): Promise<StepOutcome>;
  verify(durable: Durable, plan: DeploymentPlan, input: Inspected): Promise<StepOutcome>;
}
