import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import { SPAN_KINDS, SPAN_STATUSES, type SpanRecord } from "#server/agent/ports/telemetry.ts";
import { bucketOf, emptyHistogram } from "#server/agent/telemetry/histogram.ts";
import { useDatabase } from "#server/testing/database.ts";
import { SENDER, spanOf } from "#server/testing/telemetry/records.ts";
import { upkeepOnce } from "../rollup/maintenance.ts";
import { type BuiltinStore, createTelemetryStore } from "../store.ts";

const config = OperateAgentConfigSchema.parse({}).monitoringConfig;
const database = useDatabase();
const MINUTE_MS = 60_000;
const nowMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
let store: BuiltinStore;
beforeAll(() => {
  store = createTelemetryStore({ databaseUrl: database.url, config, now: () => new Date(nowMs) });
});
afterAll(() => store.close());

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length });
const text = fc.string({ unit: "binary", maxLength: 40 });
const attributes = fc.dictionary(
  text.filter((key) => key !== "__proto__"),
  fc.oneof(text, fc.integer(), fc.boolean(), fc.array(text, { maxLength: 2 })),
  {
    maxKeys: 3,
  },
);

describe("spans", () => {
  it("are read back as they were acknowledged, whatever they hold", async () => {
    const record = fc.record({
      ...{ spanId: hex(16), parentSpanId: fc.option(hex(16)), name: text, service: text, environment: text },
      ...{ version: text, instance: text, statusMessage: text, attributes },
      kind: fc.constantFrom(...SPAN_KINDS),
      status: fc.constantFrom(...SPAN_STATUSES),
      startMs: fc.integer({ min: nowMs - 50 * MINUTE_MS, max: nowMs }),
      durationMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
      events: fc.array(fc.record({ atMs: fc.integer({ min: 0, max: nowMs }), name: text, attributes }), {
        maxLength: 2,
      }),
      links: fc.array(fc.record({ traceId: hex(32), spanId: hex(16), attributes }), { maxLength: 2 }),
    });
    const spans = fc.uniqueArray(record, { minLength: 1, maxLength: 8, selector: ({ spanId }) => spanId });
    await fc.assert(
      fc.asyncProperty(hex(32), spans, async (traceId, given) => {
        const records: SpanRecord[] = given.map((one) => ({ ...one, traceId }));
        expect(await store.writeSpans(records, SENDER)).toEqual({ accepted: records.length, rejected: [] });
        await store.writeSpans(records, SENDER); // sent again: each is there once
        const { data } = await store.traces.get(traceId);
        const clean = (value: unknown) => JSON.parse(JSON.stringify(value).replace(/\\u0000/g, "\ufffd")) as SpanRecord;
        const bySpan = (a: SpanRecord, b: SpanRecord) => (a.spanId < b.spanId ? -1 : 1);
        expect([...(data ?? [])].sort(bySpan)).toEqual(records.map(clean).sort(bySpan));
      }),
      { numRuns: 40 },
    );
  });

  it("that cannot be kept are left out with a reason", async () => {
    const bad = (given: Partial<SpanRecord>) => spanOf({ startMs: nowMs, ...given });
    const written = await store.writeSpans(
      [
        bad({}),
        bad({ traceId: "A".repeat(32) }),
        bad({ spanId: "1" }),
        bad({ durationMs: -1 }),
        bad({ durationMs: Number.NaN }),
        bad({ events: [{ atMs: Number.NaN, name: "x", attributes: {} }] }),
        bad({ links: [{ traceId: "1".repeat(32), spanId: "1", attributes: {} }] }),
        bad({ startMs: nowMs - 4 * 24 * 60 * MINUTE_MS }),
      ],
      SENDER,
    );
    expect(written.accepted).toBe(1);
    expect(written.rejected.map(({ reason, count }) => `${count} ${reason}`)).toEqual([
      "2 the duration is negative or not a number",
      "1 the trace id is not 32 hex digits in lower case",
      "1 the span id is not 16 hex digits in lower case",
      "1 the time of an event is not a number",
      "1 a link's trace id is not 32 hex digits or its span id not 16, in lower case",
      "1 older than the 3 days for which spans are kept",
    ]);
  });
});

describe("what a service served", () => {
  it("has the buckets of the histogram that everybody uses", async () => {
    const durations = [0, 0.05, 0.1, 0.1000001, 0.12, 1, 9.99, 10, 144.2, 1_000, 59_999, 1e6, 1e9];
    const startMs = nowMs - 10 * MINUTE_MS;
    await store.writeSpans(
      durations.map((durationMs) => spanOf({ service: "timed", startMs, durationMs })),
      SENDER,
    );
    const expected = emptyHistogram();
    for (const ms of durations) expected[bucketOf(ms)] = (expected[bucketOf(ms)] ?? 0) + 1;
    const window = { from: new Date(startMs), to: new Date(startMs + MINUTE_MS) };
    const latency = async () =>
      (await store.traces.served?.({ window }))?.data.find(({ service }) => service === "timed")?.latency;
    expect(await latency()).toEqual(expected);
    await upkeepOnce(store);
    expect(await latency()).toEqual(expected);
  });

  it("tells two hundred names of a minute apart and counts the rest together", async () => {
    const startMs = nowMs - 20 * MINUTE_MS;
    const names = Array.from({ length: 500 }, (_, i) => (i < 300 ? "GET /" : `GET /order/${i}`));
    await store.writeSpans(
      names.map((name) => spanOf({ service: "wild", startMs, name })),
      SENDER,
    );
    await store.writeSpans(
      Array.from({ length: 100 }, (_, i) => spanOf({ service: "wild", startMs, name: `GET /more/${i}` })),
      SENDER,
    );
    await upkeepOnce(store);
    const window = { from: new Date(startMs), to: new Date(startMs + MINUTE_MS) };
    const { data } = await store.traces.operations({ service: "wild", window });
    expect(data).toHaveLength(201);
    expect(data).toEqual(expect.arrayContaining(["GET /", "(other)"]));
    const served = (await store.traces.served?.({ window }))?.data.find(({ service }) => service === "wild");
    expect(served?.calls).toBe(600);
  });
});
