import type { Durable } from "./durable.ts";
import type { DeploymentEffects, Sight } from "./effects.ts";
import type { DeploymentPlan } from "./record.ts";
import {
  nextRollingAction,
  noteUnready,
  type ObservedInstance,
  type RollingAction,
  type RollingGoal,
} from "./rolling.ts";

/** One direction of the way: forward to the new version, or back to the one before. */
export interface Leg {
  name: "forward" | "back";
  goal: RollingGoal;
  /** milliseconds since 1970 */
  deadlineAt: number;
  heedsCancel: boolean;
}

export type Outcome =
  | { kind: "done" }
  | { kind: "cancelled" }
  | { kind: "failed"; reason: string; instance: ObservedInstance | null; instances: readonly ObservedInstance[] };

/** Looks, does the one next thing, and looks again, until the goal is reached or cannot be. */
export async function reconcile(
  durable: Durable,
  effects: DeploymentEffects,
  plan: DeploymentPlan,
  leg: Leg,
): Promise<Outcome> {
  const { goal, name } = leg;
  const walk: Walk = { unreadySince: {}, awaited: new Map(), started: 0, picture: "", pictureAt: 0, known: [] };
  for (;;) {
    const sight = await durable.step("look", () => effects.look(plan));
    remember(walk, sight, goal.version);
    await announceReady(durable, effects, plan, goal, walk, sight);
    const action = sight.instances && nextRollingAction(sight.instances, goal, walk.unreadySince, sight.at);
    const outcome = judge(walk, leg, sight, action);
    if (outcome) return outcome;
    if (sight.weighted) await durable.step("spread", () => effects.spread(plan));
    const effect = action && (await act(durable, effects, plan, leg, walk, action, sight.at));
    if (effect?.ok) continue;
    if (effect && !isPassing(effect.code) && name === "forward") return failed(walk, effect.message, null);
    await durable.wait(pauseMs(sight.at - walk.pictureAt));
  }
}

/** What one leg keeps in mind; made of remembered results only, so a second run of the body comes to the same. */
interface Walk {
  unreadySince: Readonly<Record<string, number>>;
  /** instances started on this leg that are not ready yet, and when they were started */
  awaited: Map<string, number>;
  started: number;
  /** what ran at the last look, in words, and since when */
  picture: string;
  pictureAt: number;
  known: readonly ObservedInstance[];
}

function remember(walk: Walk, sight: Sight, version: string): void {
  const picture = describe(sight);
  if (picture !== walk.picture) Object.assign(walk, { picture, pictureAt: sight.at });
  if (!sight.instances) return;
  walk.known = sight.instances;
  walk.unreadySince = noteUnready(walk.unreadySince, sight.instances, version, sight.at);
}

/** How the leg ends, when it does. */
function judge(walk: Walk, leg: Leg, sight: Sight, action: RollingAction | null): Outcome | null {
  if (leg.heedsCancel && sight.cancelRequested) return { kind: "cancelled" };
  if (action?.do === "done") return { kind: "done" };
  if (action?.do === "fail")
    return failed(walk, `${action.instance.id} (${leg.goal.version}): ${action.reason}`, action.instance);
  if (sight.at < leg.deadlineAt) return null;
  const waiting = sight.problem ? `the platform does not answer (${sight.problem})` : `there were ${walk.picture}`;
  return failed(walk, `Not done in time: ${waiting}`, null);
}

const failed = (walk: Walk, reason: string, instance: ObservedInstance | null): Outcome => ({
  kind: "failed",
  reason,
  instance,
  instances: walk.known,
});

async function act(
  durable: Durable,
  effects: DeploymentEffects,
  plan: DeploymentPlan,
  { name, goal }: Leg,
  walk: Walk,
  action: RollingAction,
  at: number,
) {
  if (action.do === "drainAndStop")
    return durable.step("drain and stop", () => effects.drainAndStop(plan, action.instance, action.why));
  if (action.do !== "start") return null;
  const slot = `${name}-${walk.started}`;
  const progress = `${Math.min(walk.started + 1, goal.wanted)} of ${goal.wanted}`;
  const effect = await durable.step("start", () => effects.start(plan, goal.version, slot, progress));
  if (effect.ok) {
    walk.started += 1;
    walk.awaited.set(effect.instanceId, at);
  }
  return effect;
}

async function announceReady(
  durable: Durable,
  effects: DeploymentEffects,
  plan: DeploymentPlan,
  goal: RollingGoal,
  { awaited }: Walk,
  sight: Sight,
): Promise<void> {
  const ready = sight.instances?.filter((one) => one.version === goal.version && one.state === "ready") ?? [];
  const summary = `${ready.length} of ${goal.wanted} instances run ${goal.version}`;
  for (const { id } of ready) {
    const since = awaited.get(id);
    if (since === undefined) continue;
    awaited.delete(id);
    await durable.step("ready", () => effects.ready(plan, id, sight.at - since, summary));
  }
}

/** Worth another try: the platform may come back. Anything else was refused for a reason that stays. */
const isPassing = (code: string): boolean =>
  code === "UPSTREAM_UNAVAILABLE" || code === "TIMEOUT" || code === "INTERNAL" || code === "RATE_LIMITED";

/** A tenth of the time nothing changed, between 100 ms and 5 s: quick at first, cheap in a long wait. */
const pauseMs = (quietMs: number): number => Math.min(5_000, Math.max(100, Math.round(quietMs / 10)));

/** `2 × 1.0.0 ready, 1 × 1.1.0 starting`: changes when something on the platform does. */
function describe(sight: Sight): string {
  if (!sight.instances) return "no answer";
  const counts = new Map<string, number>();
  for (const { version, state } of sight.instances) {
    const what = `${version} ${state}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  const parts = [...counts].map(([what, count]) => `${count} × ${what}`);
  return parts.sort().join(", ") || "no instances";
}
