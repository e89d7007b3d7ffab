import { type Incident, type IncidentEvent, Prisma } from "#server/db/generated/client.ts";
import type { Actor } from "../kernel/actor.ts";
import { unknownName } from "../kernel/allowed-names.ts";
import { withoutConfidential } from "../kernel/confidential/confidential.ts";
import type { Db, Tx } from "../kernel/context.ts";
import { AppError } from "../kernel/errors.ts";
import { newId } from "../kernel/ids.ts";
import { recordOnTimeline } from "../timeline/index.ts";
import type { IncidentState, NewEvent } from "./change.ts";
import { openedEvent, statusEvent } from "./on-timeline.ts";
import {
  INCIDENT_EVENT_KINDS,
  type IncidentEventKind,
  type IncidentEventView,
  type IncidentStatus,
  type IncidentView,
  type Severity,
} from "./schema.ts";
import { allowedFrom, isUnresolved } from "./status-transitions.ts";
import { MOST_ENTRIES, SEVERITIES, UNRESOLVED } from "./words.ts";

/** The only file of incidents that touches the database. */

export type IncidentRow = Omit<Incident, "status" | "severity"> & { status: IncidentStatus; severity: Severity };

export const labelOf = (incident: { number: number }): string => `INC-${incident.number}`;
const row = (incident: Incident): IncidentRow => incident as IncidentRow;
/** PostgreSQL cannot hold the character NUL. */
const clean = (text: string): string => text.replaceAll("\u0000", "\ufffd").toWellFormed();
/** As it may be kept: what is stored is searched, shown and sent on. */
const kept = (text: string): string => withoutConfidential(clean(text));

export function toView(incident: IncidentRow): IncidentView {
  const { id, number, title, description, severity, status, assignee, service, environment } = incident;
  const { deploymentId, resolution, escalation } = incident;
  return {
    ...{ id, number, title, description, severity, status, assignee, service, environment },
    ...{ deploymentId, resolution, escalation },
    label: labelOf(incident),
    source: incident.source as IncidentView["source"],
    openedAt: incident.openedAt.toISOString(),
    acknowledgedAt: incident.acknowledgedAt?.toISOString() ?? null,
    resolvedAt: incident.resolvedAt?.toISOString() ?? null,
    closedAt: incident.closedAt?.toISOString() ?? null,
    updatedAt: incident.updatedAt.toISOString(),
    allowedStatuses: [...allowedFrom(incident.status)],
  };
}

const kinds: ReadonlySet<string> = new Set(INCIDENT_EVENT_KINDS);
const isKnownKind = (kind: string): kind is IncidentEventKind => kinds.has(kind);

/** A kind that another version of Operate wrote reads as a note: its message still says what happened. */
export const toEventView = (event: IncidentEvent): IncidentEventView => ({
  id: event.id,
  at: event.at.toISOString(),
  kind: isKnownKind(event.kind) ? event.kind : "note",
  actor: { kind: event.actorKind as IncidentEventView["actor"]["kind"], id: event.actorId, name: event.actorName },
  message: event.message,
  detail: event.detail as IncidentEventView["detail"],
});

/** `inc_…`, `INC-12` or `12` as a condition. */
function identity(given: string): Prisma.IncidentWhereUniqueInput {
  const number = /^(?:inc-)?(\d{1,9})$/i.exec(given.trim())?.[1];
  return number ? { number: Number(number) } : { id: clean(given.trim()) };
}

const unknownIncident = (given: string) =>
  unknownName({
    ...{ what: "incident", given, key: "incidentId" },
    way: "The list of incidents shows those there are.",
  });

/** @throws NOT_FOUND */
export async function getIncidentRow(db: Db | Tx, given: string): Promise<IncidentRow> {
  const found = await db.incident.findUnique({ where: identity(given) });
  if (!found) throw unknownIncident(given);
  return row(found);
}

/** The incident, held until the transaction ends so that changes come one after the other. @throws NOT_FOUND */
export async function lockIncident(tx: Tx, given: string): Promise<IncidentRow> {
  const found = await getIncidentRow(tx, given);
  await tx.$queryRaw`select id from incident where id = ${found.id} for update`;
  return getIncidentRow(tx, found.id);
}

export interface NewIncident {
  title: string;
  description: string;
  severity: Severity;
  assignee: string | null;
  service: string | null;
  environment: string | null;
  deploymentId: string | null;
  source: IncidentView["source"];
  causeKey: string | null;
}

/** Puts it on the time line, too. Null when an incident with that cause is open already. Numbers are given one after the other until the transaction ends. */
export async function insertIncident(tx: Tx, given: NewIncident, at: Date): Promise<IncidentRow | null> {
  const id = newId("inc", at.getTime());
  const { count } = await tx.incident.createMany({
    data: [
      {
        ...given,
        id,
        number: await placeholderNumber(tx),
        title: kept(given.title),
        description: kept(given.description),
        assignee: given.assignee === null ? null : kept(given.assignee),
        status: "open",
        openKey: given.causeKey,
        openedAt: at,
        updatedAt: at,
      },
    ],
    skipDuplicates: true,
  });
  if (count === 0) return null;
  await giveNumber(tx, id);
  const opened = await getIncidentRow(tx, id);
  await recordOnTimeline(tx, openedEvent({ ...opened, label: labelOf(opened) }, at));
  return opened;
}

/** Until it is known that the incident is opened it has no number to give back: unlike that of any other transaction. */
async function placeholderNumber(tx: Tx): Promise<number> {
  const [found] = await tx.$queryRaw<{ number: number }[]>`
    select (-1 - pg_current_xact_id()::text::bigint % 2147483647)::int as number`;
  return found?.number ?? -1;
}

/** The next number, from the counter's row: a rollback takes it back, and who comes second waits for the first. */
async function giveNumber(tx: Tx, id: string): Promise<void> {
  const given = await tx.$executeRaw`
    with counter as (update incident_counter set last = last + 1 returning last)
    update incident set number = counter.last from counter where incident.id = ${id}`;
  if (given !== 1) throw new Error("incident_counter has no row: no incident can be numbered");
}

/** A status that changes goes on the time line. @throws CONFLICT when it is reopened while another one is open for the same cause. */
export async function saveIncident(tx: Tx, before: IncidentRow, after: IncidentState, at: Date): Promise<IncidentRow> {
  const openKey = isUnresolved(after.status) ? before.causeKey : null;
  if (openKey !== null && before.openKey === null) {
    const other = await tx.incident.findUnique({ where: { openKey } });
    if (other)
      throw new AppError("CONFLICT", `${labelOf(other)} is already open for the same cause. Go on there.`, {
        details: { incidentId: other.id, label: labelOf(other) },
      });
  }
  const { title, description, severity, status, assignee, resolution, escalation } = after;
  const { acknowledgedAt, resolvedAt, closedAt } = after;
  const saved = row(
    await tx.incident.update({
      where: { id: before.id },
      data: {
        title: kept(title),
        description: kept(description),
        assignee: assignee === null ? null : kept(assignee),
        resolution: resolution === null ? null : kept(resolution),
        ...{ severity, status, escalation, acknowledgedAt, resolvedAt, closedAt, openKey, updatedAt: at },
      },
    }),
  );
  const change = { id: newId("ins", at.getTime()), from: before.status, to: status };
  if (change.from !== change.to)
    await recordOnTimeline(tx, statusEvent({ ...saved, label: labelOf(saved) }, change, at));
  return saved;
}

/** Adds timeline entries. One with a `key` that is there already is left out; returns how many were added. */
export async function addEvents(
  tx: Tx,
  incidentId: string,
  actor: Actor,
  events: readonly (NewEvent & { key?: string })[],
  at: Date,
): Promise<number> {
  const { count } = await tx.incidentEvent.createMany({
    data: events.map((event) => ({
      id: newId("ine", at.getTime()),
      incidentId,
      key: event.key ?? null,
      at,
      kind: event.kind,
      actorKind: actor.kind,
      actorId: actor.id,
      actorName: actor.name,
      message: kept(event.message),
      detail: event.detail ?? Prisma.DbNull,
    })),
    skipDuplicates: true,
  });
  return count;
}

export const isKnownEvent = async (tx: Tx, key: string): Promise<boolean> =>
  (await tx.incidentEvent.findFirst({ where: { key }, select: { id: true } })) !== null;

/** The newest incident of a cause, whatever its status. */
export async function findByCause(tx: Tx, causeKey: string): Promise<IncidentRow | null> {
  const found = await tx.incident.findFirst({ where: { causeKey }, orderBy: [{ openedAt: "desc" }, { id: "desc" }] });
  return found ? row(found) : null;
}

const unresolved: Prisma.IncidentWhereInput = { status: { in: [...UNRESOLVED] } };

export async function listUnresolved(tx: Tx, where: Prisma.IncidentWhereInput): Promise<IncidentRow[]> {
  return (await tx.incident.findMany({ where: { AND: [unresolved, where] }, orderBy: { id: "asc" }, take: 50 })).map(
    row,
  );
}

/** How many incidents are not resolved: in all, or those of one environment and those that name none. */
export const countUnresolved = (db: Db, environment?: string): Promise<number> =>
  db.incident.count({
    where: environment === undefined ? unresolved : { ...unresolved, OR: [{ environment }, { environment: null }] },
  });

/** How many of all environments are not resolved, and the highest severity among them; null when there are none. */
export async function summariseUnresolved(db: Db): Promise<{ unresolved: number; worstUnresolved: Severity | null }> {
  const groups = await db.incident.groupBy({ by: ["severity"], where: unresolved, _count: { _all: true } });
  return {
    unresolved: groups.reduce((sum, { _count }) => sum + _count._all, 0),
    worstUnresolved: SEVERITIES.findLast((severity) => groups.some((group) => group.severity === severity)) ?? null,
  };
}

/** The newest entries, oldest first. */
export async function listEvents(db: Db, incidentId: string): Promise<IncidentEvent[]> {
  const newest = await db.incidentEvent.findMany({
    where: { incidentId },
    orderBy: [{ at: "desc" }, { seq: "desc" }],
    take: MOST_ENTRIES,
  });
  return newest.reverse();
}

export interface IncidentFilter {
  status?: IncidentStatus[] | undefined;
  severity?: Severity[] | undefined;
  service?: string | undefined;
  environment?: string | undefined;
}

/** One page, newest first; `cursor` is the last id of the page before. */
export async function pageIncidents(
  db: Db,
  filter: IncidentFilter,
  limit: number,
  cursor: string | undefined,
): Promise<{ items: IncidentRow[]; nextCursor: string | null }> {
  const found = await db.incident.findMany({
    where: {
      ...(filter.status ? { status: { in: filter.status } } : {}),
      ...(filter.severity ? { severity: { in: filter.severity } } : {}),
      ...(filter.service ? { service: filter.service } : {}),
      ...(filter.environment ? { environment: filter.environment } : {}),
      ...(cursor ? { id: { lt: kept(cursor) } } : {}),
    },
    orderBy: { id: "desc" },
    take: limit + 1,
  });
  const items = found.slice(0, limit).map(row);
  return { items, nextCursor: found.length > limit ? (items.at(-1)?.id ?? null) : null };
}

/** How incidents stand now that the time line tells of, by id; one that is deleted is left out. */
export async function statesOf(db: Db, ids: readonly string[]): Promise<Map<string, IncidentView>> {
  const found = await db.incident.findMany({ where: { id: { in: [...ids] } } });
  return new Map(found.map((one) => [one.id, toView(row(one))]));
}

/** Which incident each of these deployments opened or added to. */
export async function incidentsOfDeployments(db: Db | Tx, deploymentIds: string[]): Promise<Map<string, string>> {
  if (deploymentIds.length === 0) return new Map();
  const events = await db.incidentEvent.findMany({
    where: { key: { in: deploymentIds.map(failureKey) } },
    select: { key: true, incidentId: true },
  });
  return new Map(events.map((event) => [(event.key ?? "").slice(FAILURE.length), event.incidentId]));
}

/** When the incidents that deployments opened were resolved, by deployment; null while they are not. */
export async function endsOfDeploymentIncidents(
  db: Db | Tx,
  deploymentIds: string[],
): Promise<Map<string, { resolvedAt: Date | null }>> {
  const ids = await incidentsOfDeployments(db, deploymentIds);
  const found = await db.incident.findMany({
    where: { id: { in: [...ids.values()] } },
    select: { id: true, resolvedAt: true },
  });
  const ends = new Map(found.map((one) => [one.id, one.resolvedAt]));
  return new Map([...ids].map(([deploymentId, id]) => [deploymentId, { resolvedAt: ends.get(id) ?? null }]));
}

/** one for each place: as many as there are services, which are fewer */
const MOST_PLACES = 5_000;
const severityRank = Prisma.sql`array_position(${[...SEVERITIES]}::text[], severity)`;

/** The worst, then newest unresolved incident of each service and environment. */
export async function worstUnresolvedRows(db: Db): Promise<IncidentRow[]> {
  const found = await db.$queryRaw<{ id: string }[]>`
    select distinct on (service, environment) id from incident
    where status = any(${[...UNRESOLVED]}::text[]) and service is not null
    order by service, environment, ${severityRank} desc, "openedAt" desc
    limit ${MOST_PLACES}`;
  return (await db.incident.findMany({ where: { id: { in: found.map(({ id }) => id) } } })).map(row);
}

/** The worst, then newest of each service (null: of none in particular), and how many there are of each. */
interface OpenIncidents {
  shown: IncidentView[];
  counts: { service: string | null; count: number }[];
}

/**
 * Unresolved incidents of some services and of no service at all, in an environment or in none that was named: at most
 * `most` of each are shown.
 */
export async function openIncidentsOf(
  db: Db,
  services: readonly string[],
  environment: string,
  most: number,
): Promise<OpenIncidents> {
  const found = await db.$queryRaw<{ id: string; service: string | null; count: number }[]>`
    select id, service, count from (
      select id, service, (count(*) over (partition by service))::int as count,
        row_number() over (partition by service order by ${severityRank} desc, "openedAt" desc) as place
      from incident
      where status = any(${[...UNRESOLVED]}::text[]) and (environment = ${environment} or environment is null)
        and (service = any(${[...services]}::text[]) or service is null)
    ) ranked where place <= ${most} order by service, place`;
  const rows = await db.incident.findMany({ where: { id: { in: found.map(({ id }) => id) } } });
  const byId = new Map(rows.map((one) => [one.id, toView(row(one))]));
  return {
    shown: found.flatMap(({ id }) => byId.get(id) ?? []),
    counts: [...new Map(found.map(({ service, count }) => [service, { service, count }])).values()],
  };
}

const FAILURE = "deployment-failed:";
export const failureKey = (deploymentId: string): string => FAILURE + deploymentId;

/** Deletes at most `limit` incidents in which nothing has happened since `before` and which are over. */
export async function deleteEndedIncidents(db: Db, before: Date, limit: number): Promise<number> {
  const old = await db.incident.findMany({
    where: { status: { notIn: [...UNRESOLVED] }, updatedAt: { lt: before } },
    orderBy: { updatedAt: "asc" },
    select: { id: true },
    take: limit,
  });
  const { count } = await db.incident.deleteMany({ where: { id: { in: old.map(({ id }) => id) } } });
  return count;
}
