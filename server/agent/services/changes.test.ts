import { beforeEach, expect, it } from "vitest";
import { testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { drainIncidents } from "#server/testing/deploy/drain-incidents.ts";
import { recordDeployments } from "#server/testing/deploy/record-deployments.ts";
import { deploymentStarts, listDeploymentStarts } from "../deploy/index.ts";
import { syncTargets } from "../health/check/sync-targets.ts";
import { targetId } from "../health/check/targets.ts";
import { recordResults } from "../health/record/record-results.ts";
import { manageIncident } from "../incidents/index.ts";
import { serviceSignals } from "../metrics/index.ts";
import { recordOnTimeline } from "../timeline/index.ts";
import type { TimelineEvent } from "../timeline/schema.ts";
import { listChanges } from "./changes.ts";

const database = useDatabase();
const ref = { service: "checkout", environment: "production" };
let clockMs = Date.parse("2026-03-01T12:00:00Z");
let ctx: ReturnType<typeof testContext>;
const at = (minutes: number) => new Date(Date.parse("2026-03-01T12:00:00Z") + minutes * 60_000);
const iso = (minutes: number) => at(minutes).toISOString();

const row = (id: string, status: string, createdAt: Date, more: { startedAt?: Date; finishedAt?: Date } = {}) => ({
  ...{ ...ref, id, version: "1.1.0", previousVersion: "1.0.0", status, createdAt, deadlineAt: at(100) },
  ...{ strategy: "rolling", summary: "", options: { rules: {} }, requestId: "req" },
  ...{ actorKind: "person", actorId: "usr", actorName: "Ada", ...more },
});
const changes = async (since = at(0), place: { service?: string; environment?: string } = ref) =>
  (await listChanges(ctx, { since, ...place })).map((one) => [one.at, one.title, one.level, one.state]);

beforeEach(async () => {
  ctx = testContext(database, { now: () => new Date(clockMs) });
  await database.db.$executeRaw`truncate deployment, incident, health_target, timeline_event cascade`;
  await database.db.incidentCounter.updateMany({ data: { last: 0 } });
});

it("shows a deployment once: when it ended, or when it was requested with how it stands now", async () => {
  await recordDeployments(
    database.db,
    row("dep_before", "running", at(-5), { startedAt: at(1) }),
    row("dep_ended", "rolled_back", at(1), { startedAt: at(2), finishedAt: at(6) }),
    row("dep_paused", "paused", at(3), { startedAt: at(4) }),
    row("dep_queued", "queued", at(7)),
    row("dep_gone", "succeeded", at(7), { startedAt: at(8), finishedAt: at(9) }),
  );
  await database.db.deployment.delete({ where: { id: "dep_gone" } });
  expect(await changes()).toEqual([
    [iso(7), "checkout 1.0.0 → 1.1.0: queued", "info", "queued"],
    [iso(6), "checkout 1.0.0 → 1.1.0: rolled back", "warning", "rolled_back"],
    [iso(3), "checkout 1.0.0 → 1.1.0: paused", "warning", "paused"],
  ]);
  expect(await changes(at(0), { ...ref, environment: "staging" })).toEqual([]);
});

it("shows when an incident was opened and resolved, by its title of now, and not what was reopened since", async () => {
  clockMs = at(1).getTime();
  const { incident } = await manageIncident(ctx, { action: "create", title: "Slow", severity: "critical", ...ref });
  const change = (input: object, minutes: number) => {
    clockMs = at(minutes).getTime();
    return manageIncident(ctx, { incidentId: incident.id, ...input } as Parameters<typeof manageIncident>[1]);
  };
  await change({ action: "update", status: "acknowledged", title: "Checkout is slow" }, 2);
  const opened = [iso(1), "INC-1 opened: Checkout is slow", "error", "critical"];
  expect(await changes()).toEqual([opened]);
  await change({ action: "resolve", resolution: "more instances" }, 3);
  expect(await changes()).toEqual([[iso(3), "INC-1 resolved: Checkout is slow", "ok", "resolved"], opened]);
  await change({ action: "update", status: "open" }, 4);
  expect(await changes()).toEqual([opened]);
  await change({ action: "resolve", resolution: "more memory" }, 5);
  await change({ action: "update", status: "closed" }, 6);
  const resolved = [iso(5), "INC-1 resolved: Checkout is slow", "ok", "resolved"];
  expect(await changes()).toEqual([resolved, opened]);
  expect(await changes(at(2))).toEqual([resolved]);
});

/** Checks of a target, 10 s apart from a minute on. */
const check = (name: string, outcome: "up" | "down", minute: number, count = 3) =>
  recordResults(
    ctx,
    Array.from({ length: count }, (_, i) => {
      const atMs = at(minute).getTime() + i * 10_000;
      const message = outcome === "down" ? "refused the connection" : null;
      const target = { targetId: targetId("service", name, "production"), slotAtMs: atMs, endedAtMs: atMs };
      return { ...target, outcome, latencyMs: 1, statusCode: null, message };
    }),
  );

it("shows health that got worse or recovered, by the names of now, beside the incident", async () => {
  await syncTargets(ctx);
  clockMs = at(1).getTime();
  await check("payments", "up", 0);
  await check("payments", "down", 1);
  clockMs = at(2).getTime();
  await check("checkout", "down", 2);
  await database.db.healthTarget.updateMany({ where: { name: "payments" }, data: { name: "payment desk" } });
  await drainIncidents(ctx);
  const down = new Date(at(1).getTime() + 20_000).toISOString();
  expect(await changes(at(0), { environment: "production" })).toEqual([
    [new Date(at(2).getTime() + 20_000).toISOString(), "checkout down, caused by payment desk", ...["error", "down"]],
    [iso(2), "INC-1 opened: payments in production is down", "error", "critical"],
    [down, "payment desk down", "error", "down"],
  ]);
  clockMs = at(3).getTime();
  await check("payments", "up", 3);
  expect((await changes(at(3), { service: "payments" })).map(([, title]) => title)).toEqual(["payment desk up"]);
});

it("gives a deployment the same instant as charts and log analysis do", async () => {
  clockMs = at(10).getTime();
  await recordDeployments(
    database.db,
    row("dep_began", "running", at(1), { startedAt: at(2) }),
    row("dep_queued", "queued", at(4)),
  );
  const window = { from: at(0), to: at(10) };
  const range = { startTime: window.from.toISOString(), endTime: window.to.toISOString() };
  const { markers } = await serviceSignals(ctx, { ...ref, ...range, compareBefore: false });
  expect(markers.map((marker) => marker.at)).toEqual([iso(2), iso(4)]);
  const { starts } = await deploymentStarts(ctx, { ...ref, ...range });
  expect(starts).toEqual([{ ...ref, id: "dep_began", version: "1.1.0", at: iso(2) }]);
  const { starts: analysed } = await listDeploymentStarts(database.db, { ...window, ...ref });
  expect(analysed).toMatchObject([
    { id: "dep_began", startedMs: at(2).getTime(), finishedMs: null, isRollback: false },
  ]);
  expect((await changes()).map(([instant]) => instant)).toEqual([iso(4), iso(1)]);
});

it("says that only the newest deployments of a window are listed", async () => {
  const startOf = (i: number) => new Date(at(1).getTime() + i);
  const many = Array.from({ length: 1_001 }, (_, i) => ({ id: `dep_${i}`, startedAt: startOf(i) }));
  await database.db.deployment.createMany({
    data: many.map(({ id, startedAt }) => row(id, "succeeded", startedAt, { startedAt, finishedAt: startedAt })),
  });
  const detail = { kind: "deploy", strategy: "rolling", version: "1.1.0", previousVersion: "1.0.0" } as const;
  const events = many.map(({ id, startedAt }): TimelineEvent => {
    const common = { ...ref, key: `deployment-started:${id}`, at: startedAt, subject: id, level: "info" } as const;
    return { ...common, kind: "deployment.started", title: "started", detail };
  });
  await database.db.$transaction((tx) => recordOnTimeline(tx, ...events));
  const range = { startTime: at(0).toISOString(), endTime: at(10).toISOString() };
  const found = await deploymentStarts(ctx, { ...ref, ...range });
  expect([found.truncated, found.starts.length, found.starts[0]?.id]).toEqual([true, 1_000, "dep_1"]);
  const inside = { ...range, startTime: startOf(1).toISOString() };
  expect((await deploymentStarts(ctx, { ...ref, ...inside })).truncated).toBe(false);
});
