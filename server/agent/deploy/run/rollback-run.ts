import type { StoredReading } from "../../kernel/clock.ts";
import { withCost } from "../plan/rollback-cost.ts";
import type { Ending } from "../record/on-timeline.ts";
import type { Observation } from "./effects-platform.ts";
import { look, type Run, runClockMs } from "./run.ts";
import { type SetWork, settle } from "./set.ts";
import { serving, withoutFullStop } from "./status-lines.ts";

/** Why a deployment does not go on, and how it is to end. */
export interface Stop {
  ending: Extract<Ending, "rolled_back" | "cancelled">;
  /** `Ada called it back: too many errors`; for the record and the incident */
  reason: string;
  /** it failed, as opposed to somebody having decided against it */
  failure: boolean;
  /** the step that was being carried out and is not marked as failed yet */
  openStep: number | null;
}

/** The least time a rollback is given, however short the deployment's own deadline was. */
const LEAST_MS = 120_000;

/**
 * Back to the version before: traffic first, then its set to the wanted number all at once, then the new instances go,
 * and the weights last of all. Without a version before, everything is left as it is.
 */
export async function rollBack(run: Run, stop: Stop): Promise<void> {
  const { durable, effects, plan } = run;
  const { previousVersion, options } = plan;
  if (previousVersion === null) return leaveAsItIs(run, stop);
  const withinMs = Math.max(options.timeoutSeconds * 1_000, LEAST_MS);
  const turned = await durable.step<StoredReading>("turn back", () =>
    effects.beginRollback(plan, stop.reason, stop.openStep, withinMs),
  );
  // former releases remembered until when it had time
  const until = runClockMs(run, typeof turned === "number" ? turned - withinMs : turned) + withinMs;
  let traffic = await durable.step("traffic back", () => effects.returnTraffic(plan));
  const work: SetWork = {
    version: previousVersion,
    wanted: options.instances,
    readyTimeoutMs: options.healthCheckTimeoutSeconds * 1_000,
    replaceBroken: true,
    stepIndex: -1,
    until,
    interruptRules: null,
    keep: async (observation: Observation) => {
      if (traffic.ok || !observation.instances) return false;
      traffic = await durable.step("traffic back", () => effects.returnTraffic(plan));
      return traffic.ok;
    },
  };
  const back = await settle(run, work);
  if (back.kind !== "passed") {
    const why = back.kind === "failed" ? withoutFullStop(back.reason) : "it was interrupted";
    const summary = `The way back to ${previousVersion} was not completed: ${why}. ${serving(run.observation?.instances ?? null)} Deploy a version that works.`;
    return finish(run, "failed", stop.reason, true, summary);
  }
  const serves = `${previousVersion} serves again with ${options.instances} of ${options.instances} instances.`;
  const how = stop.ending === "cancelled" ? "Cancelled." : `Rolled back: ${withoutFullStop(stop.reason)}.`;
  return finish(run, stop.ending, stop.reason, stop.failure, `${how} ${serves}`);
}

async function leaveAsItIs(run: Run, stop: Stop): Promise<void> {
  const observation = await look(run);
  const why = "nothing ran before it that it could go back to";
  const how = stop.ending === "cancelled" ? "Cancelled" : withoutFullStop(stop.reason);
  const summary = `${how}. Left as it is, because ${why}. ${serving(observation.instances)}`;
  const ending = stop.ending === "cancelled" ? "cancelled" : "failed";
  return finish(run, ending, stop.reason, stop.failure, summary);
}

/** Counts what it cost, then closes the record, which puts the end on the time line. */
async function finish(run: Run, ending: Ending, reason: string, failure: boolean, summary: string): Promise<void> {
  const { durable, effects, plan, state } = run;
  // an incident that was opened when it asked for a decision only learns how it ended
  const blamed = !state.reported && (ending === "failed" || failure) ? reason : null;
  // the release before told the incidents in a step of this name, and remembered nothing of it
  const cost = await durable.step("report", () => effects.cost(plan, ending));
  const report = { message: withCost(summary, cost), why: reason, failure: blamed };
  await durable.step("end", () => effects.end(plan, ending, summary, report));
}
