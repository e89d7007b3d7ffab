import type { Durable } from "./durable.ts";
import type { DeploymentEffects } from "./effects.ts";
import { type Leg, reconcile } from "./reconcile.ts";
import type { DeploymentPlan, Ending } from "./record.ts";
import type { ObservedInstance, RollingGoal } from "./rolling.ts";

/** The least time a rollback is given, however short the deployment's own deadline was. */
const LEAST_ROLLBACK_MS = 120_000;

/**
 * A rolling deployment from begin to end: replace instances one after the other; when that fails or is cancelled,
 * return to the version before; tell the incidents; close the record.
 */
export async function runDeployment(durable: Durable, effects: DeploymentEffects, id: string): Promise<void> {
  const plan = await durable.step("begin", () => effects.begin(id));
  if (!plan) return;
  const { service, environment, version, previousVersion, options } = plan;

  const outcome = await reconcile(durable, effects, plan, forward(plan));
  if (outcome.kind === "done")
    return finish(
      durable,
      effects,
      plan,
      "succeeded",
      null,
      `${service} in ${environment} runs ${version}: ${options.instances} of ${options.instances} ready.`,
    );

  const reason = outcome.kind === "failed" ? outcome.reason : null;
  if (outcome.kind === "failed")
    await durable.step("blame", () => effects.blame(plan, outcome.reason, outcome.instance));
  const wantsBack = outcome.kind === "cancelled" || options.rollbackOnFailure;
  if (!wantsBack || previousVersion === null) {
    const why = wantsBack ? "nothing ran before it that it could go back to" : "rollback is off";
    const sight = await durable.step("look", () => effects.look(plan));
    const summary = `${reason ?? "Cancelled"}. Left as it is, because ${why}. ${describeServing(sight.instances)}`;
    return finish(durable, effects, plan, reason === null ? "cancelled" : "failed", reason, summary);
  }

  const withinMs = Math.max(options.timeoutSeconds * 1_000, LEAST_ROLLBACK_MS);
  const until = await durable.step("turn back", () => effects.turnBack(plan, reason ?? "it was cancelled", withinMs));
  const back = await reconcile(durable, effects, plan, backward(plan, previousVersion, until));
  if (back.kind === "failed") {
    const summary = `The way back to ${previousVersion} was not completed: ${back.reason}. ${describeServing(back.instances)} Deploy a version that works.`;
    return finish(durable, effects, plan, "failed", reason ?? back.reason, summary);
  }
  const serving = `${previousVersion} serves again with ${options.instances} of ${options.instances} instances.`;
  if (reason === null) return finish(durable, effects, plan, "cancelled", null, `Cancelled. ${serving}`);
  return finish(durable, effects, plan, "rolled_back", reason, `Rolled back: ${reason}. ${serving}`);
}

async function finish(
  durable: Durable,
  effects: DeploymentEffects,
  plan: DeploymentPlan,
  ending: Ending,
  reason: string | null,
  summary: string,
): Promise<void> {
  await durable.step("report", () => effects.report(plan, ending, reason, summary));
  await durable.step("end", () => effects.end(plan, ending, summary));
}

const forward = ({ version, options, deadlineAt }: DeploymentPlan): Leg => ({
  name: "forward",
  goal: goalOf(version, options, false),
  deadlineAt,
  heedsCancel: true,
});
const backward = ({ options }: DeploymentPlan, version: string, deadlineAt: number): Leg => ({
  name: "back",
  goal: goalOf(version, options, true),
  deadlineAt,
  heedsCancel: false,
});
const goalOf = (version: string, options: DeploymentPlan["options"], replaceBroken: boolean): RollingGoal => ({
  version,
  wanted: options.instances,
  maxSurge: options.maxSurge,
  maxUnavailable: options.maxUnavailable,
  readyTimeoutMs: options.healthCheckTimeoutSeconds * 1_000,
  replaceBroken,
});

/** What serves, in a sentence. */
function describeServing(instances: readonly ObservedInstance[] | null): string {
  if (!instances) return "The platform does not answer, so what serves now is not known.";
  const counts = new Map<string, number>();
  for (const { version, state } of instances)
    if (state === "ready") counts.set(version, (counts.get(version) ?? 0) + 1);
  const serving = [...counts].map(([version, count]) => `${count} × ${version}`).join(", ");
  return serving ? `Serving now: ${serving}.` : "Nothing is ready to serve now.";
}
