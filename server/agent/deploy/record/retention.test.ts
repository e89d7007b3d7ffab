import { expect, it } from "vitest";
import { type TestContext, testConfig, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { deleteOldIncidents, manageIncident } from "../../incidents/index.ts";
import { deployApplication } from "../request/deploy-application.ts";
import { deleteOldDeployments } from "./retention.ts";
import { patchDeployment } from "./store.ts";

const database = useDatabase();
const DAY_MS = 86_400_000;
const NOW = Date.parse("2026-03-01T10:00:00Z");
const config = testConfig({ monitoringConfig: { retention: { historyDays: 30 } } });

function contextAt(daysAgo: number): TestContext {
  return testContext(database, { config, now: () => new Date(NOW - daysAgo * DAY_MS) });
}

async function deployment(daysAgo: number, more: object): Promise<string> {
  const ctx = contextAt(daysAgo);
  const wish = { service: "checkout", environment: "production", version: "1.1.0" };
  const id = (await deployApplication(ctx, wish)).deployment!.id;
  await database.db.$transaction((tx) => patchDeployment(tx, id, { status: "succeeded", finishedAt: ctx.now() }));
  await database.db.deployment.update({ where: { id }, data: { activeKey: null, createdAt: ctx.now(), ...more } });
  return id;
}

it("forgets deployments that ended before the kept days, with all that belongs to them, but the newest 50", async () => {
  const watched = await deployment(60, { watchState: "watching" });
  const old: string[] = [];
  for (let i = 0; i < 3; i++) old.push(await deployment(50 - i, {}));
  for (let i = 0; i < 48; i++) await deployment(40, {});
  for (let i = 0; i < 2; i++) await deployment(1, {});
  expect(await database.db.deploymentStep.count({ where: { deploymentId: old[0]! } })).toBeGreaterThan(0);

  expect(await deleteOldDeployments(contextAt(0))).toBe(3);
  const left = (await database.db.deployment.findMany({ select: { id: true } })).map(({ id }) => id);
  expect(left).toHaveLength(51);
  expect(left).toContain(watched);
  expect(old.filter((id) => left.includes(id))).toEqual([]);
  expect(await database.db.deploymentStep.count({ where: { deploymentId: { in: old } } })).toBe(0);
  expect(await database.db.auditEntry.count({ where: { action: "deployment.start" } })).toBe(54);
  expect(await deleteOldDeployments(contextAt(0))).toBe(0);
});

it("forgets incidents that were resolved before the kept days, and no open one", async () => {
  const create = async (daysAgo: number, status: string) => {
    const { incident } = await manageIncident(contextAt(daysAgo), { action: "create", title: `${daysAgo} days ago` });
    const at = new Date(NOW - daysAgo * DAY_MS);
    await database.db.incident.update({ where: { id: incident.id }, data: { status, updatedAt: at } });
    return incident.id;
  };
  const gone = [await create(90, "resolved"), await create(31, "closed")];
  const kept = [await create(90, "open"), await create(29, "resolved")];
  expect(await deleteOldIncidents(contextAt(0))).toBe(2);
  const left = (await database.db.incident.findMany({ select: { id: true } })).map(({ id }) => id);
  expect(left.filter((id) => gone.includes(id))).toEqual([]);
  expect(left).toEqual(expect.arrayContaining(kept));
  expect(await database.db.incidentEvent.count({ where: { incidentId: { in: gone } } })).toBe(0);
});
