import { drainAndStop } from "./drain-and-stop.ts";
import type { StepOutcome } from "./procedure.ts";
import { nextRollingAction, noteUnready, type RollingAction, type RollingGoal, type UnreadySince } from "./rolling.ts";
import { isPassing, look, newUnchanged, pauseMs, type Run, unchangedForMs } from "./run.ts";
import { freeSlots, type InterruptRules, interruptionIn } from "./run-state.ts";
import { announceReady, lateness } from "./set.ts";
import { instanceSummary } from "./status-lines.ts";

/** Between two instances it stops for a pause; an instance that is leaving is seen off first. */
const BETWEEN: InterruptRules = { pause: true, promote: false };
const MEANWHILE: InterruptRules = { pause: false, promote: false };

/** null: nothing of consequence, look again */
type Turn = Extract<StepOutcome, { kind: "failed" | "interrupted" }> | { kind: "acted" } | { kind: "wait" };

/** Replaces instances one after the other: looks, does the one next thing, and looks again, until all are new. */
export async function roll(run: Run, stepIndex: number): Promise<StepOutcome> {
  const { durable, effects, plan, state } = run;
  const goal = goalOf(run);
  const quiet = newUnchanged();
  let unready: UnreadySince = {};
  for (;;) {
    const observation = await look(run);
    const by = interruptionIn(state, observation, BETWEEN, stepIndex);
    if (by) return { kind: "interrupted", by };
    await announceReady(run, observation, goal);
    const { instances } = observation;
    if (instances) unready = noteUnready(unready, instances, goal.version, observation.at);
    const action = instances && nextRollingAction(instances, goal, unready, observation.at);
    if (action?.do === "done" && observation.weights === null)
      return { kind: "passed", note: `${goal.wanted} of ${goal.wanted} run ${goal.version}` };
    if (action?.do === "fail") {
      const { instance, reason } = action;
      return { kind: "failed", reason: `${instance.id} (${goal.version}): ${reason}`, instance };
    }
    if (observation.at >= state.deadlineAt) return { kind: "failed", reason: lateness(observation), instance: null };
    if (observation.weights) await durable.step("spread", () => effects.resetWeights(plan)); // a split is not for this way of going
    const turn = action ? await act(run, goal, action, stepIndex) : ({ kind: "wait" } as const);
    if (turn.kind === "failed" || turn.kind === "interrupted") return turn;
    if (turn.kind === "wait")
      await durable.wait(pauseMs(unchangedForMs(quiet, instanceSummary(instances), observation.at)));
  }
}

const goalOf = ({ plan: { version, options } }: Run): RollingGoal => ({
  version,
  wanted: options.instances,
  maxSurge: options.maxSurge,
  maxUnavailable: options.maxUnavailable,
  readyTimeoutMs: options.healthCheckTimeoutSeconds * 1_000,
});

async function act(run: Run, goal: RollingGoal, action: RollingAction, stepIndex: number): Promise<Turn> {
  if (action.do === "drainAndStop") {
    const drained = await drainAndStop(run, [action], MEANWHILE, stepIndex);
    if (drained.kind === "stopped") return { kind: "acted" };
    if (drained.kind === "interrupted") return drained;
    return isPassing(drained.by) ? { kind: "wait" } : failed(drained.by.message);
  }
  if (action.do !== "start") return { kind: "wait" };
  const { durable, effects, plan, state, observation } = run;
  const [slot = 0] = freeSlots(state, 1);
  const progress = `${Math.min(slot + 1, goal.wanted)} of ${goal.wanted}`;
  const answer = await durable.step("start", () =>
    effects.start(plan, goal.version, [{ slot, progress }], observation?.instances ?? null),
  );
  for (const { instanceId } of answer.started) {
    state.started.add(slot);
    state.awaited.set(instanceId, observation?.at ?? plan.startedAt);
  }
  if (!answer.refusal) return { kind: answer.statusFollows ? "wait" : "acted" };
  return isPassing(answer.refusal) ? { kind: "wait" } : failed(answer.refusal.message);
}

const failed = (reason: string): Turn => ({ kind: "failed", reason, instance: null });
