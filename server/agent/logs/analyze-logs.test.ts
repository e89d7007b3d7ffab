import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Prisma } from "../../db/generated/client.ts";
import { createTelemetryStore } from "../../telemetry-store/index.ts";
import { testConfig, testContext } from "../../testing/context.ts";
import { useDatabase } from "../../testing/database.ts";
import { recordDeployments } from "../../testing/deploy/record-deployments.ts";
import type { FakePlatform } from "../../testing/doubles/fake-platform.ts";
import { FakeTelemetry } from "../../testing/doubles/fake-telemetry.ts";
import { createLineWriter, every, logRecord } from "../../testing/mined-logs.ts";
import type { AgentContext } from "../kernel/context.ts";
import type { LogRecord } from "../ports/telemetry.ts";
import type { PlatformInstance } from "../ports/workloads.ts";
import { analyzeLogs, searchLogs, updatePattern } from "./index.ts";
import { parseQuery } from "./query-language.ts";
import { AnalyzeLogsInput, AnalyzeLogsOutput, SearchLogsInput } from "./schema.ts";

const database = useDatabase();
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const START = Date.parse("2026-03-01T12:00:40.000Z");
let clockMs = START;
let store: ReturnType<typeof createTelemetryStore>;
let write: ReturnType<typeof createLineWriter>;

beforeAll(() => {
  const config = testConfig({ monitoringConfig: { retention: { logsDays: 90 } } }).monitoringConfig;
  store = createTelemetryStore({ databaseUrl: database.url, config, now: () => new Date(clockMs) });
});
afterAll(() => store?.close());
beforeEach(async () => {
  clockMs = START;
  await database.db.$executeRaw`truncate log_line, log_count, log_pattern, deployment, timeline_event cascade`;
  write = createLineWriter(store);
});

const context = (overrides: Partial<AgentContext> = {}) =>
  testContext(database, { telemetry: new FakeTelemetry({ store }), now: () => new Date(clockMs), ...overrides });
const iso = (ms: number): string => new Date(ms).toISOString();
const analyze = async (minutes: number, more: Record<string, unknown> = {}, ctx = context()) =>
  AnalyzeLogsOutput.parse(
    await analyzeLogs(
      ctx,
      AnalyzeLogsInput.parse({ startTime: iso(clockMs - minutes * MINUTE), endTime: iso(clockMs), ...more }),
    ),
  );
const deployed = async (at: number, version: string, more: Partial<Prisma.DeploymentCreateManyInput> = {}) => {
  const id = `dep_${version}_${at}`;
  await recordDeployments(database.db, {
    ...{ id, service: "checkout", environment: "production", strategy: "rolling", version },
    ...{ status: "running", summary: "", options: {}, actorKind: "person", actorId: "u", actorName: "Ada" },
    ...{ requestId: "r", previousVersion: "2.4.0", startedAt: new Date(at), deadlineAt: new Date(at + DAY), ...more },
  });
  return { id };
};

const orders = (fromMs: number, toMs: number, more: Partial<LogRecord> = {}) =>
  every({ fromMs, toMs, stepMs: 500 }, (at, i) => logRecord(at, `order ${i} placed for ${10 + (i % 7)} EUR`, more));
/** one request in twenty of 2.5.0 fails */
const failing = (fromMs: number, toMs: number) =>
  every({ fromMs, toMs, stepMs: 50 }, (at, i) =>
    i % 20 === 7
      ? logRecord(at, `rounding error: total ${i}.30 is not the sum of its lines`, { version: "2.5.0", severity: 17 })
      : logRecord(at, `order ${i} placed for 12 EUR`, { version: "2.5.0" }),
  );

describe("a deployment that brings errors", () => {
  it("is named with its new pattern 25 s after it began", async () => {
    await write(orders(clockMs - 40 * MINUTE, clockMs - 20_000));
    const { id } = await deployed(clockMs - 25_000, "2.5.0");
    await write(failing(clockMs - 20_000, clockMs - 1_000));
    const { anomalies, recommendations, summary } = await analyze(15);
    expect(anomalies[0]).toMatchObject({
      ...{ kind: "new", severity: "warning", service: "checkout", environment: "production" },
      template: "rounding error: total <*> is not the sum of its lines",
      deployment: {
        ...{ id, version: "2.5.0", at: iso(clockMs - 25_000) },
        sentence: "began 5 s after the deployment of 2.5.0; all 19 lines come from 2.5.0",
      },
    });
    expect(summary).toContain("began 5 s after the deployment of 2.5.0; all 19 lines come from 2.5.0");
    expect(recommendations.map(({ tool }) => tool)).toEqual(["compare_versions", "decide_deployment"]);
  });

  it("is named right after a first start, when nothing is known of the time before", async () => {
    await write(orders(clockMs - 4 * MINUTE, clockMs - 20_000));
    await deployed(clockMs - 25_000, "2.5.0");
    await write(failing(clockMs - 20_000, clockMs - 1_000));
    const { anomalies, totals, totalsBefore, patterns, notes } = await analyze(15);
    expect(totals).toEqual({ lines: 440 + 380, errors: 19, warnings: 0 });
    expect(totalsBefore).toBeNull();
    expect(patterns.every(({ before }) => before === null)).toBe(true);
    expect(notes.join()).toMatch(/No line is known of the equal time before/);
    expect(anomalies.map(({ kind, deployment }) => [kind, deployment?.version])).toContainEqual(["new", "2.5.0"]);
  });

  it("is named when it came so soon after a first start that the lines before prove nothing", async () => {
    const rare = (fromMs: number, toMs: number, version: string) =>
      every({ fromMs, toMs, stepMs: 50 }, (at, i) =>
        i % 100 === 7
          ? logRecord(at, `rounding error: total ${i}.30 is not the sum of its lines`, { version, severity: 17 })
          : logRecord(at, `order ${i} placed for 12 EUR`, { version }),
      );
    await write(orders(clockMs - 90_000, clockMs - 21_000, { version: "2.4.0" }));
    await write(rare(clockMs - 20_000, clockMs - 1_000, "2.5.0"));
    expect((await analyze(15)).anomalies).toEqual([]);
    await deployed(clockMs - 25_000, "2.5.0");
    const { anomalies } = await analyze(15);
    expect(anomalies).toMatchObject([
      {
        ...{ kind: "new", severity: "warning", service: "checkout" },
        sentence: expect.stringMatching(
          /is new: 4 lines of 2\.5\.0 of checkout in \w+ \(1\.05 % of 380\), none of 138 of other/,
        ),
        deployment: { version: "2.5.0" },
      },
    ]);
    await write(rare(clockMs - 30_000, clockMs - 25_000, "2.4.0"));
    expect((await analyze(15)).anomalies).toEqual([]);
  });

  it.each<[string, number, Record<string, unknown>]>([
    ["another service", -25_000, { service: "payments" }],
    ["another environment", -25_000, { environment: "staging" }],
    ["long ago", -20 * MINUTE, {}],
    ["later", 5 * MINUTE, {}],
  ])("is not one of %s", async (_, offset, more) => {
    await write(orders(clockMs - 40 * MINUTE, clockMs));
    await deployed(clockMs - 5 * MINUTE + offset, "2.5.0", more);
    await write(failing(clockMs - 5 * MINUTE, clockMs));
    const { anomalies } = await analyze(10);
    expect(anomalies.length).toBeGreaterThan(0);
    expect(anomalies.map(({ deployment }) => deployment)).toEqual(anomalies.map(() => null));
  });

  it("is the one whose version wrote the lines, not a later one", async () => {
    await write(orders(clockMs - 40 * MINUTE, clockMs));
    await deployed(clockMs - 20_000, "2.6.0");
    await deployed(clockMs - 60_000, "2.5.0");
    await write(failing(clockMs - 19_000, clockMs));
    const { anomalies } = await analyze(15);
    expect(anomalies[0]?.deployment?.version).toBe("2.5.0");
  });

  it("is the one under which its pattern began, not a later one of the same version, and none of after the end", async () => {
    await write(orders(clockMs - 40 * MINUTE, clockMs));
    const ended = (at: number) => ({ status: "rolled_back", finishedAt: new Date(at) });
    const first = await deployed(clockMs - 109_000, "2.5.0", ended(clockMs - 60_000));
    await deployed(clockMs - 41_000, "2.5.0", ended(clockMs - 20_000));
    await write(failing(clockMs - 84_500, clockMs - 62_000));
    await write(failing(clockMs - 40_000, clockMs - 21_000));
    for (const endTime of [clockMs - 49_000, clockMs].map(iso)) {
      const { anomalies, recommendations } = await analyze(15, { endTime });
      expect(anomalies[0]).toMatchObject({
        kind: "new",
        deployment: { id: first.id, sentence: expect.stringMatching(/^began 2\d s after the deployment of 2\.5\.0/) },
      });
      expect(recommendations.map(({ tool }) => tool)).toEqual(["compare_versions", "get_deployment"]);
      expect(recommendations[1]).toMatchObject({
        sentence: `${first.id}, which brought 2.5.0 of checkout in production, was rolled back already. See how it stands.`,
      });
    }
  });

  it("is none that began more than a moment after it, and none of after the window's end", async () => {
    await write(orders(clockMs - 40 * MINUTE, clockMs));
    await write(failing(clockMs - 84_500, clockMs - 62_000));
    await deployed(clockMs - 41_000, "2.5.0");
    const until = async (endMs: number) => (await analyze(15, { endTime: iso(endMs) })).anomalies;
    expect((await until(clockMs)).find(({ kind }) => kind === "new")).toMatchObject({ deployment: null });
    const before = await until(clockMs - 49_000); // counted in whole minutes, to 9 s later
    expect(before.length).toBeGreaterThan(1);
    expect(before.map(({ deployment }) => deployment)).toEqual(before.map(() => null));
  });

  it("brings back what was seen days ago", async () => {
    await write(orders(clockMs - 40 * MINUTE, clockMs));
    await write(failing(clockMs - 5 * MINUTE, clockMs - 4 * MINUTE));
    clockMs += DAY;
    await write(orders(clockMs - 40 * MINUTE, clockMs));
    await write(failing(clockMs - 20_000, clockMs - 1_000));
    expect((await analyze(15)).anomalies).toEqual([]);
    await deployed(clockMs - 25_000, "2.5.0");
    const { anomalies } = await analyze(15);
    expect(anomalies).toMatchObject([
      {
        ...{ kind: "new", severity: "warning", service: "checkout" },
        sentence: expect.stringMatching(/is back: 19 lines of checkout .*first seen 23 h 4\d min before that$/),
        deployment: {
          version: "2.5.0",
          sentence: "began at about the time of the deployment of 2.5.0; all 19 lines come from 2.5.0",
        },
      },
    ]);
  });
});

describe("an analysis", () => {
  it("counts, ranks and shows what there is, with a way to the lines", async () => {
    const [from, to] = [clockMs - 30 * MINUTE, clockMs];
    const slow = (at: number) => logRecord(at, "slow answer of the bank", { severity: 13, service: "payments" });
    await write([
      ...orders(from - 30 * MINUTE, to),
      ...every({ fromMs: from - 30 * MINUTE, toMs: to, stepMs: 10_000 }, slow),
      ...every({ fromMs: from, toMs: to, stepMs: 20_000 }, (at) => logRecord(at, "no route to bank", { severity: 17 })),
    ]);
    const { totals, totalsBefore, patterns, trend, stepSeconds, window } = await analyze(30);
    expect(stepSeconds).toBe(60);
    expect(window).toEqual({ from: iso(from - 40_000), to: iso(to) });
    expect(totals).toEqual({ lines: 3_680 + 184 + 90, errors: 90, warnings: 184 });
    expect(totalsBefore).toMatchObject({ errors: 0 });
    expect(trend).toHaveLength(31);
    const sum = (values: number[]) => values.reduce((all, value) => all + value, 0);
    expect(sum(trend.map(({ lines }) => lines))).toBe(totals.lines);
    expect(sum(trend.map(({ errors }) => errors))).toBe(totals.errors);
    const [first, second, third] = patterns;
    expect(first).toMatchObject({ template: "no route to bank", level: "error", count: 90, before: 0, tags: ["new"] });
    expect(first).toMatchObject({
      services: ["checkout"],
      versions: ["2.4.0"],
      samples: Array(3).fill("no route to bank"),
    });
    expect(second).toMatchObject({ template: "order <*> placed for <*> EUR", level: "info", count: 3_680 });
    expect(third).toMatchObject({ template: "slow answer of the bank", services: ["payments"], count: 184 });
    expect(sum(patterns.map(({ share }) => share))).toBeCloseTo(1);
    for (const pattern of patterns) {
      expect(sum(pattern.trend)).toBe(pattern.count);
      expect(pattern.kept).toBe(true);
      await updatePattern(context(), { patternId: pattern.id, pinned: true });
      const asked = SearchLogsInput.parse({ startTime: window.from, endTime: window.to, query: pattern.query });
      expect((await searchLogs(context(), asked)).matched).toBe(pattern.count);
    }
  });

  it("groups the lines that a text is searched in by the same patterns as it counts them", async () => {
    await write(orders(clockMs - 20 * MINUTE, clockMs));
    const all = await analyze(10);
    const found = await analyze(10, { query: '"order 17 placed"' });
    expect(found.totals.lines).toBe(0);
    const some = await analyze(10, { query: '"for 12 EUR"' });
    expect(some.totals.lines).toBeGreaterThan(100);
    expect(some.patterns.map(({ id }) => id)).toEqual(all.patterns.map(({ id }) => id));
    expect(some.patterns[0]?.samples).toEqual(Array(3).fill(expect.stringMatching(/for 12 EUR$/)));
  });

  it.each([
    ["a service", { service: "payments" }, 60],
    ["a service of the query", { query: "service:payments" }, 60],
    ["a level", { logLevel: "error" }, 60],
    ["what does not go together", { service: "checkout", logLevel: "error" }, 0],
  ])("looks at %s alone", async (_, filter, lines) => {
    await write([
      ...orders(clockMs - 5 * MINUTE, clockMs),
      ...every({ fromMs: clockMs - 10 * MINUTE, toMs: clockMs, stepMs: 10_000 }, (at) =>
        logRecord(at, "card refused", { service: "payments", severity: 17 }),
      ),
    ]);
    expect((await analyze(10, filter)).totals.lines).toBe(lines);
  });

  it("leaves what people ignore out of what stands out, and shows it last", async () => {
    await write(orders(clockMs - 40 * MINUTE, clockMs));
    await write(failing(clockMs - 5 * MINUTE, clockMs));
    const before = await analyze(10);
    const patternId = before.anomalies[0]?.patternId ?? "";
    await updatePattern(context(), { patternId, ignored: true });
    const after = await analyze(10);
    expect(after.anomalies.filter((one) => one.patternId === patternId)).toEqual([]);
    expect(after.patterns.at(-1)).toMatchObject({ id: patternId, tags: ["ignored"] });
    await updatePattern(context(), { patternId, ignored: false, name: "Sums are wrong", pinned: true });
    const [first] = (await analyze(10)).patterns;
    expect(first).toMatchObject({ id: patternId, name: "Sums are wrong", tags: ["new", "pinned"] });
  });

  it("knows the hour of a nightly job from earlier days", async () => {
    const job = (at: number) =>
      every({ fromMs: at - 20 * MINUTE, toMs: at - 18 * MINUTE, stepMs: 400 }, (ms) => logRecord(ms, "row exported"));
    const usual = (at: number) =>
      every({ fromMs: at - 120 * MINUTE, toMs: at, stepMs: 20_000 }, (ms) => logRecord(ms, "row exported"));
    await write([...usual(clockMs), ...job(clockMs), ...orders(clockMs - 120 * MINUTE, clockMs)]);
    const alone = (await analyze(60)).anomalies.filter(({ kind }) => kind !== "broken-sequence");
    expect(alone.map(({ kind, template }) => [kind, template])).toContainEqual(["burst", "row exported"]);
    for (const days of [1, 2]) await write([...usual(clockMs - days * DAY), ...job(clockMs - days * DAY)]);
    expect((await analyze(60)).anomalies.filter(({ template }) => template === "row exported")).toEqual([]);
  });

  it("finds traces that end early", async () => {
    const line = (at: number, body: string, trace: number) =>
      logRecord(at, body, { traceId: trace.toString(16).padStart(32, "0") });
    const trace = (at: number, i: number, whole: boolean) => [
      line(at, "checkout begins", i),
      line(at + 10, "payment is asked for", i),
      ...(whole ? [line(at + 20, "checkout is complete", i)] : []),
    ];
    const from = clockMs - 40 * MINUTE;
    const traces = Array.from({ length: 400 }, (_, i) => {
      const at = from + i * 6_000;
      return trace(at, i, at < clockMs - 10 * MINUTE || i % 4 > 0);
    });
    await write(traces.flat());
    const { anomalies } = await analyze(20);
    const broken = anomalies.find(({ kind }) => kind === "broken-sequence");
    expect(broken?.sentence).toMatch(/^25 of 2\d\d traces of checkout in \w+ end with "payment is asked for"/);
  });

  it("misses what a service says by the clock when all of it is silent and the platform says that it runs", async () => {
    await write(
      every({ fromMs: clockMs - 2 * 60 * MINUTE, toMs: clockMs - 20 * MINUTE, stepMs: 20_000 }, (at, i) =>
        logRecord(at, `heartbeat ${i} sent`),
      ),
    );
    const kindsWith = async (alter: (platform: FakePlatform) => void, more = {}) => {
      const ctx = context();
      for (const { instances } of ctx.platform.services.values())
        for (const instance of instances) instance.startedAt = iso(clockMs - DAY);
      alter(ctx.platform);
      return (await analyze(60, more, ctx)).anomalies.map(({ kind, sentence }) => [kind, sentence]);
    };
    const gone = ["vanished", expect.stringMatching(/is gone for 19 min.*, and checkout in \w+ runs all the same$/)];
    const change = (to: Partial<PlatformInstance>) => (platform: FakePlatform) => {
      for (const { instances } of platform.services.values()) for (const one of instances) Object.assign(one, to);
    };
    expect(await kindsWith(() => undefined)).toEqual([gone]);
    expect(await kindsWith(change({ startedAt: iso(clockMs - MINUTE) }))).toEqual([]);
    expect(await kindsWith(change({ state: "crash-looping" }))).toEqual([]);
    expect(await kindsWith((platform) => Object.assign(platform, { unreachable: true }))).toEqual([]);
    expect(await kindsWith(() => undefined, { endTime: iso(clockMs - 5 * MINUTE) })).toEqual([]);
  });

  it("says what it did not look at in a long window", async () => {
    await write(orders(clockMs - 5 * MINUTE, clockMs));
    const { notes, stepSeconds, totals, trend } = await analyze(24 * 60);
    expect(notes.join()).toMatch(/order of lines within traces .* longer than 6 h/);
    expect({ stepSeconds, lines: totals.lines }).toEqual({ stepSeconds: 3_600, lines: 600 });
    expect(trend.length).toBeLessThanOrEqual(60);
  });

  it("is empty where there is nothing", async () => {
    const { summary, totals, patterns, anomalies, nextCursor, truncated } = await analyze(15);
    expect(summary).toMatch(/^No lines in 15 min/);
    expect({ totals, patterns, anomalies, nextCursor, truncated }).toEqual({
      ...{ totals: { lines: 0, errors: 0, warnings: 0 }, patterns: [], anomalies: [] },
      ...{ nextCursor: null, truncated: false },
    });
  });

  it.each<[string, (now: number) => [number, number], RegExp]>([
    ["ends before it begins", (now) => [now - 1, now - 2], /must be after/],
    ["begins in the future", (now) => [now + MINUTE, now + 2 * MINUTE], /in the future: it is .* now/],
    ["is longer than a month", (now) => [now - 32 * DAY, now], /longer than 31 days/],
  ])("is refused for a window that %s", async (_, of, message) => {
    const [startTime, endTime] = of(clockMs).map(iso);
    const input = AnalyzeLogsInput.parse({ startTime, endTime });
    await expect(analyzeLogs(context(), input)).rejects.toMatchObject({
      code: "INVALID",
      message: expect.stringMatching(message),
    });
  });

  it("pages through patterns, each once", async () => {
    const words = ["apple", "river", "stone", "cloud", "tiger", "paper", "glass", "metal", "horse", "storm", "night"];
    await write(
      words.flatMap((word, i) =>
        every({ fromMs: clockMs - 10 * MINUTE, toMs: clockMs - i * 40_000, stepMs: 5_000 }, (at) =>
          logRecord(at, `${word} of the ${word} is ${word}`),
        ),
      ),
    );
    const all = (await analyze(10)).patterns.map(({ id }) => id);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: AnalyzeLogsOutput = await analyze(10, { limit: 4, ...(cursor ? { cursor } : {}) });
      expect(page.truncated).toBe(page.nextCursor !== null);
      seen.push(...page.patterns.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(all);
    expect(all).toHaveLength(words.length);
    await expect(analyze(10, { cursor: "none" })).rejects.toMatchObject({ code: "INVALID" });
    expect(parseQuery(`pattern:${all[0]}`).patternId).toBe(all[0]);
  });
});
