import type { Refusal } from "../effects-platform.ts";
import type { Interruption } from "../procedure.ts";
import type { ObservedInstance } from "../rolling.ts";
import { type Heeds, listen } from "./course.ts";
import { hear, lived, type Run } from "./run.ts";

/** A drain is cut in slices, so that a cancel is heard within one. */
const SLICE_MS = 1_000;

interface Leaver {
  instance: ObservedInstance;
  why: string;
}

type Departure = { kind: "gone" } | { kind: "interrupted"; by: Interruption } | { kind: "refused"; by: Refusal };

/**
 * Lets instances finish their requests and stops them, all at once. While they drain it listens, unless `heeds` is
 * null; interrupted, they are left draining and nothing is stopped.
 */
export async function letGo(
  run: Run,
  leavers: readonly Leaver[],
  heeds: Heeds | null,
  stepIndex: number,
): Promise<Departure> {
  const { durable, effects, plan, course, sight } = run;
  const limitMs = plan.options.rules.drainSeconds * 1_000;
  const beganAt = sight?.at ?? plan.startedAt;
  const drainedMs = new Map<string, number>();
  let remaining: Record<string, number> = Object.fromEntries(leavers.map(({ instance }) => [instance.id, 1]));
  for (let spentMs = 0; spentMs < limitMs; ) {
    const busy = leavers.map(({ instance }) => instance.id).filter((id) => (remaining[id] ?? 0) > 0);
    if (busy.length === 0) break;
    const sliceMs = Math.min(SLICE_MS, limitMs - spentMs);
    const drained = await durable.step("drain", () => effects.drain(plan, busy, sliceMs));
    if (!drained.ok) return { kind: "refused", by: drained };
    remaining = { ...remaining, ...drained.remaining };
    // at least a slice, so that a clock that stands still ends it too
    const at = lived(run, drained);
    spentMs = Math.max(spentMs + sliceMs, at - beganAt);
    for (const id of busy) drainedMs.set(id, at - beganAt);
    if (!heeds || Object.values(remaining).every((left) => left === 0)) continue;
    const by = listen(course, await hear(run), heeds, stepIndex);
    if (by) return { kind: "interrupted", by };
  }
  const leaving = leavers.map(({ instance, why }) => ({
    instance: { id: instance.id, version: instance.version },
    why,
    remaining: remaining[instance.id] ?? 0,
    drainedMs: drainedMs.get(instance.id) ?? 0,
  }));
  const stopped = await durable.step("stop", () => effects.stop(plan, leaving));
  return stopped.ok ? { kind: "gone" } : { kind: "refused", by: stopped };
}
