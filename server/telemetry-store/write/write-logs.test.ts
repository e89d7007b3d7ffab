import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import type { Attributes } from "#server/agent/ports/telemetry.ts";
import type { MinedLog } from "#server/agent/ports/telemetry-store.ts";
import { useDatabase } from "#server/testing/database.ts";
import { logLine, SENDER } from "#server/testing/telemetry/records.ts";
import { upkeepOnce } from "../rollup/maintenance.ts";
import { type BuiltinStore, createTelemetryStore } from "../store.ts";
import { cleanText } from "./attributes.ts";

const config = OperateAgentConfigSchema.parse({}).monitoringConfig;
const database = useDatabase();
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
let store: BuiltinStore;
beforeAll(() => {
  store = createTelemetryStore({ databaseUrl: database.url, config });
});
afterAll(() => store.close());

const linesOf = async (service: string, from = Date.now() - 8 * DAY_MS) =>
  (
    await store.logs.lines({
      ...{ window: { from: new Date(from), to: new Date(Date.now() + 2 * HOUR_MS) }, order: "oldest-first" },
      ...{ filter: { service, terms: [] }, limit: 5_000 },
    })
  ).data.lines;
const write = (...lines: MinedLog[]) => store.writeLogs(lines, SENDER);

/** any UTF-16, also halves of pairs and NUL */
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 30 }).map((codes) => String.fromCharCode(...codes)),
  fc.constantFrom("", "\\N", "\\.", "a\tb\nc\rd", "\0", "\ud800", "'; drop table log_line; --", "x".repeat(70_000)),
);
const anyAttributes = fc.dictionary(
  anyText.filter((key) => key !== "__proto__" && key.length < 100),
  fc.oneof(
    anyText,
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.array(anyText, { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b\0"), anyText),
  ),
  { maxKeys: 5 },
);
/** what can be read back: text without NUL and halves of pairs; JSON knows neither -0 nor NaN */
const readable = (attributes: Attributes): unknown =>
  JSON.parse(
    JSON.stringify(attributes, (_key, value) => (typeof value === "string" ? cleanText(value) : value)).replace(
      /\\u0000|\\ud[89a-f]../g,
      "\ufffd",
    ),
  );

describe("log lines", () => {
  it("are read back as they were acknowledged, whatever they hold", async () => {
    const line = fc.record({
      body: anyText,
      attributes: anyAttributes,
      severity: fc.integer({ min: 0, max: 24 }),
      instance: anyText.filter((text) => text.length <= 200),
      micros: fc.integer({ min: 0, max: 6 * DAY_MS * 1_000 }),
      traceId: fc.constantFrom(null, "4bf92f3577b34da6a3ce929d0e0e4736", "not a trace id"),
      spanId: fc.constantFrom(null, "f0f067aa0ba902b7"),
    });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 20 }), async (given) => {
        const service = `any-${run++}`;
        const base = Math.floor(Date.now() / DAY_MS) * DAY_MS - 6 * DAY_MS;
        const lines = given.map(({ micros, ...one }) => logLine({ ...one, service, atMs: base + micros / 1_000 }));
        expect(await write(...lines)).toEqual({ accepted: lines.length, rejected: [] });
        const read = await linesOf(service);
        const byText = (a: unknown, b: unknown) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
        expect(
          read
            .map(({ at, body, attributes, instance, traceId, spanId }) => ({
              at,
              body,
              attributes,
              instance,
              traceId,
              spanId,
            }))
            .sort(byText),
        ).toEqual(
          lines
            .map(({ atMs, body, attributes, instance, traceId, spanId }) => ({
              at: `${new Date(Math.floor(atMs)).toISOString().slice(0, -1)}${String(Math.round((atMs - Math.floor(atMs)) * 1_000)).padStart(3, "0")}Z`,
              body: cleanText(body),
              attributes: readable(attributes),
              instance: cleanText(instance),
              traceId: traceId === "not a trace id" ? null : traceId,
              spanId,
            }))
            .sort(byText),
        );
      }),
      { numRuns: 40 },
    );
  });

  it("go into the day of their instant, to the microsecond, and are counted in its minute", async () => {
    const midnight = Math.floor(Date.now() / DAY_MS) * DAY_MS - DAY_MS;
    const times = [midnight - 0.001, midnight, midnight + 0.001];
    await write(...times.map((atMs) => logLine({ service: "midnight", atMs })));
    expect((await linesOf("midnight")).map(({ at }) => at.slice(11))).toEqual([
      "23:59:59.999999Z",
      "00:00:00.000000Z",
      "00:00:00.000001Z",
    ]);
    const { data } = await store.logs.counts({
      window: { from: new Date(midnight - 60_000), to: new Date(midnight + 60_000) },
      ...{ filter: { service: "midnight", terms: [] }, stepSeconds: 60 },
    });
    expect(data.map(({ bucketMs, count }) => [bucketMs - midnight, count])).toEqual([
      [-60_000, 1],
      [0, 2],
    ]);
  });

  it("of one instant stay in the order in which they came", async () => {
    const atMs = Date.now() - HOUR_MS;
    const bodies = Array.from({ length: 12_000 }, (_, i) => `line ${i}`);
    for (let i = 0; i < bodies.length; i += 3_000)
      await write(...bodies.slice(i, i + 3_000).map((body) => logLine({ service: "burst", atMs, body })));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const { data } = await store.logs.lines({
        window: { from: new Date(atMs), to: new Date(atMs + 1) },
        ...{ filter: { service: "burst", terms: [] }, order: "oldest-first", limit: 5_000, cursor },
      });
      seen.push(...data.lines.map(({ body }) => body));
      cursor = data.nextCursor ?? undefined;
    } while (cursor);
    expect(seen).toEqual(bodies);
  });

  it("that cannot be kept are left out with a reason; the others are stored", async () => {
    const now = Date.now();
    let deep: Attributes = {};
    for (let i = 0; i < 20_000; i++) deep = { deeper: deep };
    const written = await write(
      logLine({ service: "mixed", atMs: now, body: "kept" }),
      logLine({ service: "mixed", atMs: now + HOUR_MS + 60_000, body: "tomorrow" }),
      logLine({ service: "mixed", atMs: now - 7 * DAY_MS - 60_000, body: "last week" }),
      logLine({ service: "mixed", atMs: Number.NaN, body: "never" }),
      logLine({ service: "mixed".repeat(50), atMs: now, body: "nobody" }),
      logLine({ service: "mixed", atMs: now, body: "deep", attributes: deep }),
    );
    expect(written.accepted).toBe(1);
    expect(written.rejected.map(({ reason, count, example }) => [reason, count, example])).toEqual([
      ["more than an hour in the future: check the sender's clock", 1, "tomorrow"],
      ["older than the 7 days for which lines are kept", 1, "last week"],
      ["the time is not a number", 1, "never"],
      ["a service, environment, version or instance of more than 200 characters", 1, "nobody"],
      ["attributes nested more than 64 levels deep", 1, "deep"],
    ]);
    expect((await linesOf("mixed")).map(({ body }) => body)).toEqual(["kept"]);
  });

  it("that the database refuses cost no other line, nor another sender's", async () => {
    const atMs = Date.now();
    await write(logLine({ service: "poison", atMs }));
    const day = new Date(atMs).toISOString().slice(0, 10).replaceAll("-", "");
    await database.db.$executeRawUnsafe(
      `alter table log_line_${day} add constraint poisoned check (1 / position('!' in body || '!') < 2 and 1 / (1 - position('poison' in body)) is not null)`,
    );
    try {
      const batch = (sender: string, bodies: string[]) =>
        store.writeLogs(
          bodies.map((body) => logLine({ service: sender, atMs, body })),
          { ...SENDER, name: sender },
        );
      const [, good, bad] = await Promise.all([
        batch("first", ["a"]),
        batch("good", ["b", "c"]),
        batch("bad", ["d", "poison", "e", "f", "poison 2"]),
      ]);
      expect(good).toEqual({ accepted: 2, rejected: [] });
      expect(bad?.accepted).toBe(3);
      expect(bad?.rejected).toEqual([
        { reason: "the database refuses it: division by zero", count: 2, example: "poison" },
      ]);
      expect((await linesOf("bad")).map(({ body }) => body)).toEqual(["d", "e", "f"]);
      expect(await linesOf("good")).toHaveLength(2);
      const figures = await store.arrived(new Date(atMs - 60_000), new Date(atMs + 60_000), 60);
      const sums = figures
        .filter(({ sender }) => sender === "bad")
        .map(({ accepted, rejected }) => [accepted, rejected]);
      expect(sums).toEqual([[3, 2]]);
    } finally {
      await database.db.$executeRawUnsafe(`alter table log_line_${day} drop constraint poisoned`);
    }
  });

  it("are stored though their partition was dropped behind the writer's back", async () => {
    const atMs = Date.now() - 5 * DAY_MS;
    await write(logLine({ service: "dropped", atMs, body: "before" }));
    await database.db.$executeRawUnsafe(
      `drop table log_line_${new Date(atMs).toISOString().slice(0, 10).replaceAll("-", "")}`,
    );
    expect(await write(logLine({ service: "dropped", atMs, body: "after" }))).toEqual({ accepted: 1, rejected: [] });
    expect((await linesOf("dropped")).map(({ body }) => body)).toEqual(["after"]);
  });
});

describe("several writers at once", () => {
  it("lose nothing and count everything once", async () => {
    const other = createTelemetryStore({ databaseUrl: database.url, config });
    const templates = Array.from({ length: 60 }, (_, i) => `pattern ${i} of <*>`);
    const known = await Promise.all([store, other].map((one) => one.patternIds([...templates].sort(() => -1))));
    expect(known[0]).toEqual(known[1]);
    const ids = [...(known[0]?.values() ?? [])];
    const base = Math.floor((Date.now() - HOUR_MS) / 60_000) * 60_000;
    const batch = (seed: number) =>
      Array.from({ length: 300 }, (_, i) =>
        logLine({
          service: `shared-${(i * seed) % 3}`,
          atMs: base + ((i * seed * 977) % 300_000),
          patternId: ids[(i * 7 + seed) % 60] ?? 0,
        }),
      );
    const written = await Promise.all(
      Array.from({ length: 20 }, (_, i) => (i % 2 ? store : other).writeLogs(batch(i + 1), SENDER)),
    );
    expect(written.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(6_000);
    const window = { from: new Date(base), to: new Date(base + 300_000) };
    const counted = await store.logs.patternCounts?.({ window, filter: { terms: [] }, stepSeconds: 60 });
    const shared = counted?.data.filter(({ service }) => service.startsWith("shared-")) ?? [];
    expect(shared.reduce((sum, { count }) => sum + count, 0)).toBe(6_000);
    await other.close();
  });
});

describe("lines read from streams", () => {
  const read = (body: string, from: string | null, to: string) =>
    store.writeReadLogs([logLine({ service: "stream", atMs: Date.now(), body })], { protocol: "instance", name: "i" }, [
      { stream: "i/stdout", from, to },
    ]);

  it("are written with their position, or not at all when somebody else moved it", async () => {
    expect(await read("one", null, "10")).toMatchObject({ accepted: 1 });
    await expect(read("one again", null, "10")).rejects.toMatchObject({ code: "CONFLICT" });
    expect(await read("two", "10", "20")).toMatchObject({ accepted: 1 });
    await expect(read("two again", "10", "20")).rejects.toMatchObject({ code: "CONFLICT" });
    expect((await store.streamPositions()).get("i/stdout")).toBe("20");
    expect((await linesOf("stream")).map(({ body }) => body)).toEqual(["one", "two"]);
  });

  it("move on by one of two who read at once", async () => {
    const both = await Promise.allSettled([read("three", "20", "30"), read("three", "20", "30")]);
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect((await linesOf("stream")).filter(({ body }) => body === "three")).toHaveLength(1);
  });
});

describe("retention", () => {
  it("drops what is older than its days, and only that", async () => {
    const later = createTelemetryStore({
      databaseUrl: database.url,
      config,
      now: () => new Date(Date.now() + 2 * DAY_MS),
    });
    const partitions = async () =>
      (
        await database.db.$queryRaw<{ name: string }[]>`
          select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
          where i.inhparent = 'log_line'::regclass order by 1`
      ).map(({ name }) => name.slice(-8));
    const dayOf = (daysAgo: number) =>
      new Date(Date.now() - daysAgo * DAY_MS).toISOString().slice(0, 10).replaceAll("-", "");
    await write(
      logLine({ service: "old", atMs: Date.now() - 6.5 * DAY_MS }),
      logLine({ service: "old", atMs: Date.now() - 4 * DAY_MS }),
    );
    expect(await partitions()).toContain(dayOf(6.5));
    await upkeepOnce(later);
    const left = await partitions();
    expect(left).toContain(dayOf(4));
    expect(left).toContain(dayOf(-2)); // made ahead
    expect(left).toContain(dayOf(-3));
    expect(left.filter((day) => day < dayOf(6))).toEqual([]);
    expect(await linesOf("old")).toHaveLength(1);
    await upkeepOnce(later); // nothing is left to do
    expect(await partitions()).toEqual(left);
    await later.close();
  });
});
