import { Prisma } from "#server/db/generated/client.ts";
import { unknownName } from "../kernel/allowed-names.ts";
import type { Db, Tx } from "../kernel/context.ts";
import type { AlertState } from "./alert-state.ts";
import type { PatternView, UpdatePatternOutput } from "./schema.ts";

/** The only file of logs that touches the database: what people said about patterns. */

export type PatternSettings = UpdatePatternOutput["pattern"];
export type PatternAlert = NonNullable<PatternView["alert"]>;

const SELECT = { id: true, template: true, name: true, pinned: true, ignored: true, alert: true } as const;
type Row = Prisma.LogPatternGetPayload<{ select: typeof SELECT }>;

const settingsOf = ({ id, alert, ...row }: Row): PatternSettings => ({
  id: String(id),
  ...row,
  alert: alert as PatternAlert | null,
});

/** The pattern under which an id is shown, locked until the transaction ends. @throws NOT_FOUND */
export async function lockPattern(tx: Tx, patternId: string): Promise<PatternSettings> {
  const asked = /^\d{1,9}$/.test(patternId)
    ? await tx.logPattern.findUnique({ where: { id: Number(patternId) }, select: { id: true, mergedInto: true } })
    : null;
  if (asked) {
    const id = asked.mergedInto ?? asked.id;
    await tx.$queryRaw`select 1 from log_pattern where id = ${id} for update`;
    const row = await tx.logPattern.findUnique({ where: { id }, select: SELECT });
    if (row) return settingsOf(row);
  }
  throw unknownName({
    ...{ what: "pattern", given: patternId, key: "patternId" },
    way: "Take the id from the list of patterns; patterns of an external source are not kept and cannot be changed.",
  });
}

export async function savePattern(tx: Tx, { id, name, pinned, ignored, alert }: PatternSettings): Promise<void> {
  await tx.logPattern.update({
    where: { id: Number(id) },
    data: { name, pinned, ignored, alert: alert ?? Prisma.DbNull },
  });
}

/** Patterns that open incidents. */
export async function listAlerting(db: Db): Promise<(PatternSettings & { alert: PatternAlert })[]> {
  const rows = await db.logPattern.findMany({
    where: { alert: { not: Prisma.DbNull }, ignored: false, mergedInto: null },
    select: SELECT,
    orderBy: { id: "asc" },
  });
  return rows.map(settingsOf).flatMap((one) => (one.alert === null ? [] : [{ ...one, alert: one.alert }]));
}

export const listFiring = (db: Db | Tx, patternId: string): Promise<AlertState[]> =>
  db.logAlertFiring.findMany({
    where: { patternId: Number(patternId) },
    select: { service: true, environment: true, firingSince: true, toldAt: true },
  });

/** Writes that the alert of a pattern fires at a place; returns since when it does. */
export async function saveFiring(
  tx: Tx,
  patternId: string,
  { service, environment }: Pick<AlertState, "service" | "environment">,
  at: Date,
): Promise<Date> {
  const id = { patternId: Number(patternId), service, environment };
  const { firingSince } = await tx.logAlertFiring.upsert({
    where: { patternId_service_environment: id },
    create: { ...id, firingSince: at, toldAt: at },
    update: { toldAt: at },
  });
  return firingSince;
}

export async function clearFiring(tx: Tx, patternId: string, { service, environment }: AlertState): Promise<void> {
  await tx.logAlertFiring.deleteMany({ where: { patternId: Number(patternId), service, environment } });
}

/** The alerts of these patterns, by id; those that have none are left out. */
export async function findAlerts(db: Db, patternIds: readonly string[]): Promise<Map<string, PatternAlert>> {
  const rows = await db.logPattern.findMany({
    where: { id: { in: patternIds.map(Number).filter(Number.isInteger) }, alert: { not: Prisma.DbNull } },
    select: { id: true, alert: true },
  });
  return new Map(rows.map(({ id, alert }) => [String(id), alert as PatternAlert]));
}
