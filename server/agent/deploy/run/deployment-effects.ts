import type { Runtime } from "../../kernel/context.ts";
import { analysisEffects, runAnalysis, runHook, runVerification } from "../analysis/index.ts";
import { platformEffects } from "./effects-platform.ts";
import { recordEffects } from "./effects-record.ts";
import type { Inspection } from "./inspection.ts";
import type { DeploymentEffects } from "./run.ts";

/**
 * Every effect of the deployment procedure on the platform, on the record, and of the judge. Each may run twice: the
 * platform knows the keys, the record knows the events' keys.
 */
export const deploymentEffects = (runtime: Runtime): DeploymentEffects => ({
  ...platformEffects(runtime),
  ...recordEffects(runtime),
  inspect: inspection(runtime),
});

function inspection(runtime: Runtime): Inspection {
  const effects = analysisEffects(runtime);
  return {
    analyse: (durable, plan, input) => runAnalysis(durable, effects, plan, input),
    hook: (durable, plan, input) => runHook(durable, effects, plan, input),
    verify: (durable, plan, input) => runVerification(durable, effects, plan, input),
  };
}
