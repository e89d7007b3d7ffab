import { drainAndStop } from "./drain-and-stop.ts";
import type { Observation } from "./effects-platform.ts";
import type { Interruption, StepOutcome } from "./procedure.ts";
import { noteUnready, type UnreadySince } from "./rolling.ts";
import { isPassing, look, newUnchanged, pauseMs, type Run, unchangedForMs } from "./run.ts";
import { freeSlots, type InterruptRules, interruptionIn } from "./run-state.ts";
import { nextSetAction, type SetAction, type SetGoal, surplusOf } from "./set-rule.ts";
import { instanceSummary, withoutFullStop } from "./status-lines.ts";

export interface SetWork extends SetGoal {
  stepIndex: number;
  /** by the run's own clock */
  until: number;
  /** null: nothing interrupts it, because this is the rollback already */
  interruptRules: InterruptRules | null;
  /** called after each look, for what must hold while it goes on; true when it changed what was seen */
  keep?: (observation: Observation) => Promise<boolean>;
}

type Failure = Extract<StepOutcome, { kind: "failed" | "interrupted" }>;
/** null: nothing of consequence, look again */
type Turn = Failure | { kind: "acted" } | { kind: "wait" };

const failed = (reason: string): Failure => ({ kind: "failed", reason, instance: null });
const interrupted = (by: Interruption): Failure => ({ kind: "interrupted", by });

/** Brings one version's set up to its number, all at once, and waits until it is ready. What else runs is left alone. */
export async function bringUpSet(run: Run, work: SetWork): Promise<StepOutcome> {
  const { durable, state } = run;
  const quiet = newUnchanged();
  let unready: UnreadySince = {};
  for (;;) {
    const observation = await look(run);
    const by = work.interruptRules && interruptionIn(state, observation, work.interruptRules, work.stepIndex);
    if (by) return interrupted(by);
    if (await work.keep?.(observation)) continue;
    await announceReady(run, observation, work);
    const seen = observation.instances ?? [];
    if (observation.instances) unready = noteUnready(unready, seen, work.version, observation.at);
    const action: SetAction = observation.instances
      ? nextSetAction(seen, work, unready, observation.at)
      : { do: "wait" };
    if (action.do === "done") return { kind: "passed", note: readyNote(observation, work) };
    if (action.do === "fail") {
      const { instance, reason } = action.hopeless;
      return { kind: "failed", reason: `${instance.id} (${work.version}): ${reason}`, instance };
    }
    if (observation.at >= work.until) return failed(lateness(observation));
    const turn = await act(run, work, action);
    if (turn.kind === "failed" || turn.kind === "interrupted") return turn;
    if (turn.kind === "wait")
      await durable.wait(pauseMs(unchangedForMs(quiet, instanceSummary(observation.instances), observation.at)));
  }
}

const readyOf = (observation: Observation, version: string): number =>
  (observation.instances ?? []).filter((one) => one.version === version && one.state === "ready").length;

const readyNote = (observation: Observation, { version, wanted }: SetGoal): string =>
  `${readyOf(observation, version)} of ${wanted} of ${version} ready`;

/** Why it was not done in time. */
export const lateness = ({ problem, instances }: Observation): string =>
  `Not done in time: ${problem ? `the platform does not answer (${withoutFullStop(problem)})` : `there were ${instanceSummary(instances)}`}`;

async function act(run: Run, work: SetWork, action: SetAction): Promise<Turn> {
  if (action.do === "replace") {
    const stopping = action.hopeless.map(({ instance, reason }) => ({ instance, why: `it is replaced: ${reason}` }));
    const drained = await drainAndStop(run, stopping, work.interruptRules, work.stepIndex);
    if (drained.kind === "interrupted") return interrupted(drained.by);
    return drained.kind === "stopped" ? { kind: "acted" } : { kind: "wait" };
  }
  if (action.do !== "start") return { kind: "wait" };
  return start(run, work, action.count);
}

/** Starts instances under numbers that no other one has, and remembers which of them were. */
async function start(run: Run, work: SetWork, count: number): Promise<Turn> {
  const { durable, effects, plan, state, observation } = run;
  const { wanted } = work;
  const slots = freeSlots(state, count).map((slot, i) => ({
    slot,
    progress: `${wanted - count + i + 1} of ${wanted}`,
  }));
  const seen = observation?.instances ?? null;
  const answer = await durable.step("start", () => effects.start(plan, work.version, slots, seen));
  const { started, refusal } = answer;
  for (const { slot, instanceId } of started) {
    state.started.add(slot);
    state.awaited.set(instanceId, observation?.at ?? plan.startedAt);
  }
  if (!refusal) return { kind: answer.statusFollows ? "wait" : "acted" };
  return isPassing(refusal) || work.replaceBroken ? { kind: "wait" } : failed(refusal.message);
}

/** Writes down which of the instances that were started have become ready. */
export async function announceReady(
  run: Run,
  observation: Observation,
  { version, wanted }: Pick<SetGoal, "version" | "wanted">,
): Promise<void> {
  const { durable, effects, plan, state } = run;
  const ready = observation.instances?.filter((one) => one.version === version && one.state === "ready") ?? [];
  const summary = `${ready.length} of ${wanted} instances run ${version}`;
  for (const { id } of ready) {
    const since = state.awaited.get(id);
    if (since === undefined) continue;
    state.awaited.delete(id);
    await durable.step("ready", () => effects.ready(plan, id, observation.at - since, summary));
  }
}

/** Makes one version's set the only one: brings it up, lets all others go, and then takes the weights away. */
export async function settle(run: Run, work: SetWork): Promise<StepOutcome> {
  const { durable, effects, plan } = run;
  for (;;) {
    const up = await bringUpSet(run, work);
    if (up.kind !== "passed") return up;
    const { observation } = run;
    const stopping = surplusOf(observation?.instances ?? [], work);
    if (stopping.length === 0 && observation?.weights === null) return up;
    if (stopping.length === 0) {
      const spread = await durable.step("spread", () => effects.resetWeights(plan));
      if (spread.ok) return up;
    } else {
      const drained = await drainAndStop(run, stopping, work.interruptRules, work.stepIndex);
      if (drained.kind === "interrupted") return interrupted(drained.by);
      if (drained.kind === "stopped") continue;
    }
    if (observation && observation.at >= work.until) return failed(lateness(observation));
    await durable.wait(pauseMs(1_000));
  }
}
