import { MonotonicElapsed, type StoredReading } from "../../kernel/clock.ts";
import type { Durable } from "../../ports/durable.ts";
import type { Observation, platformEffects, Refusal } from "./effects-platform.ts";
import type { recordEffects } from "./effects-record.ts";
import type { Inspection } from "./inspection.ts";
import type { DeploymentPlan } from "./procedure.ts";
import { type Inbox, newRunState, type RunState } from "./run-state.ts";

/** What the procedure does to the platform and to the record, and what inspects the new version for it. */
export type DeploymentEffects = ReturnType<typeof platformEffects> &
  ReturnType<typeof recordEffects> & { inspect: Inspection };

/** One deployment being carried out: what its parts share. */
export interface Run {
  readonly durable: Durable;
  readonly effects: DeploymentEffects;
  readonly plan: DeploymentPlan;
  readonly state: RunState;
  readonly clock: MonotonicElapsed;
  /** what was seen last; null before the first look */
  observation: Observation | null;
}

export const newRun = (durable: Durable, effects: DeploymentEffects, plan: DeploymentPlan): Run => ({
  ...{ durable, effects, plan, state: newRunState(plan) },
  clock: new MonotonicElapsed(plan.startedAt),
  observation: null,
});

/**
 * A reading as the run's own clock has it: milliseconds since 1970 that went by since it began, whatever happened to
 * the wall clock. All times of a run are compared by it.
 */
export const runClockMs = ({ clock, plan }: Run, reading: StoredReading): number =>
  plan.startedAt + clock.observe(reading);

/** Looks at the platform and hears what was decided. */
export async function look(run: Run): Promise<Observation> {
  const { durable, effects, plan, state } = run;
  const observation = await durable.step("look", () => effects.observe(plan, state.readUpTo));
  run.observation = { ...observation, at: runClockMs(run, observation) };
  return run.observation;
}

/** Hears what was decided. */
export async function readInbox(run: Run): Promise<Inbox> {
  const { durable, effects, plan, state } = run;
  const inbox = await durable.step("hear", () => effects.readInbox(plan, state.readUpTo));
  return { ...inbox, at: runClockMs(run, inbox) };
}

/** Worth another try: the platform may come back. Anything else was refused for a reason that stays. */
export const isPassing = ({ code }: Refusal): boolean =>
  code === "UPSTREAM_UNAVAILABLE" || code === "TIMEOUT" || code === "INTERNAL" || code === "RATE_LIMITED";

/** A tenth of the time nothing changed, between 100 ms and 5 s: quick at first, cheap in a long wait. */
export const pauseMs = (quietMs: number): number => Math.min(5_000, Math.max(100, Math.round(quietMs / 10)));

/** Since when the platform has looked the same. */
interface Unchanged {
  picture: string;
  since: number;
}
export const newUnchanged = (): Unchanged => ({ picture: "", since: 0 });

/** How long nothing changed, in milliseconds. */
export function unchangedForMs(quiet: Unchanged, picture: string, at: number): number {
  if (picture !== quiet.picture) Object.assign(quiet, { picture, since: at });
  return at - quiet.since;
}
