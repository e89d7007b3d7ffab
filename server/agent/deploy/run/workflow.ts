import type { Durable } from "../../ports/durable.ts";
import { carryOutSteps, stopOf } from "./interpreter.ts";
import { rollBack } from "./rollback-run.ts";
import { type DeploymentEffects, newRun } from "./run.ts";
import { interruptionIn } from "./run-state.ts";

/**
 * A deployment from begin to end: the steps of its plan one after the other; when one fails for good, or somebody
 * decides so, the rollback; then the record is closed.
 */
export async function runDeployment(durable: Durable, effects: DeploymentEffects, id: string): Promise<void> {
  const plan = await durable.step("begin", () => effects.begin(id));
  if (!plan) return;
  const run = newRun(durable, effects, plan);
  const stop = await carryOutSteps(run);
  if (stop) return rollBack(run, stop);

  const { service, environment, version, options } = plan;
  const summary = `${service} in ${environment} runs ${version}: ${options.instances} of ${options.instances} ready.`;
  const ended = await durable.step("succeed", () => effects.succeed(plan, summary, run.state.readUpTo));
  if (ended) {
    await durable.step("report", () => effects.reportSuccess(plan, summary));
    return;
  }
  const inbox = await durable.step("hear", () => effects.readInbox(plan, run.state.readUpTo));
  const by = interruptionIn(run.state, inbox, { pause: false, promote: false }, -1);
  return rollBack(run, stopOf(run, by?.kind === "decision" ? by : { kind: "cancel" }, null));
}

/**
 * Ends a deployment whose own procedure broke, as when the database was away for longer than a step is tried: whatever
 * it had reached, the version before serves again.
 */
export async function recoverDeployment(durable: Durable, effects: DeploymentEffects, id: string): Promise<void> {
  const plan = await durable.step("take up", () => effects.takeUp(id));
  if (!plan) return;
  const reason = "Operate itself failed while it carried this out; its log has the details";
  return rollBack(newRun(durable, effects, plan), { ending: "rolled_back", reason, failure: true, openStep: null });
}
