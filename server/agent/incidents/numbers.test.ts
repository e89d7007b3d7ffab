import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { listMigrations, MIGRATIONS_DIR } from "#server/db/migrate.ts";
import { useDatabase } from "#server/testing/database.ts";
import { insertIncident, type NewIncident } from "./store.ts";

const database = useDatabase();
beforeEach(async () => {
  await database.db.incident.deleteMany();
  await database.db.incidentCounter.updateMany({ data: { last: 0 } });
});

const given = (change: Partial<NewIncident> = {}): NewIncident => ({
  ...{ title: "Checkout is slow", description: "", severity: "high", assignee: null, service: null },
  ...{ environment: null, deploymentId: null, source: "person", causeKey: null },
  ...change,
});
const open = (change: Partial<NewIncident> = {}) =>
  database.db.$transaction((tx) => insertIncident(tx, given(change), new Date()));
const numbers = async () =>
  (await database.db.incident.findMany({ orderBy: { number: "asc" } })).map(({ number }) => number);

it("gives numbers one after the other, however many are opened at once", async () => {
  await Promise.all(Array.from({ length: 12 }, () => open()));
  expect(await numbers()).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
});

it("takes a number back with the transaction that is rolled back", async () => {
  await open();
  const failed = database.db.$transaction(async (tx) => {
    expect(await insertIncident(tx, given(), new Date())).toMatchObject({ number: 2 });
    throw new Error("rolled back");
  });
  await expect(failed).rejects.toThrow("rolled back");
  await open();
  expect(await numbers()).toEqual([1, 2]);
});

it("gives none to an incident whose cause has one open, whoever comes second", async () => {
  const opened = await Promise.all(Array.from({ length: 8 }, () => open({ causeKey: "health:payments" })));
  expect(opened.filter((one) => one !== null)).toHaveLength(1);
  await open();
  expect(await numbers()).toEqual([1, 2]);
});

it("continues after the highest number of an installation that is upgraded", async () => {
  await open();
  await database.db.incident.updateMany({ data: { number: 41 } });
  const name = listMigrations().find((one) => one.name.endsWith("_incident_counter"))?.name ?? "";
  const script = readFileSync(join(MIGRATIONS_DIR, name, "migration.sql"), "utf8");
  await database.db.$executeRaw`drop table incident_counter`;
  for (const statement of script.split(";").filter((one) => /[A-Z]{4}/.test(one)))
    await database.db.$executeRawUnsafe(statement);
  expect(await open()).toMatchObject({ number: 42 });
});
