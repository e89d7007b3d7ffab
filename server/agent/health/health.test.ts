import { beforeEach, describe, expect, it } from "vitest";
import { actor, testConfig, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { bucketOf, emptyHistogram } from "../telemetry/histogram.ts";
import { listEvents } from "../timeline/index.ts";
import { decodeLatencies } from "./check/latency-codes.ts";
import { syncTargets } from "./check/sync-targets.ts";
import { targetId } from "./check/targets.ts";
import { healthHistory } from "./read/history.ts";
import { monitorTargets as monitorHealth } from "./read/monitor.ts";
import { type CheckResult, recordResults } from "./record/record-results.ts";
import { deleteOldHealth } from "./record/retention.ts";
import { setMaintenance } from "./set-maintenance.ts";
import { setMuted } from "./set-muted.ts";

const NOW = new Date("2026-03-01T12:30:20.000Z");
const SECOND = 1_000;
const HOUR = 3_600_000;
const payments = targetId("service", "payments", "production");
const checkout = targetId("service", "checkout", "production");

describe("health on the database", () => {
  const database = useDatabase();
  const context = (overrides = {}) => testContext(database, { now: () => NOW, ...overrides });
  const all = { limit: 100, offset: 0 };

  beforeEach(async () => {
    await database.db.$executeRaw`truncate health_target, health_result, health_rollup, audit_entry,
      timeline_event, timeline_postponed`;
    await syncTargets(context());
  });

  const result = (id: string, agoMs: number, outcome: CheckResult["outcome"], latencyMs = 10): CheckResult => ({
    targetId: id,
    slotAtMs: NOW.getTime() - agoMs,
    endedAtMs: NOW.getTime() - agoMs + latencyMs,
    outcome,
    latencyMs,
    statusCode: outcome === "down" ? null : 200,
    message: outcome === "down" ? "refused the connection" : null,
  });

  it("syncs with the configuration, keeps what people set, and audits only changes", async () => {
    const audited = () => database.db.auditEntry.count({ where: { action: "health.targets.sync" } });
    expect(await audited()).toBe(1);
    await syncTargets(context());
    expect(await audited()).toBe(1);
    await setMuted(context(), { targetId: payments, muted: true });
    const endpoint = { type: "tcp" as const, name: "db", host: "db.test", port: 1, muted: true };
    const config = testConfig({ monitoringConfig: { healthEndpoints: [endpoint], checkIntervalMs: 5_000 } });
    expect(await syncTargets(context({ config }))).toMatchObject({ added: ["db"], removed: [] });
    const row = await database.db.healthTarget.findUniqueOrThrow({ where: { id: payments } });
    expect(row).toMatchObject({ muted: true, intervalMs: 5_000 });
    const db = await database.db.healthTarget.findFirstOrThrow({ where: { name: "db" } });
    expect(db.muted).toBe(true);
    await setMuted(context({ config }), { targetId: db.id, muted: false });
    await syncTargets(context({ config }));
    expect((await database.db.healthTarget.findUniqueOrThrow({ where: { id: db.id } })).muted).toBe(false);
    expect(await syncTargets(context())).toMatchObject({ removed: ["db"] });
    const { targets } = await monitorHealth(context(), all);
    expect(targets.map(({ name }) => name)).not.toContain("db");
  });

  it("rolls up exactly what is raw, however often and in whatever batches it is recorded", async () => {
    const outcomes = ["up", "up", "degraded", "down", "up"] as const;
    const results = Array.from({ length: 500 }, (_, i) =>
      result(i % 2 ? payments : checkout, (500 - i) * 15 * SECOND, outcomes[i % 5]!, 1 + ((i * 37) % 900)),
    );
    const runtime = context();
    for (let i = 0; i < results.length; i += 70) await recordResults(runtime, results.slice(i, i + 70));
    await recordResults(runtime, results.slice(100, 300)); // again: nothing may count twice
    await recordResults(runtime, results.slice(0, 20));
    const raw = await database.db.healthResult.findMany();
    expect(raw).toHaveLength(500);
    for (const resolution of [60, 3_600]) {
      const rollups = await database.db.healthRollup.findMany({ where: { resolution } });
      for (const rollup of rollups) {
        const from = rollup.bucketAt.getTime();
        const inside = raw.filter(
          (row) =>
            row.targetId === rollup.targetId &&
            row.slotAt.getTime() >= from &&
            row.slotAt.getTime() < from + resolution * SECOND,
        );
        const count = (outcome: string) => inside.filter((row) => row.outcome === outcome).length;
        expect([rollup.up, rollup.degraded, rollup.down]).toEqual([count("up"), count("degraded"), count("down")]);
        const histogram = emptyHistogram();
        for (const row of inside) if (row.outcome !== "down") histogram[bucketOf(row.latencyMs)]!++;
        expect(decodeLatencies(rollup.latency)).toEqual(histogram);
      }
      const sum = rollups.reduce((total, { up, degraded, down }) => total + up + degraded + down, 0);
      expect(sum).toBe(500);
    }
  });

  it("goes on when the clock was set back, in slots that were recorded already", async () => {
    const checks = [6, 5, 4, 3, 2, 1].map((n) => result(payments, n * 10 * SECOND, "up"));
    await recordResults(context(), checks);
    const state = async () => (await database.db.healthTarget.findUniqueOrThrow({ where: { id: payments } })).state;
    expect(await state()).toBe("up");
    const at = (agoMs: number) => context({ now: () => new Date(NOW.getTime() - agoMs + SECOND) });
    for (const n of [5, 4, 3, 2])
      await recordResults(at(n * 10 * SECOND), [result(payments, n * 10 * SECOND, "down", 7)]);
    expect(await state()).toBe("down");
  });

  it.each([1_000, 30_000])("deletes nothing when a worker with a slower clock takes over (every %i ms)", async (ms) => {
    await database.db.healthTarget.update({ where: { id: payments }, data: { intervalMs: ms } });
    await recordResults(context(), [result(payments, 11 * SECOND, "up"), result(payments, SECOND, "up")]);
    const slower = context({ now: () => new Date(NOW.getTime() - 4 * SECOND) });
    await recordResults(slower, [result(payments, 5 * SECOND, "down")]);
    expect(await database.db.healthResult.count()).toBe(3);
    const target = await database.db.healthTarget.findUniqueOrThrow({ where: { id: payments } });
    expect(target).toMatchObject({ consecutiveFailures: 1, lastMessage: "refused the connection" });
  });

  it("shows the present: worst first, consequences named, stale as unknown, muted left out", async () => {
    const failing = [3, 2, 1].flatMap((n) => [payments, checkout].map((id) => result(id, n * 10 * SECOND, "down")));
    await recordResults(context(), failing);
    const staging = targetId("service", "payments", "staging");
    await recordResults(context(), [result(staging, 10 * SECOND, "up", 20)]);
    const health = await monitorHealth(context(), all);
    expect(health.overall).toBe("down");
    expect(health.summary).toContain("Down: payments (production).");
    expect(health.summary).toContain("checkout (production) (caused by payments)");
    expect(health.counts).toMatchObject({ down: 2, up: 1, unknown: 1 });
    expect(health.targets.map(({ state }) => state)).toEqual(["down", "down", "unknown", "up"]);
    expect(health.targets.find(({ id }) => id === checkout)).toMatchObject({
      causedBy: "payments",
      message: "refused the connection",
      consecutiveFailures: 3,
      uptimePercent24h: 0,
      latencyP50Ms: null,
    });
    expect((await monitorHealth(context(), { ...all, environment: "staging" })).targets).toHaveLength(2);
    const onlyUp = await monitorHealth(context(), { ...all, state: ["up"] });
    expect([onlyUp.total, onlyUp.overall]).toEqual([1, "down"]);
    const later = context({ now: () => new Date(NOW.getTime() + HOUR) });
    expect((await monitorHealth(later, all)).counts).toMatchObject({ unknown: 4, up: 0, down: 0 });
    for (const id of [payments, checkout]) await setMuted(context(), { targetId: id, muted: true });
    expect((await monitorHealth(context(), all)).overall).toBe("unknown");
  });

  it("answers history from rollups, with gaps as gaps", async () => {
    const results = [5 * 60, 4 * 60, 60, 30].map((s, i) =>
      result(payments, s * SECOND, i === 1 ? "down" : "up", 10 * (i + 1)),
    );
    await recordResults(context(), results);
    await database.db.healthResult.deleteMany(); // rollups alone must do
    const hour = await healthHistory(context(), { targetId: payments, range: "1h" });
    expect(hour).toMatchObject({ stepSeconds: 60, checks: 4, uptimePercent: 75 });
    expect(hour.buckets).toHaveLength(60);
    expect(hour.buckets.at(-1)?.t).toBe("2026-03-01T12:30:00.000Z");
    expect(hour.buckets.filter(({ p50Ms }) => p50Ms !== null)).toHaveLength(2);
    expect(hour.buckets.at(-5)).toEqual({
      t: "2026-03-01T12:26:00.000Z",
      up: 0,
      degraded: 0,
      down: 1,
      p50Ms: null,
      p95Ms: null,
    });
    expect(hour.latencyP50Ms).toBeGreaterThan(20);
    for (const [range, buckets] of [
      ["24h", 96],
      ["7d", 168],
      ["30d", 180],
      ["90d", 180],
    ] as const) {
      const history = await healthHistory(context(), { targetId: payments, range });
      expect(history.buckets).toHaveLength(buckets);
      expect(history.checks).toBe(4);
    }
    await expect(healthHistory(context(), { targetId: "hlt_no", range: "1h" })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  it("covers maintenance: shown at once, out of the uptime, and counted anew afterwards", async () => {
    const runtime = context();
    await recordResults(runtime, [result(payments, 60 * SECOND, "up")]);
    const shown = await setMaintenance(runtime, { targetId: payments, minutes: 10, reason: "new disks" });
    expect(shown).toMatchObject({ state: "maintenance", maintenanceUntil: "2026-03-01T12:40:20.000Z" });
    await recordResults(
      runtime,
      [-30, -60, -90].map((s) => result(payments, s * SECOND, "down")),
    );
    const during = context({ now: () => new Date(NOW.getTime() + 100 * SECOND) });
    expect((await healthHistory(during, { targetId: payments, range: "1h" })).uptimePercent).toBe(100);
    expect(await database.db.healthResult.count({ where: { maintenance: true } })).toBe(3);
    await setMaintenance(during, { targetId: payments, minutes: 0, reason: "done" });
    await recordResults(during, [result(payments, -120 * SECOND, "down")]);
    const row = await database.db.healthTarget.findUniqueOrThrow({ where: { id: payments } });
    expect([row.state, row.consecutiveFailures]).toEqual(["pending", 1]);
    const changes = await listEvents(database.db, { from: new Date(0), kinds: ["health.changed"], limit: 10 });
    expect(changes.events.reverse().map(({ detail: { from, to } }) => `${from} ${to}`)).toEqual([
      "unknown up",
      "up maintenance",
      "maintenance unknown",
      "unknown pending",
    ]);
    const audit = await database.db.auditEntry.findMany({
      where: { action: "health.maintenance" },
      orderBy: { id: "asc" },
    });
    expect(audit.map(({ reason, outcome }) => [reason, outcome])).toEqual([
      ["new disks", "done"],
      ["done", "done"],
    ]);
    expect(runtime.published).toContainEqual({ topic: "health", subjectId: payments });
    expect(runtime.published).toContainEqual({ topic: "service", subjectId: "payments/production" });
  });

  it("refuses a viewer the writes, and records the refusal", async () => {
    const viewer = context({ actor: actor({ role: "viewer" }) });
    await expect(setMuted(viewer, { targetId: payments, muted: true })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(setMaintenance(viewer, { targetId: payments, minutes: 5, reason: "x" })).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
    expect(await database.db.auditEntry.count({ where: { outcome: "refused", targetId: payments } })).toBe(2);
    expect((await database.db.healthTarget.findUniqueOrThrow({ where: { id: payments } })).muted).toBe(false);
    await expect(setMuted(context(), { targetId: "hlt_no", muted: true })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("keeps raw results a day and rollups ninety", async () => {
    await recordResults(context(), [
      result(payments, 91 * 24 * HOUR, "up"),
      result(payments, 25 * HOUR, "up"),
      result(payments, HOUR, "up"),
    ]);
    expect(await deleteOldHealth(context())).toBe(2 + 2);
    expect(await database.db.healthResult.count()).toBe(1);
    expect(await database.db.healthRollup.count()).toBe(4);
    expect((await healthHistory(context(), { targetId: payments, range: "90d" })).checks).toBe(2);
  });

  it("hints once, not a thousand times, when much changes together", async () => {
    const healthEndpoints = Array.from({ length: 30 }, (_, i) => ({
      type: "tcp" as const,
      name: `e${i}`,
      host: "a.test",
      port: 1,
    }));
    const runtime = context({ config: testConfig({ monitoringConfig: { healthEndpoints } }) });
    await syncTargets(runtime);
    runtime.published.length = 0;
    await recordResults(
      runtime,
      healthEndpoints.map(({ name }) => result(targetId("endpoint", name, null), SECOND, "up")),
    );
    expect(runtime.published).toEqual([
      { topic: "health", subjectId: undefined },
      { topic: "service", subjectId: undefined },
    ]);
  });
});
