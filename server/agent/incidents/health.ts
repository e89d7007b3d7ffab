import { catalogOf } from "../catalog/catalog.ts";
import type { Runtime } from "../kernel/context.ts";
import { describeSeconds } from "../text/durations.ts";
import type { TimelineEventOf } from "../timeline/schema.ts";
import { type AutomaticWork, noteOn, openOrAdd, resolveBy } from "./automatic.ts";
import { type Cause, causeOf } from "./cause.ts";
import type { NewEvent } from "./change.ts";
import { outageSeverity } from "./severity.ts";
import { isUnresolved } from "./status-transitions.ts";
import { findByCause, type IncidentRow, isKnownEvent, listUnresolved } from "./store.ts";

type HealthChanged = TimelineEventOf<"health.changed">;

const nameOf = ({ service, environment, detail }: HealthChanged): string =>
  service && environment ? `${service} in ${environment}` : detail.target;

/**
 * Follows the health of targets: what goes down opens one incident per cause; a consequence of something else is
 * written on that one's timeline and pages nobody; recovery is recorded, and resolves when the configuration says so.
 * The same event delivered twice is the same as once.
 */
export async function onHealthChanged(runtime: Runtime, event: HealthChanged): Promise<void> {
  const cause = causeOf(event);
  if (!cause) return;
  await runtime.db.$transaction(
    async (tx) => {
      if (await isKnownEvent(tx, event.key)) return;
      const work = { runtime, tx, job: "health watcher", key: event.key, at: runtime.now() };
      const own = await findOpen(work, cause.key);
      if (cause.effect === "recover") await recovers(work, event, own);
      else if (event.detail.causedBy) await isExplained(work, event, event.detail.causedBy, own);
      else await goesDown(work, event, cause, own);
    },
    { timeout: 15_000, maxWait: 10_000 },
  );
}

async function findOpen({ tx }: AutomaticWork, causeKey: string): Promise<IncidentRow | null> {
  const last = await findByCause(tx, causeKey);
  return last && isUnresolved(last.status) ? last : null;
}

const found = ({ detail: { message } }: HealthChanged): string => (message ? `: ${message}` : "");

/** Written on the incident of what explains it, and on its own when it has one. */
async function isExplained(
  work: AutomaticWork,
  event: HealthChanged,
  causedBy: { id: string; name: string },
  own: IncidentRow | null,
): Promise<void> {
  const detail = { targetId: event.subject, state: event.detail.to, causedBy: causedBy.id };
  const text = `${nameOf(event)} fails because of ${causedBy.name}${found(event)}`;
  const cause = await findIncidentOfTarget(work, causedBy.id);
  if (cause) await noteOn(work, cause, { kind: "health", message: text, detail });
  if (own && own.id !== cause?.id)
    await noteOn(work, own, { kind: "health", message: `Explained by ${causedBy.name}, which is down`, detail });
}

async function goesDown(
  work: AutomaticWork,
  event: HealthChanged,
  { effect, key: causeKey }: Cause,
  own: IncidentRow | null,
): Promise<void> {
  const { service, environment, subject, detail } = event;
  const state = `${nameOf(event)} is ${detail.to}`;
  const entry: NewEvent = {
    kind: "health",
    message: `${state}${found(event)}`,
    detail: { targetId: subject, state: detail.to, causedBy: null },
  };
  if (effect === "note") {
    if (own) await noteOn(work, own, entry);
    return;
  }
  await openOrAdd(
    work,
    {
      title: state,
      description: detail.message ?? "",
      severity: outageSeverity({ service, environment }, catalogOf(work.runtime.config).production),
      assignee: null,
      ...{ service, environment, deploymentId: null, source: "health", causeKey },
    },
    entry,
  );
}

/** The open incident that health opened for a target. */
async function findIncidentOfTarget({ tx }: AutomaticWork, targetId: string): Promise<IncidentRow | null> {
  const where = { source: "health", events: { some: { detail: { path: ["targetId"], equals: targetId } } } };
  const candidates = await listUnresolved(tx, where);
  return candidates[0] ?? null;
}

async function recovers(work: AutomaticWork, event: HealthChanged, own: IncidentRow | null): Promise<void> {
  const { subject: targetId } = event;
  const { from, to } = event.detail;
  if (from !== "down" && !own) return;
  const words = to === "up" ? "is up again" : `is no longer down: ${to}`;
  const entry: NewEvent = { kind: "health", message: `${nameOf(event)} ${words}`, detail: { targetId, state: to } };
  const mentioned = { events: { some: { kind: "health", detail: { path: ["targetId"], equals: targetId } } } };
  for (const other of await listUnresolved(work.tx, mentioned))
    if (other.id !== own?.id) await noteOn(work, other, entry);
  if (!own) return;
  await noteOn(work, own, entry);
  if (to !== "up" || !work.runtime.config.alertingConfig.resolveOnRecovery) return;
  const lasted = describeSeconds((work.at.getTime() - own.openedAt.getTime()) / 1_000);
  await resolveBy(work, own, `${nameOf(event)} recovered by itself after ${lasted}.`);
}
