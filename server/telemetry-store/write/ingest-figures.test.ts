import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import { useDatabase } from "#server/testing/database.ts";
import { logLine, SENDER, samples, spanOf } from "#server/testing/telemetry/records.ts";
import { startTelemetryUpkeep, upkeepOnce } from "../rollup/maintenance.ts";
import { type BuiltinStore, createTelemetryStore } from "../store.ts";

const config = OperateAgentConfigSchema.parse({}).monitoringConfig;
const database = useDatabase();
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
let nowMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
let store: BuiltinStore;
beforeAll(() => {
  store = createTelemetryStore({ databaseUrl: database.url, config, now: () => new Date(nowMs) });
});
afterAll(() => store.close());

describe("what arrives", () => {
  it("is summed by signal, sender and service, with what was refused", async () => {
    const ci = { protocol: "otlp", name: "ci" };
    await store.writeLogs(
      [logLine({ atMs: nowMs }), logLine({ atMs: nowMs }), logLine({ atMs: nowMs, service: "other" })],
      ci,
    );
    await store.writeLogs([logLine({ atMs: nowMs }), logLine({ atMs: nowMs + 9 * HOUR_MS })], ci);
    await store.writeSamples([samples({ timesMs: [nowMs - 1, nowMs], values: [1, 2] })], ci);
    await store.writeSpans([spanOf({ startMs: nowMs })], SENDER);
    await store.noteRefusal("traces", ci, [{ reason: "no protobuf", count: 4, example: "<html>" }]);
    const rows = await store.arrived(new Date(nowMs), new Date(nowMs + MINUTE_MS), 60);
    expect(
      rows
        .map((row) => `${row.signal} ${row.sender} ${row.service} ${row.accepted} ${row.rejected} ${row.bytes > 0}`)
        .sort(),
    ).toEqual([
      "logs ci checkout 3 1 true",
      "logs ci other 1 0 true",
      "metrics ci checkout 2 0 true",
      "traces ci  0 4 false",
      "traces test checkout 1 0 true",
    ]);
    const refusals = await store.refusals(new Date(nowMs), 10);
    expect(refusals.map(({ signal, reason, count, example }) => [signal, reason, count, example])).toEqual([
      ["traces", "no protobuf", 4, "<html>"],
      ["logs", "more than an hour in the future: check the sender's clock", 1, "ready"],
    ]);
  });

  it("counts a reason again under its first time, and keeps a thousand reasons", async () => {
    const firstAt = new Date(nowMs);
    await store.noteRefusal("metrics", SENDER, [{ reason: "again", count: 1, example: null }]);
    nowMs += MINUTE_MS;
    await store.noteRefusal("metrics", SENDER, [{ reason: "again", count: 2, example: "e\0" }]);
    expect((await store.refusals(new Date(nowMs), 1))[0]).toMatchObject({
      ...{ reason: "again", count: 3, firstAt, lastAt: new Date(nowMs), example: "e\ufffd" },
    });
    for (let i = 0; i < 30; i++)
      await store.noteRefusal(
        "metrics",
        SENDER,
        Array.from({ length: 40 }, (_, k) => ({
          reason: `reason ${i * 40 + k} ${"x".repeat(500)}`,
          count: 1,
          example: "y".repeat(5_000),
        })),
      );
    nowMs += MINUTE_MS;
    await store.noteRefusal("metrics", SENDER, [{ reason: "newest", count: 1, example: null }]);
    await upkeepOnce(store);
    const kept = await store.refusals(new Date(0), 5_000);
    expect(kept[0]?.reason).toBe("newest");
    expect(kept.length).toBeGreaterThanOrEqual(1_000);
    expect(kept.length).toBeLessThanOrEqual(1_300); // those of one instant stay together
    expect(Math.max(...kept.map(({ reason }) => reason.length))).toBeLessThanOrEqual(300);
    expect(Math.max(...kept.map(({ example }) => example?.length ?? 0))).toBeLessThanOrEqual(200);
  });

  it("remembers the newest scrape of each target", async () => {
    const note = { target: "node", ok: true, durationMs: 12, samples: 40, error: null };
    await store.noteScrape({ ...note, at: new Date(nowMs) });
    await store.noteScrape({ ...note, at: new Date(nowMs - 1), ok: false, error: "late news" });
    expect(await store.scrapes()).toEqual([{ ...note, at: new Date(nowMs) }]);
  });

  it("tells what is in use and what is on disk", async () => {
    await store.patternIds(["one <*>", "two <*>"]);
    const { series, patterns } = await store.used();
    expect({ series, patterns }).toEqual({ series: 1, patterns: 2 });
    const stored = await store.stored();
    expect(stored.map(({ kind }) => kind)).toEqual(["logs", "metrics", "traces", "rollups"]);
    for (const { bytes, oldestDay } of stored) {
      expect(bytes).toBeGreaterThan(0);
      expect(oldestDay).toMatch(/^\d{4}-\d\d-\d\d$/);
    }
  });
});

describe("the upkeep", () => {
  it("reports what fails, tries again, and stops when told to", async () => {
    const reported: unknown[] = [];
    await database.db.$executeRaw`alter table rollup_progress rename to rollup_progress_away`;
    const upkeep = startTelemetryUpkeep(store, (message, error) => reported.push([message, error]));
    await expect.poll(() => reported.length, { timeout: 15_000 }).toBe(1);
    await database.db.$executeRaw`alter table rollup_progress_away rename to rollup_progress`;
    await upkeep.stop();
    expect(reported).toHaveLength(1);
  });

  it("forgets series, patterns and positions that nothing refers to, and no pattern a person named", async () => {
    await store.writeReadLogs([], SENDER, [{ stream: "gone", from: null, to: "1" }]);
    await store.patternIds(["named <*>"]);
    await database.db.logPattern.updateMany({ where: { template: "named <*>" }, data: { name: "Mine" } });
    const later = createTelemetryStore({
      databaseUrl: database.url,
      config,
      now: () => new Date(nowMs + 120 * 24 * HOUR_MS),
    });
    await upkeepOnce(later);
    expect(await database.db.logPattern.findMany({ select: { name: true } })).toEqual([{ name: "Mine" }]);
    expect((await later.streamPositions()).size).toBe(0);
    expect(await later.scrapes()).toEqual([]);
    expect(await database.db.$queryRaw`select count(*)::int as n from metric_series`).toEqual([{ n: 0 }]);
    await later.close();
  });
});
