import { systemActor } from "../kernel/actor.ts";
import type { Runtime, Tx } from "../kernel/context.ts";
import { changeIncident, type NewEvent } from "./change.ts";
import { publishIncident } from "./publish.ts";
import { isUnresolved } from "./status-transitions.ts";
import {
  addEvents,
  findByCause,
  type IncidentRow,
  insertIncident,
  labelOf,
  lockIncident,
  type NewIncident,
  saveIncident,
  toView,
} from "./store.ts";

/** A cause that comes back this soon reopens its incident instead of opening the next one. */
const REOPEN_WITHIN_MS = 600_000;

/** Operate itself at work on one incident: who, under which key, and when. */
export interface AutomaticWork {
  runtime: Runtime;
  tx: Tx;
  /** name of the part that acts, as the timeline shows it */
  job: string;
  /** idempotency key of what happened */
  key: string;
  at: Date;
}

const auditActor = ({ job, key }: AutomaticWork) =>
  ({ actor: systemActor(job), via: "worker", requestId: key.slice(0, 100) }) as const;

/** Writes one entry on the timeline, once per key. */
export async function noteOn(work: AutomaticWork, incident: IncidentRow, event: NewEvent): Promise<void> {
  const { runtime, tx, at, key } = work;
  const added = await addEvents(tx, incident.id, systemActor(work.job), [{ ...event, key }], at);
  if (added > 0) await publishIncident(runtime, tx, incident);
}

/** Writes what happened before the incident was opened, each at its own time and once. */
export async function noteStory(
  work: AutomaticWork,
  incident: IncidentRow,
  deploymentId: string,
  story: readonly { key: string; at: string; message: string }[],
): Promise<void> {
  const actor = systemActor(work.job);
  for (const { key, at, message } of story) {
    const entry = { kind: "deployment", message, key: `deployment-story:${deploymentId}:${key}` } as const;
    await addEvents(work.tx, incident.id, actor, [{ ...entry, detail: { deploymentId } }], new Date(at));
  }
}

/**
 * Makes sure that an incident is open for the cause: opens one, adds to the one that is open, or reopens the last one
 * when it was resolved minutes ago. `first` is the entry of one that is opened, when it says other words.
 */
export async function openOrAdd(
  work: AutomaticWork,
  incident: NewIncident & { causeKey: string },
  event: NewEvent,
  first: NewEvent = event,
): Promise<IncidentRow> {
  const { runtime, tx, at } = work;
  const opened = (await hasRecent(work, incident.causeKey)) ? null : await insertIncident(tx, incident, at);
  if (opened) {
    const events = [{ ...first, kind: "opened" as const, key: work.key }];
    await addEvents(tx, opened.id, systemActor(work.job), events, at);
    const target = { type: "incident", id: opened.id };
    await runtime.audit.record(tx, auditActor(work), { action: "incident.create", target, after: toView(opened) });
    await publishIncident(runtime, tx, opened);
    return opened;
  }
  const existing = await findByCause(tx, incident.causeKey);
  if (!existing) throw new Error(`no incident for ${incident.causeKey} although it could not be opened`);
  const held = await lockIncident(tx, existing.id);
  if (!isUnresolved(held.status)) await change(work, held, { action: "update", status: "open" });
  await noteOn(work, held, event);
  return held;
}

/** Whether the cause has an incident that is open, or was resolved so recently that it is the same one still. */
async function hasRecent({ tx, at }: AutomaticWork, causeKey: string): Promise<boolean> {
  const last = await findByCause(tx, causeKey);
  if (!last) return false;
  if (isUnresolved(last.status)) return true;
  return last.status === "resolved" && at.getTime() - (last.resolvedAt?.getTime() ?? 0) < REOPEN_WITHIN_MS;
}

/** Resolves with a text, unless it is resolved already. */
export async function resolveBy(work: AutomaticWork, incident: IncidentRow, resolution: string): Promise<void> {
  const held = await lockIncident(work.tx, incident.id);
  if (isUnresolved(held.status)) await change(work, held, { action: "resolve", resolution });
}

async function change(
  work: AutomaticWork,
  held: IncidentRow,
  input: Parameters<typeof changeIncident>[2],
): Promise<void> {
  const { runtime, tx, at } = work;
  const actor = systemActor(work.job);
  const { after, events } = changeIncident(labelOf(held), held, input, actor, at);
  const saved = await saveIncident(tx, held, after, at);
  await addEvents(tx, held.id, actor, events, at);
  await runtime.audit.record(tx, auditActor(work), {
    action: `incident.${input.action}` as const,
    target: { type: "incident", id: held.id },
    before: toView(held),
    after: toView(saved),
  });
  await publishIncident(runtime, tx, saved);
}
