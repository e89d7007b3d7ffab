import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTelemetryStore } from "../../telemetry-store/index.ts";
import { actor, testConfig, testContext } from "../../testing/context.ts";
import { useDatabase } from "../../testing/database.ts";
import { drainIncidents } from "../../testing/deploy/drain-incidents.ts";
import { FakeTelemetry } from "../../testing/doubles/fake-telemetry.ts";
import { createLineWriter, every, logRecord } from "../../testing/mined-logs.ts";
import type { AgentContext } from "../kernel/context.ts";
import { AppError } from "../kernel/errors.ts";
import { FOR_MODELS } from "../kernel/reader-budget.ts";
import { OperateAgent } from "../operate-agent.ts";
import type { LogSource } from "../ports/log-source.ts";
import { checkPatternAlerts, startPatternAlerts } from "./alerts.ts";
import { logContext, logCounts, logFacets, searchLogs, updatePattern } from "./index.ts";
import { LogContextInput, SearchLogsInput, SearchLogsOutput, UpdatePatternInput } from "./schema.ts";

const database = useDatabase();
const MINUTE = 60_000;
const NOW = Date.parse("2026-03-01T12:00:40.000Z");
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const iso = (ms: number): string => new Date(ms).toISOString();
const WINDOW = { startTime: iso(NOW - 30 * MINUTE), endTime: iso(NOW) };
let clockMs = NOW;
let store: ReturnType<typeof createTelemetryStore>;

beforeAll(async () => {
  const config = testConfig({ monitoringConfig: { retention: { logsDays: 90 } } }).monitoringConfig;
  store = createTelemetryStore({ databaseUrl: database.url, config, now: () => new Date(clockMs) });
  const at = NOW - 5 * MINUTE;
  await createLineWriter(store)([
    ...every({ fromMs: NOW - 30 * MINUTE, toMs: NOW, stepMs: 2_000 }, (ms, i) => logRecord(ms, `order ${i} placed`)),
    ...every({ fromMs: NOW - 30 * MINUTE, toMs: NOW, stepMs: 30_000 }, (ms) =>
      logRecord(ms, "card refused", { service: "payments", severity: 17, environment: "staging" }),
    ),
    logRecord(at, `long ${"ä".repeat(5_000)}`, {
      ...{ severity: 13, traceId: TRACE, instance: "b" },
      attributes: Object.fromEntries(Array.from({ length: 80 }, (_, i) => [`key${i}`, "v".repeat(500)])),
    }),
    ...Array.from({ length: 40 }, (_, i) => logRecord(at + i, `\u0001"${"\\\n".repeat(4_000)}`, { instance: "b" })),
  ]);
});
afterAll(() => store?.close());
const context = (overrides: Partial<AgentContext> = {}) =>
  testContext(database, { telemetry: new FakeTelemetry({ store }), now: () => new Date(clockMs), ...overrides });
const search = (more: Record<string, unknown> = {}, ctx = context()) =>
  searchLogs(ctx, SearchLogsInput.parse({ ...WINDOW, ...more }));

describe("a search", () => {
  it.each<[string, Record<string, unknown>, number | null, number]>([
    ["everything", {}, 1_001, 25],
    ["a service", { service: "payments" }, 60, 25],
    ["a service named in the query", { query: "service:payments" }, 60, 25],
    ["a level and worse", { logLevel: "warn", limit: 100 }, 61, 61],
    ["the stricter of two levels", { logLevel: "error", query: "level:info", limit: 100 }, 60, 60],
    ["a word", { query: "refused" }, null, 25],
    ["a word, all of them", { query: "refused", limit: 100 }, 60, 60],
    ["a trace, in capitals", { traceId: TRACE.toUpperCase() }, 1, 1],
    ["an instance", { instance: "b" }, null, 25],
    ["two that contradict each other in lines", { service: "payments", environment: "production" }, 0, 0],
  ])("for %s", async (_, more, matched, lines) => {
    const page = await search(more);
    expect({ matched: page.matched, lines: page.lines.length }).toEqual({ matched, lines });
    expect(page.truncated).toBe(page.nextCursor !== null);
    expect(page.source).toMatchObject({ kind: "built-in", stale: false });
  });

  it("goes on where it stopped, in both directions, and counts on the first page alone", async () => {
    for (const order of ["newest-first", "oldest-first"]) {
      const first = await search({ service: "payments", order, limit: 40 });
      const second = await search({ service: "payments", order, limit: 40, cursor: first.nextCursor });
      expect([second.matched, second.nextCursor]).toEqual([null, null]);
      expect(new Set([...first.lines, ...second.lines].map(({ id }) => id)).size).toBe(60);
    }
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ["the end before the begin", { startTime: WINDOW.endTime, endTime: WINDOW.startTime }, /must be after/],
    ["a query that cannot be read", { query: "a OR b" }, /^Column 3: "OR" is not available/],
    ["a query that contradicts the service", { service: "payments", query: "service:cart" }, /no line has both/],
    ["a cursor of another source", { cursor: "1.2.3" }, /cursor/],
  ])("is refused for %s", async (_, more, message) => {
    await expect(search(more)).rejects.toMatchObject({ code: "INVALID", message: expect.stringMatching(message) });
  });

  it("gives a model what it can read, each line once, whatever they hold", async () => {
    const ids: string[] = [];
    let cursor: string | null = null;
    let pages = 0;
    do {
      const page: SearchLogsOutput = await search(
        { limit: 200, instance: "b", ...(cursor ? { cursor } : {}) },
        context({ reader: FOR_MODELS }),
      );
      expect(Buffer.byteLength(JSON.stringify(SearchLogsOutput.parse(page)))).toBeLessThan(FOR_MODELS.bytes);
      for (const { body, attributes } of page.lines) {
        expect(body.length).toBeLessThanOrEqual(300);
        expect(JSON.stringify(attributes).length).toBeLessThan(800);
      }
      ids.push(...page.lines.map(({ id }) => id));
      cursor = page.nextCursor;
      pages++;
    } while (cursor !== null);
    expect(new Set(ids).size).toBe(41);
    expect(ids).toHaveLength(41);
    expect(pages).toBeGreaterThan(1);
  });

  it("is the same for a script", async () => {
    const { telemetry, now } = context();
    const agent = new OperateAgent({}, { runtime: { ...context(), telemetry, now } });
    const { lines } = await agent.searchLogs({ ...WINDOW, query: "refused", limit: 1 });
    expect(lines).toMatchObject([{ body: "card refused", level: "error", service: "payments" }]);
    const { patternCount } = await agent.analyzeLogs(WINDOW);
    expect(patternCount).toBeGreaterThan(2);
  });
});

describe("beside a search", () => {
  it("lines are counted by step and level, none left out, at round times", async () => {
    const { points, stepSeconds } = await logCounts(context(), WINDOW);
    expect(stepSeconds).toBe(20);
    expect(points[0]?.t).toBe("2026-03-01T11:30:40.000Z");
    expect(points).toHaveLength(90);
    const total = (key: "debug" | "info" | "warn" | "error") => points.reduce((sum, point) => sum + point[key], 0);
    expect([total("debug"), total("info"), total("warn"), total("error")]).toEqual([0, 940, 1, 60]);
  });

  it("services are named with their lines, most first", async () => {
    expect((await logFacets(context(), WINDOW)).services).toEqual([
      { service: "checkout", environment: "production", lines: 941 },
      { service: "payments", environment: "staging", lines: 60 },
    ]);
  });

  it("a line is shown among those of its instance, also where lines are read elsewhere by default", async () => {
    const [line] = (await search({ traceId: TRACE })).lines;
    const around = (ctx: AgentContext, lineId = line?.id, more = {}) =>
      logContext(ctx, LogContextInput.parse({ lineId, before: 2, after: 3, ...more }));
    const { lines } = await around(context());
    expect(lines).toHaveLength(4);
    expect(lines[0]?.id).toBe(line?.id);
    const refuse = async () => {
      throw new AppError("NOT_FOUND", "Loki has no such line.");
    };
    const loki = { info: { kind: "loki", address: "http://loki.test" }, around: refuse } as unknown as LogSource;
    const both = context({ telemetry: new FakeTelemetry({ store, logs: loki }) });
    expect((await around(both)).source.kind).toBe("built-in");
    await expect(around(both, line?.id, { source: "external" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(around(both, "1-1")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

const patternOf = async (query: string): Promise<string> =>
  (await search({ query, limit: 1 })).lines[0]?.patternId ?? "";

describe("what people say of a pattern", () => {
  const update = (ctx: AgentContext, input: Record<string, unknown>) =>
    updatePattern(ctx, UpdatePatternInput.parse(input));

  it("is kept, and on record with what it was before", async () => {
    const [ctx, patternId] = [context(), await patternOf("refused")];
    const alert = { count: 5, minutes: 10, severity: "high" };
    await update(ctx, { patternId, name: " Cards ", pinned: true, alert });
    const { pattern } = await update(ctx, { patternId, pinned: false });
    expect(pattern).toEqual({
      id: patternId,
      template: "card refused",
      name: "Cards",
      pinned: false,
      ignored: false,
      alert,
    });
    await update(ctx, { patternId, pinned: false });
    const cleared = await update(ctx, { patternId, name: null, alert: null });
    expect(cleared.pattern).toMatchObject({ name: null, alert: null });
    const entries = await database.db.auditEntry.findMany({
      where: { action: "log_pattern.update", targetId: patternId },
      orderBy: { at: "asc" },
    });
    expect(entries.map(({ before, after }) => [before, after])).toMatchObject([
      [
        { name: null, pinned: false, alert: null },
        { name: "Cards", pinned: true, alert },
      ],
      [{ pinned: true }, { pinned: false }],
      [{ name: "Cards" }, { name: null, alert: null }],
    ]);
  });

  it("is refused to a viewer and for a pattern that is not there, and that is on record", async () => {
    const viewer = context({ actor: actor({ role: "viewer" }) });
    const patternId = await patternOf("refused");
    await expect(update(viewer, { patternId, pinned: true })).rejects.toMatchObject({ code: "FORBIDDEN" });
    for (const none of ["999999", "t0123456789abcdef", "1; drop table log_pattern"])
      await expect(update(context(), { patternId: none, pinned: true })).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await database.db.auditEntry.count({ where: { action: "log_pattern.update", outcome: "refused" } })).toBe(4);
  });

  it("is said of the pattern that it was merged into", async () => {
    const [from, into] = [await patternOf("long"), await patternOf("refused")];
    await database.db.logPattern.update({ where: { id: Number(from) }, data: { mergedInto: Number(into) } });
    expect((await update(context(), { patternId: from, ignored: true })).pattern.id).toBe(into);
    await database.db.logPattern.update({ where: { id: Number(from) }, data: { mergedInto: null } });
    await update(context(), { patternId: into, ignored: false });
  });
});

describe("an alert on a pattern", () => {
  beforeEach(async () => {
    await database.db.$executeRaw`truncate timeline_event, timeline_cursor, timeline_postponed, log_alert_firing`;
  });

  it("is on the time line where it fires, and where it was not seen any more", async () => {
    const patternId = await patternOf("refused");
    const problems: unknown[] = [];
    const check = async (alert: Record<string, unknown> | null, more = {}) => {
      const before = await database.db.timelineEvent.count();
      await updatePattern(context(), UpdatePatternInput.parse({ patternId, alert, ...more }));
      await checkPatternAlerts(context(), (...told) => void problems.push(told));
      const events = await database.db.timelineEvent.findMany({ orderBy: { id: "asc" }, skip: before });
      return events.map(({ kind, service, environment, detail }) => ({ kind, service, environment, detail }));
    };
    const alert = (count: number) => ({ count, minutes: 10, severity: "high" });
    const place = { service: "payments", environment: "staging" };
    expect(await check(alert(21))).toEqual([]);
    expect(await check(alert(20), { name: "Cards" })).toMatchObject([
      { ...place, kind: "pattern.firing", detail: { title: "Cards", count: 20, threshold: 20 } },
    ]);
    expect(await check(alert(20)), "once in a window").toEqual([]);
    expect(await check(alert(21)), "seen, so it is not over").toEqual([]);
    expect(await check(alert(20), { ignored: true })).toEqual([]);
    expect(await check(null, { ignored: false })).toEqual([]);
    expect(await database.db.logAlertFiring.count()).toBe(1);
    clockMs += 20 * MINUTE;
    expect(await check(alert(1))).toMatchObject([{ ...place, kind: "pattern.resolved", detail: { minutes: 10 } }]);
    expect(await database.db.logAlertFiring.count()).toBe(0);
    expect(problems).toEqual([]);
    clockMs = NOW;
    await check(null);
  });

  it("keeps its state when the event cannot be written", async () => {
    const patternId = await patternOf("refused");
    const alert = { count: 10, minutes: 10, severity: "high" };
    await updatePattern(context(), UpdatePatternInput.parse({ patternId, alert }));
    await database.db.$executeRaw`alter table timeline_event add constraint refuses check (kind <> 'pattern.firing')`;
    const problems: string[] = [];
    const check = () => checkPatternAlerts(context(), (message) => void problems.push(message));
    await check();
    expect(problems).toEqual([`lines of the pattern ${patternId} were not counted`]);
    expect(await database.db.logAlertFiring.count()).toBe(0);
    await database.db.$executeRaw`alter table timeline_event drop constraint refuses`;
    await check();
    expect(problems).toHaveLength(1);
    expect(await database.db.logAlertFiring.count()).toBe(1);
  });

  it("opens one incident, however many workers look, and stops with them", async () => {
    const patternId = await patternOf("refused");
    const alert = { count: 10, minutes: 10, severity: "high" };
    await updatePattern(context(), UpdatePatternInput.parse({ patternId, alert }));
    const problems: unknown[] = [];
    const report = (message: string, error: unknown) => void problems.push(message, error);
    const workers = [1, 2, 3].map(() => startPatternAlerts(context(), report));
    await Promise.all(workers.map((worker) => worker.stop()));
    expect(problems).toEqual([]);
    await drainIncidents(context());
    const incidents = await database.db.incident.findMany();
    expect(incidents).toMatchObject([
      { source: "logs", severity: "high", service: "payments", title: expect.stringContaining("Cards") },
    ]);
  });
});
