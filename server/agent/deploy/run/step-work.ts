import type { StepKind } from "../schema.ts";
import { type Heeds, listen } from "./run-state.ts";
import { letGo } from "./drain-and-stop.ts";
import type { Heed, Interruption, PlannedStep, StepOutcome } from "./procedure.ts";
import { roll } from "./roll.ts";
import { findHopeless, isLeaving, noteUnready, type UnreadySince } from "./rolling.ts";
import { hear, isPassing, look, pauseMs, type Run } from "./run.ts";
import { bringUpSet, lateness, type SetWork, settle } from "./set.ts";

/** Carries out one step, whatever its kind. */

const GOES_BACK: Heeds = { pause: false, promote: false };
const JUDGED: Heeds = { pause: true, promote: true };

/** Time spent in these does not count: the judge, the hook and the hold have limits of their own. */
export const isUntimed = (kind: StepKind): boolean => kind === "analysis" || kind === "hold" || kind === "hook";

export function carryOut(run: Run, step: PlannedStep, attempt: number, since?: number): Promise<StepOutcome> {
  const { durable, effects, plan, course } = run;
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
        ...{ step, attempt, kind: "step", since, heed: watchful(run, step.index) },
      });
    case "hold": {
      const holdSeconds = holdSecondsOf(run);
      const heed = watchful(run, step.index);
      return effects.inspect.analyse(durable, plan, { step, attempt, kind: "hold", holdSeconds, heed });
    }
    case "hook": {
      const heed = attentive(run, step.index);
      return effects.inspect.hook(durable, plan, { step, attempt, weight: course.weight, heed });
    }
    case "verify":
      return effects.inspect.verify(durable, plan, { step, attempt });
  }
}

export const holdSecondsOf = ({ plan }: Pick<Run, "plan">): number => {
  const { canary, blueGreen } = plan.options.rules;
  return plan.strategy === "canary" ? canary.keepOldSeconds : blueGreen.keepOldSeconds;
};

const newSet = ({ plan, course }: Run, stepIndex: number, wanted: number): SetWork => ({
  version: plan.version,
  wanted,
  readyTimeoutMs: plan.options.healthCheckTimeoutSeconds * 1_000,
  replaceBroken: false,
  stepIndex,
  until: course.deadlineAt,
  heeds: GOES_BACK,
});

/** New instances beside what runs, kept out of the users' traffic before the first of them starts. */
async function bringUp(run: Run, { index, instances }: PlannedStep): Promise<StepOutcome> {
  if (run.course.weight === null) {
    const kept = await giveShare(run, 0, index);
    if (kept) return kept;
  }
  run.course.up = instances ?? run.plan.options.instances;
  return bringUpSet(run, newSet(run, index, run.course.up));
}

/** The old set goes, and with it the split of the traffic. */
async function retire(run: Run, { index }: PlannedStep): Promise<StepOutcome> {
  const outcome = await settle(run, newSet(run, index, run.plan.options.instances));
  if (outcome.kind === "passed") run.course.weight = null;
  return outcome;
}

/**
 * What a step needs that is tried again after a failure: those of its instances that did not come up are replaced, and
 * its share is given back. Null when it can begin.
 */
export async function prepareRetry(run: Run, { index, kind }: PlannedStep): Promise<StepOutcome | null> {
  const { plan, course } = run;
  const sight = await look(run);
  const down = (sight.instances ?? []).filter((one) => one.version === plan.version && one.state !== "ready");
  const leavers = down.map((instance) => ({ instance, why: "it is tried anew" }));
  const departure = leavers.length > 0 ? await letGo(run, leavers, GOES_BACK, index) : null;
  if (departure?.kind === "interrupted") return departure;
  // these bring up and share by themselves
  if (course.weight === null || kind === "bring_up" || kind === "weight") return null;
  const up = await bringUpSet(run, newSet(run, index, course.up));
  return up.kind === "passed" ? giveShare(run, course.weight, index) : up;
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
  const { durable, effects, plan, course } = run;
  for (;;) {
    const shared = await durable.step("share", () => effects.share(plan, weight));
    if (shared.ok) {
      course.weight = weight;
      return null;
    }
    if (!isPassing(shared)) return { kind: "failed", reason: shared.message, instance: null };
    const sight = await look(run);
    const by = listen(course, sight, GOES_BACK, stepIndex);
    if (by) return { kind: "interrupted", by };
    if (sight.at >= course.deadlineAt)
      return { kind: "failed", reason: `${lateness(sight)}; ${shared.message}`, instance: null };
    await durable.wait(pauseMs(2_000));
  }
}

/** Listens for decisions, and looks whether an instance of the new version will not come back by itself. */
function watchful(run: Run, stepIndex: number): Heed {
  const { plan, course } = run;
  let unready: UnreadySince = {};
  return async () => {
    const sight = await look(run);
    const by = listen(course, sight, JUDGED, stepIndex);
    if (by || !sight.instances) return by;
    const fresh = sight.instances.filter((one) => one.version === plan.version && !isLeaving(one));
    unready = noteUnready(unready, sight.instances, plan.version, sight.at);
    const readyTimeoutMs = plan.options.healthCheckTimeoutSeconds * 1_000;
    const [hopeless] = findHopeless(fresh, readyTimeoutMs, unready, sight.at);
    if (!hopeless) return null;
    const { instance, reason } = hopeless;
    return { kind: "broken", instance, reason: `${instance.id} (${plan.version}): ${reason}` } satisfies Interruption;
  };
}

/** Listens for decisions only. */
function attentive(run: Run, stepIndex: number): Heed {
  return async () => listen(run.course, await hear(run), GOES_BACK, stepIndex);
}
