import { freeSlots, type Heeds, listen } from "./run-state.ts";
import type { Sight } from "./effects-platform.ts";
import { letGo } from "./drain-and-stop.ts";
import type { Interruption, StepOutcome } from "./procedure.ts";
import { noteUnready, type UnreadySince } from "./rolling.ts";
import { isPassing, look, newQuiet, pauseMs, quietFor, type Run } from "./run.ts";
import { leaversOf, nextSetAction, type SetAction, type SetGoal } from "./set-rule.ts";
import { bare, picture } from "./words.ts";

export interface SetWork extends SetGoal {
  stepIndex: number;
  /** by the run's own clock */
  until: number;
  /** null: nothing is heeded, because this is the way back already */
  heeds: Heeds | null;
  /** called after each look, for what must hold while it goes on; true when it changed what was seen */
  keep?: (sight: Sight) => Promise<boolean>;
}

type Failure = Extract<StepOutcome, { kind: "failed" | "interrupted" }>;
/** null: nothing of consequence, look again */
type Turn = Failure | { kind: "acted" } | { kind: "wait" };

const failed = (reason: string): Failure => ({ kind: "failed", reason, instance: null });
const interrupted = (by: Interruption): Failure => ({ kind: "interrupted", by });

/** Brings one version's set up to its number, all at once, and waits until it is ready. What else runs is left alone. */
export async function bringUpSet(run: Run, work: SetWork): Promise<StepOutcome> {
  const { durable, course } = run;
  const quiet = newQuiet();
  let unready: UnreadySince = {};
  for (;;) {
    const sight = await look(run);
    const by = work.heeds && listen(course, sight, work.heeds, work.stepIndex);
    if (by) return interrupted(by);
    if (await work.keep?.(sight)) continue;
    await announceReady(run, sight, work);
    const seen = sight.instances ?? [];
    if (sight.instances) unready = noteUnready(unready, seen, work.version, sight.at);
    const action: SetAction = sight.instances ? nextSetAction(seen, work, unready, sight.at) : { do: "wait" };
    if (action.do === "done") return { kind: "passed", note: readyNote(sight, work) };
    if (action.do === "fail") {
      const { instance, reason } = action.hopeless;
      return { kind: "failed", reason: `${instance.id} (${work.version}): ${reason}`, instance };
    }
    if (sight.at >= work.until) return failed(lateness(sight));
    const turn = await act(run, work, action);
    if (turn.kind === "failed" || turn.kind === "interrupted") return turn;
    if (turn.kind === "wait") await durable.wait(pauseMs(quietFor(quiet, picture(sight.instances), sight.at)));
  }
}

const readyOf = (sight: Sight, version: string): number =>
  (sight.instances ?? []).filter((one) => one.version === version && one.state === "ready").length;

const readyNote = (sight: Sight, { version, wanted }: SetGoal): string =>
  `${readyOf(sight, version)} of ${wanted} of ${version} ready`;

/** Why it was not done in time. */
export const lateness = ({ problem, instances }: Sight): string =>
  `Not done in time: ${problem ? `the platform does not answer (${bare(problem)})` : `there were ${picture(instances)}`}`;

async function act(run: Run, work: SetWork, action: SetAction): Promise<Turn> {
  if (action.do === "replace") {
    const leavers = action.hopeless.map(({ instance, reason }) => ({ instance, why: `it is replaced: ${reason}` }));
    const departure = await letGo(run, leavers, work.heeds, work.stepIndex);
    if (departure.kind === "interrupted") return interrupted(departure.by);
    return departure.kind === "gone" ? { kind: "acted" } : { kind: "wait" };
  }
  if (action.do !== "start") return { kind: "wait" };
  return start(run, work, action.count);
}

/** Starts instances under numbers that no other one has, and remembers which of them were. */
async function start(run: Run, work: SetWork, count: number): Promise<Turn> {
  const { durable, effects, plan, course, sight } = run;
  const { wanted } = work;
  const slots = freeSlots(course, count).map((slot, i) => ({
    slot,
    progress: `${wanted - count + i + 1} of ${wanted}`,
  }));
  const { started, refusal } = await durable.step("start", () => effects.start(plan, work.version, slots));
  for (const { slot, instanceId } of started) {
    course.started.add(slot);
    course.awaited.set(instanceId, sight?.at ?? plan.startedAt);
  }
  if (!refusal) return { kind: "acted" };
  return isPassing(refusal) || work.replaceBroken ? { kind: "wait" } : failed(refusal.message);
}

/** Writes down which of the instances that were started have become ready. */
export async function announceReady(
  run: Run,
  sight: Sight,
  { version, wanted }: Pick<SetGoal, "version" | "wanted">,
): Promise<void> {
  const { durable, effects, plan, course } = run;
  const ready = sight.instances?.filter((one) => one.version === version && one.state === "ready") ?? [];
  const summary = `${ready.length} of ${wanted} instances run ${version}`;
  for (const { id } of ready) {
    const since = course.awaited.get(id);
    if (since === undefined) continue;
    course.awaited.delete(id);
    await durable.step("ready", () => effects.ready(plan, id, sight.at - since, summary));
  }
}

/** Makes one version's set the only one: brings it up, lets all others go, and then takes the weights away. */
export async function settle(run: Run, work: SetWork): Promise<StepOutcome> {
  const { durable, effects, plan } = run;
  for (;;) {
    const up = await bringUpSet(run, work);
    if (up.kind !== "passed") return up;
    const { sight } = run;
    const leavers = leaversOf(sight?.instances ?? [], work);
    if (leavers.length === 0 && sight?.weights === null) return up;
    if (leavers.length === 0) {
      const spread = await durable.step("spread", () => effects.spread(plan));
      if (spread.ok) return up;
    } else {
      const departure = await letGo(run, leavers, work.heeds, work.stepIndex);
      if (departure.kind === "interrupted") return interrupted(departure.by);
      if (departure.kind === "gone") continue;
    }
    if (sight && sight.at >= work.until) return failed(lateness(sight));
    await durable.wait(pauseMs(1_000));
  }
}
