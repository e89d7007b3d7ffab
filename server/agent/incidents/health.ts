import { type HealthTransition, saysLost } from "../health/index.ts";
import type { Runtime } from "../kernel/context.ts";
import { describeSeconds } from "../text/durations.ts";
import { type AutomaticWork, noteOn, openOrAdd, resolveBy } from "./automatic.ts";
import type { NewEvent } from "./change.ts";
import { outageSeverity } from "./severity.ts";
import { findByCause, type IncidentRow, isKnownEvent, listUnresolved } from "./store.ts";
import { isUnresolved } from "./transitions.ts";

type Target = HealthTransition["target"];

/** One cause per service and environment; endpoints stand for themselves. */
const causeOf = (target: Target): string =>
  target.service ? `health:${target.service}/${target.environment ?? ""}` : `health:${target.id}`;
const nameOf = (target: Target): string =>
  target.service && target.environment ? `${target.service} in ${target.environment}` : target.name;

/**
 * Follows the health of targets: what goes down opens one incident per cause; a consequence of something else is
 * written on that one's timeline and pages nobody; recovery is recorded, and resolves when the configuration says so.
 * The same transition delivered twice is the same as once.
 */
export async function onHealthTransition(runtime: Runtime, transition: HealthTransition): Promise<void> {
  await runtime.db.$transaction(
    async (tx) => {
      if (await isKnownEvent(tx, transition.key)) return;
      const work = { runtime, tx, job: "health watcher", key: transition.key, at: runtime.now() };
      const own = await findOpen(work, causeOf(transition.target));
      if (transition.to === "down" || (transition.to === "degraded" && saysLost(transition.message)))
        await goesDown(work, transition, own);
      else if (transition.from === "down" || (own && hasRecovered(transition))) await recovers(work, transition, own);
    },
    { timeout: 15_000, maxWait: 10_000 },
  );
}

/** Up at last by way of another state; from `pending` it never was away. */
const hasRecovered = ({ from, to }: HealthTransition): boolean => to === "up" && from !== "up" && from !== "pending";

async function findOpen({ tx }: AutomaticWork, causeKey: string): Promise<IncidentRow | null> {
  const last = await findByCause(tx, causeKey);
  return last && isUnresolved(last.status) ? last : null;
}

async function goesDown(work: AutomaticWork, transition: HealthTransition, own: IncidentRow | null): Promise<void> {
  const { target, causedBy, message } = transition;
  const found = message ? `: ${message}` : "";
  const detail = { targetId: target.id, state: transition.to, causedBy: causedBy?.id ?? null };
  if (causedBy) {
    const text = `${nameOf(target)} fails because of ${causedBy.name}${found}`;
    const cause = await findIncidentOfTarget(work, causedBy.id);
    if (cause) await noteOn(work, cause, { kind: "health", message: text, detail });
    if (own && own.id !== cause?.id)
      await noteOn(work, own, { kind: "health", message: `Explained by ${causedBy.name}, which is down`, detail });
    return;
  }
  const event: NewEvent = { kind: "health", message: `${nameOf(target)} is ${transition.to}${found}`, detail };
  if (transition.muted) {
    if (own) await noteOn(work, own, event);
    return;
  }
  const { service, environment } = target;
  await openOrAdd(
    work,
    {
      title: `${nameOf(target)} is ${transition.to}`,
      description: message ?? "",
      severity: outageSeverity(target),
      assignee: null,
      ...{ service, environment, deploymentId: null, source: "health", causeKey: causeOf(target) },
    },
    event,
  );
}

/** The open incident that health opened for a target. */
async function findIncidentOfTarget({ tx }: AutomaticWork, targetId: string): Promise<IncidentRow | null> {
  const where = { source: "health", events: { some: { detail: { path: ["targetId"], equals: targetId } } } };
  const candidates = await listUnresolved(tx, where);
  return candidates[0] ?? null;
}

async function recovers(work: AutomaticWork, transition: HealthTransition, own: IncidentRow | null): Promise<void> {
  const { target, to } = transition;
  const detail = { targetId: target.id, state: to };
  const words = to === "up" ? "is up again" : `is no longer down: ${to}`;
  const event: NewEvent = { kind: "health", message: `${nameOf(target)} ${words}`, detail };
  const mentioned = { events: { some: { kind: "health", detail: { path: ["targetId"], equals: target.id } } } };
  for (const other of await listUnresolved(work.tx, mentioned))
    if (other.id !== own?.id) await noteOn(work, other, event);
  if (!own) return;
  await noteOn(work, own, event);
  if (to !== "up" || !work.runtime.config.alertingConfig.resolveOnRecovery) return;
  const lasted = describeSeconds((work.at.getTime() - own.openedAt.getTime()) / 1_000);
  await resolveBy(work, own, `${nameOf(target)} recovered by itself after ${lasted}.`);
}
