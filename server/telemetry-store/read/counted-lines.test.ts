import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import type { LogFilter, LogTerm } from "#server/agent/ports/log-source.ts";
import { levelOfSeverity } from "#server/agent/ports/telemetry.ts";
import type { MinedLog } from "#server/agent/ports/telemetry-store.ts";
import { useDatabase } from "#server/testing/database.ts";
import { logLine, SENDER } from "#server/testing/telemetry/records.ts";
import { upkeepOnce } from "../rollup/maintenance.ts";
import { type BuiltinStore, createTelemetryStore } from "../store.ts";
import { rangesOf } from "./counted-lines.ts";

const config = OperateAgentConfigSchema.parse({}).monitoringConfig;
const database = useDatabase();
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const nowMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS + 7 * MINUTE_MS;
let store: BuiltinStore;
beforeAll(() => {
  store = createTelemetryStore({ databaseUrl: database.url, config, now: () => new Date(nowMs) });
});
afterAll(() => store.close());

describe("the ranges that counts are read from", () => {
  it("cover the window once, from whole minutes and hours", () => {
    const window = fc.record({
      fromMs: fc.integer({ min: -3 * HOUR_MS, max: 0 }),
      lengthMs: fc.integer({ min: 1, max: 9 * HOUR_MS }),
    });
    const stepMs = fc.constantFrom(1_000, 90_000, MINUTE_MS, 5 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS);
    fc.assert(
      fc.property(
        window,
        stepMs,
        fc.boolean(),
        fc.integer({ min: 0, max: 9 }),
        ({ fromMs, lengthMs }, step, exact, hours) => {
          const base = 1_000 * HOUR_MS;
          const asked = { fromMs: base + fromMs, toMs: base + fromMs + lengthMs, stepMs: step };
          const known = { exact, nowMs: base + 99 * HOUR_MS, keptFromMs: 0, hoursUntilMs: base + hours * HOUR_MS };
          const { originMs, ranges } = rangesOf(asked, known);
          const sorted = [...ranges].sort((a, b) => a.fromMs - b.fromMs);
          expect([sorted[0]?.fromMs, sorted.at(-1)?.toMs]).toEqual([asked.fromMs, asked.toMs]);
          expect(sorted.slice(1).map((range) => range.fromMs)).toEqual(sorted.slice(0, -1).map((range) => range.toMs));
          expect(originMs).toBeLessThanOrEqual(asked.fromMs);
          for (const { table, ...range } of ranges) {
            const unit = { log_line: 1, log_count: MINUTE_MS, log_count_hour: HOUR_MS }[table];
            expect([range.fromMs % unit, range.toMs % unit, unit > 1 ? (range.fromMs - originMs) % unit : 0]).toEqual([
              0, 0, 0,
            ]);
            if (table === "log_count_hour") expect(range.toMs).toBeLessThanOrEqual(known.hoursUntilMs);
          }
        },
      ),
    );
  });

  it("takes minutes whole where their lines are not kept any more, and the one in progress", () => {
    const asked = { fromMs: 30_000, toMs: 10 * MINUTE_MS + 30_000, stepMs: MINUTE_MS };
    const known = { exact: true, nowMs: 10 * MINUTE_MS + 30_000, keptFromMs: 5 * MINUTE_MS, hoursUntilMs: 0 };
    expect(rangesOf(asked, known).ranges).toEqual([{ table: "log_count", fromMs: 0, toMs: 11 * MINUTE_MS }]);
  });
});

const SERVICES = ["checkout", "pay%ments", "search"];
const text = (value: string, negated = false): LogTerm => ({ kind: "text", value, negated });
const field = (name: string, value: string, negated = false): LogTerm => ({
  kind: "field",
  field: name,
  value,
  negated,
});

describe("counts", () => {
  const startMs = nowMs - 5 * HOUR_MS;
  let ids: number[] = [];
  const lines: MinedLog[] = [];
  beforeAll(async () => {
    ids = [...(await store.patternIds(["user <*> paid", "cart is empty", "disk <*> full"])).values()];
    for (let i = 0; i < 3_000; i++)
      lines.push(
        logLine({
          ...{
            atMs: startMs + ((i * 7_919_717) % (5 * HOUR_MS)),
            severity: (i * 5) % 25,
            patternId: ids[i % 4] ?? null,
          },
          ...{ service: SERVICES[i % 3] ?? "", environment: i % 2 ? "production" : "staging", version: `${i % 5}.0` },
          ...{ instance: i % 7 ? "a" : "b", body: i % 11 ? "ordinary" : "Special 100%" },
        }),
      );
    await store.writeLogs(lines, SENDER);
  });

  const wantedOf = (filter: LogFilter, fromMs: number, toMs: number) =>
    lines.filter(
      (line) =>
        line.atMs >= fromMs &&
        line.atMs < toMs &&
        (["service", "environment", "version", "instance"] as const).every(
          (key) => (filter[key] ?? line[key]) === line[key],
        ) &&
        line.severity >= (filter.minSeverity ?? 0) &&
        (filter.patternId ?? String(line.patternId)) === String(line.patternId) &&
        filter.terms.every((term) => {
          const holds =
            term.kind === "text"
              ? line.body.toLowerCase().includes(term.value.toLowerCase())
              : term.value.endsWith("*")
                ? line.service.startsWith(term.value.slice(0, -1))
                : line.service === term.value;
          return holds !== term.negated;
        }),
    );
  const filters = (): LogFilter[] => [
    { terms: [] },
    { service: "checkout", minSeverity: 13, terms: [] },
    { environment: "staging", version: "2.0", terms: [field("service", "pay%*")] },
    { minSeverity: 6, terms: [field("service", "search", true)] },
    { patternId: String(ids[1]), terms: [] },
    { instance: "b", terms: [] },
    { terms: [text("SPECIAL 100%")] },
    { service: "nobody", terms: [] },
  ];
  const windows: [number, number][] = [
    [startMs, nowMs],
    [startMs + 61_234, nowMs - 90_001],
    [startMs + 10_000, startMs + 40_000],
    [startMs + HOUR_MS - 1, startMs + 3 * HOUR_MS + 1],
  ];

  async function expectCounts(filter: LogFilter, [fromMs, toMs]: [number, number], stepSeconds: number) {
    const window = { from: new Date(fromMs), to: new Date(toMs) };
    const { data } = await store.logs.counts({ window, filter, stepSeconds });
    const unit = stepSeconds % 3_600 === 0 ? HOUR_MS : stepSeconds % 60 === 0 ? MINUTE_MS : 1;
    const originMs = Math.floor(fromMs / unit) * unit;
    const wanted = new Map<string, number>();
    for (const line of wantedOf(filter, fromMs, toMs)) {
      const step = Math.floor((line.atMs - originMs) / (stepSeconds * 1_000));
      const key = `${originMs + step * stepSeconds * 1_000} ${levelOfSeverity(line.severity)}`;
      wanted.set(key, (wanted.get(key) ?? 0) + 1);
    }
    expect(new Map(data.map(({ bucketMs, level, count }) => [`${bucketMs} ${level}`, count]))).toEqual(wanted);
  }

  it.each(["before", "after"])("are those of the lines %s they are rolled up, whatever the window", async (when) => {
    if (when === "after") await upkeepOnce(store);
    for (const filter of filters())
      for (const window of windows)
        for (const stepSeconds of [30, 60, 600, 3_600]) await expectCounts(filter, window, stepSeconds);
  });

  it("follow lines that come late into an hour that is rolled up", async () => {
    const window = { from: new Date(startMs), to: new Date(nowMs) };
    const hours = async () => {
      const { data } = await store.logs.counts({ window, filter: { service: "late", terms: [] }, stepSeconds: 3_600 });
      return data.map(({ count }) => count);
    };
    await upkeepOnce(store);
    await store.writeLogs([logLine({ service: "late", atMs: startMs + HOUR_MS })], SENDER);
    await Promise.all([
      upkeepOnce(store),
      store.writeLogs([logLine({ service: "late", atMs: startMs + HOUR_MS + 1 })], SENDER),
    ]);
    await upkeepOnce(store);
    expect(await hours()).toEqual([2]);
  });

  it("of patterns have what people said of them, and are filtered by template", async () => {
    await database.db.logPattern.update({ where: { id: ids[2] ?? 0 }, data: { name: "Disk", pinned: true } });
    const window = { from: new Date(startMs), to: new Date(nowMs) };
    const ask = async (filter: LogFilter) =>
      (await store.logs.patternCounts?.({ window, filter, stepSeconds: 3_600 }))?.data ?? [];
    const all = await ask({ terms: [] });
    expect(all.reduce((sum, { count }) => sum + count, 0)).toBe(
      lines.filter(({ patternId }) => patternId !== null).length,
    );
    const disk = await ask({ terms: [text("DISK <"), text("paid", true)] });
    expect(new Set(disk.map(({ patternId, name, pinned }) => `${patternId} ${name} ${pinned}`))).toEqual(
      new Set([`${ids[2]} Disk true`]),
    );
    const errors = await ask({ minSeverity: 17, service: "checkout", terms: [] });
    expect(errors.reduce((sum, { count }) => sum + count, 0)).toBe(
      wantedOf({ minSeverity: 17, service: "checkout", terms: [] }, startMs, nowMs).filter(
        (line) => line.patternId !== null,
      ).length,
    );
    for (const filter of [
      { instance: "b", terms: [] },
      { traceId: "x", terms: [] },
      { terms: [field("order.id", "7")] },
    ])
      await expect(ask(filter)).rejects.toMatchObject({ code: "INVALID" });
  });
});

describe("patterns", () => {
  const window = () => ({ from: new Date(nowMs - 10 * MINUTE_MS), to: new Date(nowMs) });
  const countsOf = async (service: string) => {
    const counts = await store.logs.patternCounts?.({
      window: window(),
      filter: { service, terms: [] },
      stepSeconds: 600,
    });
    const sums = new Map<string, number>();
    for (const { patternId, template, count } of counts?.data ?? [])
      sums.set(`${patternId} ${template}`, (sums.get(`${patternId} ${template}`) ?? 0) + count);
    return [...sums].sort();
  };
  const write = (service: string, ...patterns: number[]) =>
    store.writeLogs(
      patterns.map((patternId) => logLine({ service, atMs: nowMs - 5 * MINUTE_MS, patternId })),
      SENDER,
    );

  it("read as they were generalised, and keep their id", async () => {
    const id = (await store.patternIds(["login of ada"])).get("login of ada") ?? 0;
    await write("generalised", id, id);
    expect(await store.generalisePattern(id, "login of <*>")).toBe(id);
    expect(await countsOf("generalised")).toEqual([[`${id} login of <*>`, 2]]);
    expect(await store.patternIds(["login of <*>"])).toEqual(new Map([["login of <*>", id]]));
  });

  it("that were merged are shown, counted and searched as one, also after a second merge", async () => {
    const made = await store.patternIds(["a of x", "b of x", "c of x"]);
    const [a = 0, b = 0, c = 0] = made.values();
    await write("merged", a, b, b, c);
    expect(await store.generalisePattern(b, "a of x")).toBe(a);
    expect(await store.generalisePattern(a, "c of x")).toBe(c);
    expect(await countsOf("merged")).toEqual([[`${c} c of x`, 4]]);
    // what was merged away is found under its old template and its old id
    expect((await store.patternIds(["a of x"])).get("a of x")).toBe(c);
    for (const patternId of [a, b, c].map(String)) {
      const query = { window: window(), filter: { patternId, terms: [] }, order: "newest-first" as const, limit: 10 };
      const { data } = await store.logs.lines(query);
      expect(data.lines.map((line) => line.patternId)).toEqual([c, c, c, c].map(String));
    }
    await write("merged", b);
    expect(await countsOf("merged")).toEqual([[`${c} c of x`, 5]]);
    expect((await store.loadPatterns(1_000)).filter(({ template }) => template.endsWith("of x"))).toEqual([
      { id: c, template: "c of x" },
    ]);
  });

  it("may be as long as a line and hold anything", async () => {
    const templates = ["<*> ".repeat(20_000), "nul \0 half \ud800", "'; drop table log_pattern; --", ""];
    const ids = await store.patternIds(templates);
    expect(new Set(ids.values()).size).toBe(4);
    expect(await store.patternIds(templates)).toEqual(ids);
  });

  it("crossing merges by two processes leave one", async () => {
    const other = createTelemetryStore({ databaseUrl: database.url, config, now: () => new Date(nowMs) });
    const [left = 0, right = 0] = (await store.patternIds(["left of y", "right of y"])).values();
    await write("crossed", left, right);
    await Promise.all([store.generalisePattern(left, "right of y"), other.generalisePattern(right, "left of y")]);
    expect((await countsOf("crossed")).map(([, count]) => count)).toEqual([2]);
    await other.close();
  });
});

describe("searches", () => {
  it("take any text for text", async () => {
    const atMs = nowMs - DAY_MS;
    const window = { from: new Date(atMs), to: new Date(atMs + 1_000) };
    const hostile = fc.oneof(
      fc.string({ unit: "binary", minLength: 1 }),
      fc.constantFrom("'; drop table log_line; --", "%", "_", "\\", "$1", "\0", "a.b.c.d.e.f.g.h", "{}", '"', "[*]"),
    );
    await fc.assert(
      fc.asyncProperty(hostile, hostile, async (name, value) => {
        const body = `before ${value} after`;
        await store.writeLogs([logLine({ service: "hostile", atMs, body, attributes: { [name]: value } })], SENDER);
        const find = async (filter: LogFilter) =>
          (await store.logs.lines({ window, filter, order: "newest-first", limit: 500 })).data.lines.map(
            (line) => line.body,
          );
        const clean = body.replaceAll("\0", "\ufffd").toWellFormed();
        expect(
          await find({ service: "hostile", terms: [text(value.toUpperCase().length === value.length ? value : body)] }),
        ).toContain(clean);
        if (
          !value.includes("*") &&
          name !== "__proto__" &&
          !["service", "environment", "version", "instance", "trace"].includes(name)
        )
          expect(await find({ terms: [field(name, value)] })).toContain(clean);
        const anywhere = {
          service: value,
          environment: name,
          version: value,
          instance: name,
          traceId: value,
          patternId: name,
        };
        expect(await find({ ...anywhere, terms: [field(name, value, true), text(value, true)] })).toEqual([]);
        await store.logs.counts({ window, filter: { ...anywhere, terms: [] }, stepSeconds: 1 });
      }),
      { numRuns: 60 },
    );
  });
});
