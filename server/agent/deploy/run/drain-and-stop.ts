import type { Refusal } from "./effects-platform.ts";
import type { Interruption } from "./procedure.ts";
import { hasFollowed } from "./replica-effects.ts";
import type { ObservedInstance } from "./rolling.ts";
import { look, pauseMs, type Run, readInbox, runClockMs } from "./run.ts";
import { type InterruptRules, interruptionIn } from "./run-state.ts";
import { stillOpen, stoppingNow } from "./status-lines.ts";

/** A drain is cut in slices, so that a cancel is read within one. */
const SLICE_MS = 1_000;
/** after so long without what was asked for, it is asked for again */
const FOLLOW_MS = 60_000;

interface StoppingInstance {
  instance: ObservedInstance;
  why: string;
}

type DrainResult = { kind: "stopped" } | { kind: "interrupted"; by: Interruption } | { kind: "refused"; by: Refusal };

/**
 * Lets instances finish their requests and stops them, all at once. While they drain it listens, unless `interruptRules` is
 * null; interrupted, they are left draining and nothing is stopped.
 */
export async function drainAndStop(
  run: Run,
  stopping: readonly StoppingInstance[],
  interruptRules: InterruptRules | null,
  stepIndex: number,
): Promise<DrainResult> {
  const { durable, effects, plan, state, observation } = run;
  const limitMs = plan.options.rules.drainSeconds * 1_000;
  const beganAt = observation?.at ?? plan.startedAt;
  const drainedMs = new Map<string, number>();
  let remaining: Record<string, number> = Object.fromEntries(stopping.map(({ instance }) => [instance.id, 1]));
  for (let spentMs = 0; spentMs < limitMs; ) {
    const busy = stopping.map(({ instance }) => instance.id).filter((id) => (remaining[id] ?? 0) > 0);
    if (busy.length === 0) break;
    const sliceMs = Math.min(SLICE_MS, limitMs - spentMs);
    const isLast = spentMs + sliceMs >= limitMs;
    const summaryOf = (left: Readonly<Record<string, number>>): string | null => {
      const open = openOf(stopping, { ...remaining, ...left });
      if (open.size > 0 && !isLast) return stillOpen(open, limitMs / 1_000);
      // what ends within the first slice was never said to be waited for
      return open.size > 0 || spentMs > 0 ? stoppingNow(stopping, open) : null;
    };
    const drained = await durable.step("drain", () => effects.drain(plan, busy, sliceMs, summaryOf));
    if (!drained.ok) return { kind: "refused", by: drained };
    remaining = { ...remaining, ...drained.remaining };
    // at least a slice, so that a clock that stands still ends it too
    const at = runClockMs(run, drained);
    spentMs = Math.max(spentMs + sliceMs, at - beganAt);
    for (const id of busy) drainedMs.set(id, at - beganAt);
    if (!interruptRules || Object.values(remaining).every((left) => left === 0)) continue;
    const by = interruptionIn(state, await readInbox(run), interruptRules, stepIndex);
    if (by) return { kind: "interrupted", by };
  }
  const leaving = stopping.map(({ instance, why }) => ({
    instance: { id: instance.id, version: instance.version },
    why,
    remaining: remaining[instance.id] ?? 0,
    drainedMs: drainedMs.get(instance.id) ?? 0,
  }));
  const stopped = await durable.step("stop", () => effects.stop(plan, leaving, observation?.instances ?? null));
  if (!stopped.ok) return { kind: "refused", by: stopped };
  return stopped.replicas ? untilFollowed(run, stopped.replicas, interruptRules, stepIndex) : { kind: "stopped" };
}

/** Waits until a platform that stops instances in its own time has done so. */
async function untilFollowed(
  run: Run,
  replicas: Readonly<Record<string, number>>,
  interruptRules: InterruptRules | null,
  stepIndex: number,
): Promise<DrainResult> {
  const beganAt = run.observation?.at ?? run.plan.startedAt;
  for (;;) {
    const observation = await look(run);
    if (observation.instances && hasFollowed(observation.instances, replicas)) return { kind: "stopped" };
    const by = interruptRules && interruptionIn(run.state, observation, interruptRules, stepIndex);
    if (by) return { kind: "interrupted", by };
    const waitedMs = observation.at - beganAt;
    if (waitedMs >= FOLLOW_MS)
      return { kind: "refused", by: { ok: false, code: "TIMEOUT", message: "instances that are to stop still run" } };
    await run.durable.wait(pauseMs(waitedMs));
  }
}

/** How many connections are open to instances of each version that leaves; versions without any are left out. */
function openOf(stopping: readonly StoppingInstance[], left: Readonly<Record<string, number>>): Map<string, number> {
  const open = new Map<string, number>();
  for (const { id, version } of stopping.map(({ instance }) => instance)) {
    const own = left[id] ?? 0;
    if (own > 0) open.set(version, (open.get(version) ?? 0) + own);
  }
  return open;
}
