import { isLeaving } from "../../ports/workloads.ts";
import { STEP_TRAITS } from "../words.ts";
import { drainAndStop } from "./drain-and-stop.ts";
import type { CheckInterrupt, Interruption, PlannedStep, StepOutcome } from "./procedure.ts";
import { roll } from "./roll.ts";
import { findUnrecoverable, noteUnready, type UnreadySince } from "./rolling.ts";
import { isPassing, look, pauseMs, type Run, readInbox } from "./run.ts";
import { type InterruptRules, interruptionIn } from "./run-state.ts";
import { bringUpSet, lateness, type SetWork, settle } from "./set.ts";

/** Carries out one step, whatever its kind. */

const ROLLBACK_ONLY: InterruptRules = { pause: false, promote: false };
const JUDGED: InterruptRules = { pause: true, promote: true };

export function carryOut(run: Run, step: PlannedStep, attempt: number, since?: number): Promise<StepOutcome> {
  const { durable, effects, plan, state } = run;
  switch (step.kind) {
    case "roll":
      return roll(run, step.index);
    case "bring_up":
      return bringUp(run, step);
    case "weight":
      return weigh(run, step);
    case "retire":
      return retire(run, step);
    case "analysis":
      return effects.inspect.analyse(durable, plan, {
        ...{ step, attempt, kind: "step", since, checkInterrupt: watchful(run, step.index) },
      });
    case "hold": {
      const holdSeconds = holdSecondsOf(run);
      const checkInterrupt = watchful(run, step.index);
      return effects.inspect.analyse(durable, plan, { step, attempt, kind: "hold", holdSeconds, checkInterrupt });
    }
    case "hook": {
      const checkInterrupt = attentive(run, step.index);
      return effects.inspect.hook(durable, plan, { step, attempt, weight: state.weight, checkInterrupt });
    }
    case "verify":
      return effects.inspect.verify(durable, plan, { step, attempt });
  }
}

export const holdSecondsOf = ({ plan }: Pick<Run, "plan">): number => {
  const { canary, blueGreen } = plan.options.rules;
  return plan.strategy === "canary" ? canary.keepOldSeconds : blueGreen.keepOldSeconds;
};

const newSet = ({ plan, state }: Run, stepIndex: number, wanted: number): SetWork => ({
  version: plan.version,
  wanted,
  readyTimeoutMs: plan.options.healthCheckTimeoutSeconds * 1_000,
  replaceBroken: false,
  stepIndex,
  until: state.deadlineAt,
  interruptRules: ROLLBACK_ONLY,
});

/** New instances beside what runs, kept out of the users' traffic before the first of them starts. */
async function bringUp(run: Run, { index, instances }: PlannedStep): Promise<StepOutcome> {
  if (run.state.weight === null) {
    const kept = await giveShare(run, 0, index);
    if (kept) return kept;
  }
  run.state.up = instances ?? run.plan.options.instances;
  return bringUpSet(run, newSet(run, index, run.state.up));
}

/** The old set goes, and with it the split of the traffic. */
async function retire(run: Run, { index }: PlannedStep): Promise<StepOutcome> {
  const outcome = await settle(run, newSet(run, index, run.plan.options.instances));
  if (outcome.kind === "passed") run.state.weight = null;
  return outcome;
}

/**
 * What a step needs that is tried again after a failure: those of its instances that did not come up are replaced, and
 * its share is given back. Null when it can begin.
 */
export async function prepareRetry(run: Run, { index, kind }: PlannedStep): Promise<StepOutcome | null> {
  const { plan, state } = run;
  const observation = await look(run);
  const down = (observation.instances ?? []).filter((one) => one.version === plan.version && one.state !== "ready");
  const stopping = down.map((instance) => ({ instance, why: "it is tried anew" }));
  const drained = stopping.length > 0 ? await drainAndStop(run, stopping, ROLLBACK_ONLY, index) : null;
  if (drained?.kind === "interrupted") return drained;
  if (state.weight === null || STEP_TRAITS[kind].startsInstances) return null;
  const up = await bringUpSet(run, newSet(run, index, state.up));
  return up.kind === "passed" ? giveShare(run, state.weight, index) : up;
}

/** Gives the new version its share, once there are enough of it to carry that. */
async function weigh(run: Run, { index, weight }: PlannedStep): Promise<StepOutcome> {
  const percent = weight ?? 100;
  const needed = Math.max(1, Math.ceil((run.plan.options.instances * percent) / 100));
  const up = await bringUpSet(run, newSet(run, index, needed));
  if (up.kind !== "passed") return up;
  const trouble = await giveShare(run, percent, index);
  return trouble ?? { kind: "passed", note: `${percent} % of the requests go to ${run.plan.version}` };
}

/** Sets the weights, trying again while the platform is away; null when they took effect. */
export async function giveShare(run: Run, weight: number, stepIndex: number): Promise<StepOutcome | null> {
  const { durable, effects, plan, state } = run;
  for (;;) {
    const shared = await durable.step("share", () => effects.share(plan, weight));
    if (shared.ok) {
      state.weight = weight;
      return null;
    }
    if (!isPassing(shared)) return { kind: "failed", reason: shared.message, instance: null };
    const observation = await look(run);
    const by = interruptionIn(state, observation, ROLLBACK_ONLY, stepIndex);
    if (by) return { kind: "interrupted", by };
    if (observation.at >= state.deadlineAt)
      return { kind: "failed", reason: `${lateness(observation)}; ${shared.message}`, instance: null };
    await durable.wait(pauseMs(2_000));
  }
}

/** Listens for decisions, and looks whether an instance of the new version will not come back by itself. */
function watchful(run: Run, stepIndex: number): CheckInterrupt {
  const { plan, state } = run;
  let unready: UnreadySince = {};
  return async () => {
    const observation = await look(run);
    const by = interruptionIn(state, observation, JUDGED, stepIndex);
    if (by || !observation.instances) return by;
    const fresh = observation.instances.filter((one) => one.version === plan.version && !isLeaving(one));
    unready = noteUnready(unready, observation.instances, plan.version, observation.at);
    const readyTimeoutMs = plan.options.healthCheckTimeoutSeconds * 1_000;
    const [hopeless] = findUnrecoverable(fresh, readyTimeoutMs, unready, observation.at);
    if (!hopeless) return null;
    const { instance, reason } = hopeless;
    return { kind: "broken", instance, reason: `${instance.id} (${plan.version}): ${reason}` } satisfies Interruption;
  };
}

/** Listens for decisions only. */
function attentive(run: Run, stepIndex: number): CheckInterrupt {
  return async () => interruptionIn(run.state, await readInbox(run), ROLLBACK_ONLY, stepIndex);
}
