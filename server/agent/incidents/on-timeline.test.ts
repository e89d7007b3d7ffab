import { beforeEach, expect, it } from "vitest";
import { testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { drainIncidents } from "#server/testing/deploy/drain-incidents.ts";
import { listEvents } from "../timeline/index.ts";
import { manageIncident } from "./manage-incident.ts";
import { deleteEndedIncidents } from "./store.ts";

const database = useDatabase();
const now = new Date("2026-03-01T12:00:00Z");
const ref = { service: "checkout", environment: "production" };
let ctx: ReturnType<typeof testContext>;
beforeEach(async () => {
  ctx = testContext(database, { now: () => now });
  await database.db.$executeRaw`truncate incident, timeline_event cascade`;
  await database.db.incidentCounter.updateMany({ data: { last: 0 } });
});

const kinds = ["incident.opened", "incident.status"] as const;
const told = async () =>
  (await listEvents(database.db, { from: new Date(0), ...ref, kinds, limit: 50 })).events.reverse();
const open = async () => (await manageIncident(ctx, { action: "create", title: "Slow", ...ref })).incident.id;

it("is told of each change of status, also of several in one instant, and of nothing else", async () => {
  const incidentId = await open();
  await manageIncident(ctx, { action: "update", incidentId, status: "acknowledged", severity: "high" });
  await manageIncident(ctx, { action: "update", incidentId, status: "open", updateNotes: "not yet" });
  await manageIncident(ctx, { action: "update", incidentId, status: "acknowledged" });
  await manageIncident(ctx, { action: "update", incidentId, title: "Checkout is slow", assignee: "Ada" });
  await manageIncident(ctx, { action: "escalate", incidentId });
  await manageIncident(ctx, { action: "resolve", incidentId, resolution: "more memory" });
  await manageIncident(ctx, { action: "update", incidentId, status: "open" });
  const events = await told();
  expect(events.map(({ title, level, subject, at }) => [title, level, subject, at])).toEqual(
    [
      ["INC-1 opened: Slow", "warning"],
      ["INC-1 acknowledged: Slow", "info"],
      ["INC-1 open: Slow", "info"],
      ["INC-1 acknowledged: Slow", "info"],
      ["INC-1 resolved: Checkout is slow", "ok"],
      ["INC-1 reopened: Checkout is slow", "info"],
    ].map((words) => [...words, incidentId, now]),
  );
  expect(events.at(-2)).toMatchObject({
    kind: "incident.status",
    detail: { label: "INC-1", title: "Checkout is slow", severity: "critical", from: "acknowledged", to: "resolved" },
  });
});

it("is told in the transaction of the change", async () => {
  const incidentId = await open();
  const audit = { ...ctx.audit, record: () => Promise.reject(new Error("no audit")) };
  const broken = testContext(database, { now: () => now, audit });
  const resolve = { action: "resolve", incidentId, resolution: "gone" } as const;
  await expect(manageIncident(broken, resolve)).rejects.toThrow();
  await expect(manageIncident(broken, { action: "create", title: "Late", ...ref })).rejects.toThrow();
  expect((await told()).map(({ title }) => title)).toEqual(["INC-1 opened: Slow"]);
});

it("makes no incident of incidents, and keeps what happened when one is deleted", async () => {
  const incidentId = await open();
  await manageIncident(ctx, { action: "resolve", incidentId, resolution: "gone" });
  await drainIncidents(ctx);
  expect(await database.db.incident.count()).toBe(1);
  expect(await told()).toHaveLength(2);
  await deleteEndedIncidents(database.db, new Date(now.getTime() + 1), 10);
  expect(await database.db.incident.count()).toBe(0);
  expect(await told()).toHaveLength(2);
});
