import { describe, expect, it } from "vitest";
import { actor, testConfig, testContext } from "../../testing/context.ts";
import { useDatabase } from "../../testing/database.ts";
import { fakeMetrics } from "../../testing/doubles/fake-metrics.ts";
import { FakeTelemetry } from "../../testing/doubles/fake-telemetry.ts";
import type { AgentContext } from "../kernel/context.ts";
import { FOR_MODELS, FOR_PEOPLE, type ReaderBudget } from "../kernel/reader-budget.ts";
import type { MetricsSource } from "../ports/metrics-source.ts";
import { FUNCTIONS_OF, METRIC_FUNCTION_NAMES } from "../telemetry/metric-functions.ts";
import { labelValues, listMetrics, metricLabels, queryMetrics } from "./index.ts";
import { LabelValuesInput, ListMetricsInput, QueryMetricsInput, QueryMetricsOutput } from "./schema.ts";

const database = useDatabase();
const now = () => new Date("2026-03-01T12:00:00Z");
const HOUR = { startTime: "2026-03-01T10:00:00Z", endTime: "2026-03-01T11:00:00Z" };

const METRICS = [
  { name: "requests_total", kind: "counter" as const },
  { name: "duration_seconds", kind: "histogram" as const },
  { name: "queue_length", kind: "gauge" as const },
  { name: "untold_count", kind: "unknown" as const },
];
const steady = (value: number | null, steps: number) => [{ labels: {}, values: new Array(steps).fill(value) }];
const plain = () => fakeMetrics({ metrics: METRICS, linesOf: (_, steps) => steady(2, steps) });
const speaking = () =>
  fakeMetrics({ metrics: METRICS, linesOf: (_, steps) => steady(2, steps), evaluate: (_, steps) => steady(7, steps) });

const contextOf = (metrics: MetricsSource, more: Partial<AgentContext> = {}) =>
  testContext(database, { now, telemetry: new FakeTelemetry({ metrics }), ...more });
const query = async (ctx: AgentContext, input: object) =>
  QueryMetricsOutput.parse(await queryMetrics(ctx, QueryMetricsInput.parse({ ...HOUR, ...input })));

describe("a query of a metric", () => {
  it.each([
    ["requests_total", "rate"],
    ["duration_seconds", "quantile"],
    ["queue_length", "avg"],
    ["untold_count", "rate"],
  ])("of %s takes the %s unless told otherwise", async (metric, fn) => {
    const metrics = plain();
    await query(contextOf(metrics), { metric });
    expect(metrics.asked.map((one) => one.fn)).toEqual([fn]);
  });

  it.each([
    ["rate", [["duration_seconds_count", "rate"]], 2, "1/s"],
    ["increase", [["duration_seconds_count", "increase"]], 2, "1"],
    ["count", [["duration_seconds_count", "increase"]], 2, "1"],
    [
      "sum",
      [
        ["duration_seconds_sum", "increase"],
        ["duration_seconds_count", "increase"],
      ],
      6,
      "s",
    ],
    [
      "avg",
      [
        ["duration_seconds_sum", "increase"],
        ["duration_seconds_count", "increase"],
      ],
      3,
      "s",
    ],
  ] as const)("takes the %s of a histogram from what it observed", async (fn, asked, value, unit) => {
    const metrics = fakeMetrics({
      metrics: [{ name: "duration_seconds", kind: "histogram", unit: "s" }],
      linesOf: ({ metric }, steps) => steady(metric.endsWith("_sum") ? 6 : 2, steps),
    });
    const answer = await query(contextOf(metrics), { metric: "duration_seconds", fn });
    expect(metrics.asked.map((one) => [one.metric, one.fn])).toEqual(asked);
    expect(answer).toMatchObject({ unit, total: 1, lines: [{ last: value, min: value, max: value }] });
  });

  const KINDS = ["counter", "gauge", "histogram", "delta"] as const;
  it.each(KINDS.flatMap((kind) => METRIC_FUNCTION_NAMES.map((fn) => [fn, kind] as const)))(
    "answers or refuses the %s of a %s with the functions there are, never with nothing",
    async (fn, kind) => {
      const metrics = fakeMetrics({ metrics: [{ name: "told", kind }], linesOf: (_, steps) => steady(2, steps) });
      const asked = query(contextOf(metrics), { metric: "told", fn });
      if (FUNCTIONS_OF[kind].includes(fn)) expect((await asked).lines).toHaveLength(1);
      else
        await expect(asked).rejects.toMatchObject({
          ...{ code: "INVALID", message: expect.stringContaining(`told is a ${kind}, of which there is no ${fn}`) },
          details: { allowed: FUNCTIONS_OF[kind] },
        });
      const { items } = await listMetrics(contextOf(metrics), ListMetricsInput.parse({}));
      expect(items[0]?.functions.includes(fn)).toBe(FUNCTIONS_OF[kind].includes(fn));
    },
  );

  it.each([
    ["duration_seconds_bucket", "quantile", "duration_seconds"],
    ["duration_seconds_bucket", undefined, "duration_seconds_bucket"],
    ["duration_seconds_count", "increase", "duration_seconds_count"],
    ["duration_seconds_sum", "rate", "duration_seconds_sum"],
  ])("takes a histogram's part %s with %s as the running total it is", async (metric, fn, asked) => {
    const metrics = plain();
    expect((await query(contextOf(metrics), { metric, fn })).lines).toHaveLength(1);
    expect(metrics.asked[0]?.metric).toBe(asked);
    const refused = query(contextOf(metrics), { metric: "duration_seconds_sum", fn: "quantile" });
    await expect(refused).rejects.toMatchObject({ code: "INVALID" });
  });

  it("says of a histogram without a sum which functions are left", async () => {
    const linesOf = ({ metric }: { metric: string }, steps: number) =>
      metric.endsWith("_sum") ? [] : steady(2, steps);
    for (const fn of ["sum", "avg"]) {
      const asked = query(contextOf(fakeMetrics({ metrics: METRICS, linesOf })), { metric: "duration_seconds", fn });
      await expect(asked).rejects.toMatchObject({ code: "INVALID", message: expect.stringContaining("keeps no sum") });
    }
  });

  it.each([
    ["2026-03-01T12:00:00Z", 300, null],
    ["2026-03-01T11:58:00Z", 300, { until: "2026-03-01T11:55:00.000Z", why: expect.stringContaining("300 s") }],
    ["2026-03-01T11:58:00Z", 60, null],
  ])("says where it ends before the window at %s by steps of %s s", async (endTime, stepSeconds, partial) => {
    const ctx = contextOf(plain(), { now: () => new Date(endTime) });
    const asked = { metric: "queue_length", startTime: "2026-03-01T11:00:00Z", endTime, stepSeconds };
    expect(await query(ctx, asked)).toMatchObject({ partial });
  });

  it("cuts the window into about 120 round steps and sums each line up", async () => {
    const metrics = fakeMetrics({
      metrics: METRICS,
      linesOf: (_, steps) => [
        { labels: { code: "200" }, values: Array.from({ length: steps }, (__, i) => (i < 3 ? i : null)) },
      ],
    });
    const answer = await query(contextOf(metrics), { metric: "queue_length", groupBy: ["code"] });
    expect(answer).toMatchObject({ total: 1, truncated: false, stepSeconds: 30, start: "2026-03-01T10:00:00.000Z" });
    expect(answer.lines[0]).toMatchObject({ labels: { code: "200" }, last: 2, min: 0, avg: 1, max: 2 });
    expect(answer.lines[0]?.values).toHaveLength(120);
    expect(answer.source).toMatchObject({ kind: "built-in", stale: false });
  });

  it.each([
    [undefined, 60],
    [10, 60],
    [300, 300],
  ])("asked for steps of %s s makes them no shorter than the samples' distance", async (stepSeconds, wanted) => {
    const linesOf = (_: unknown, steps: number) => steady(2, steps);
    const metrics = fakeMetrics({ metrics: METRICS, linesOf, sampleSeconds: 60.02 });
    const asked = { metric: "queue_length", ...(stepSeconds && { stepSeconds }) };
    expect(await query(contextOf(metrics), asked)).toMatchObject({ stepSeconds: wanted });
  });

  it("filters by service and environment, by the labels the configuration names where the source is external", async () => {
    const config = testConfig({
      services: testConfig().services.map((service) => ({
        ...service,
        telemetry: { labels: { job: "shop-{service}", namespace: "{environment}" } },
      })),
    });
    const asked = { metric: "queue_length", service: "checkout", environment: "staging" };
    const [own, other] = [plain(), speaking()];
    await query(contextOf(own, { config }), asked);
    await query(contextOf(other, { config }), asked);
    const labelsOf = (filters: { label: string; value: string }[] = []) =>
      Object.fromEntries(filters.map(({ label, value }) => [label, value]));
    expect(labelsOf(own.asked[0]?.filters)).toEqual({ service: "checkout", environment: "staging" });
    expect(labelsOf(other.asked[0]?.filters)).toEqual({ job: "shop-checkout", namespace: "staging" });
  });

  it("evaluates PromQL where the source speaks it, and says what to do where it does not", async () => {
    const answer = await query(contextOf(speaking()), { promql: "sum(up)" });
    expect(answer).toMatchObject({ promql: "sum(up)", lines: [{ last: 7 }] });
    await expect(query(contextOf(plain()), { promql: "sum(up)" })).rejects.toMatchObject({
      code: "PRECONDITION",
      message: expect.stringContaining("monitoringConfig.metricsEndpoint"),
    });
  });

  it.each([
    [{}, "INVALID", "either metric"],
    [{ metric: "a", promql: "b" }, "INVALID", "either metric"],
    [{ metric: "queue_length", ...HOUR, endTime: HOUR.startTime }, "INVALID", "must be after"],
    [{ metric: "queue_length", stepSeconds: 1 }, "INVALID", "longer stepSeconds"],
  ])("refuses %o", async (input, code, message) => {
    await expect(query(contextOf(plain()), input)).rejects.toMatchObject({
      ...{ code, message: expect.stringContaining(message) },
    });
  });

  it("names the way to what there is when a metric is not there", async () => {
    const metrics = fakeMetrics({ metrics: METRICS, linesOf: () => [] });
    await expect(query(contextOf(metrics), { metric: "nowhere" })).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining("The list of metrics"),
    });
    expect(await query(contextOf(metrics), { metric: "queue_length" })).toMatchObject({ total: 0, lines: [] });
  });

  it.each([
    ["dice.rolls", "dice_rolls_total"],
    ["dice_rolls", "dice_rolls_total"],
    ["http.server/duration", "http_server_duration_seconds"],
    ["http.server", "http_server_duration_seconds or http_server_size_bytes"],
  ])("names what %s of OpenTelemetry is kept as, and lists it", async (metric, kept) => {
    const names = ["dice_rolls_total", "http_server_duration_seconds", "http_server_size_bytes", "roll_the_dice_rolls"];
    const metrics = fakeMetrics({
      metrics: names.map((name) => ({ name, kind: "counter" as const })),
      linesOf: () => [],
    });
    await expect(query(contextOf(metrics), { metric })).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining(`Did you mean ${kept}? Names of OpenTelemetry are kept as Prometheus`),
    });
    const listed = await listMetrics(contextOf(metrics), ListMetricsInput.parse({ search: metric }));
    expect(listed.items.map(({ name }) => name)).toEqual(expect.arrayContaining(kept.split(" or ")));
  });

  it("gives a model what it can read, however many lines there are", async () => {
    const metrics = fakeMetrics({
      metrics: METRICS,
      linesOf: (_, steps) =>
        Array.from({ length: 500 }, (__, i) => ({
          labels: { instance: `instance-with-a-long-name-${i}` },
          values: Array.from({ length: steps }, () => 1 / (i + 3)),
        })),
    });
    const input = { metric: "queue_length", limit: 100 };
    const [model, person] = [
      await query(contextOf(metrics, { reader: FOR_MODELS }), input),
      await query(contextOf(metrics), input),
    ];
    expect(Buffer.byteLength(JSON.stringify(model))).toBeLessThan(24_000);
    expect(model.total).toBe(500);
    expect(model.truncated).toBe(true);
    expect(model.lines.length).toBeGreaterThan(10);
    expect(person.lines).toHaveLength(100);
  });

  it("is refused without telemetry.read", async () => {
    const ingest = { actor: actor({ role: "ingest" }) };
    await expect(query(contextOf(plain(), ingest), { metric: "a" })).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});

describe("what one can choose from", () => {
  it("is listed with its source, and cut for a model", async () => {
    const many = Array.from({ length: 400 }, (_, i) => ({
      name: `metric_${i}`.padEnd(150, "x"),
      kind: "gauge" as const,
    }));
    const ctx = contextOf(fakeMetrics({ metrics: many, linesOf: () => [] }), { reader: FOR_MODELS });
    const listed = await listMetrics(ctx, ListMetricsInput.parse({ limit: 400 }));
    expect(listed.total).toBe(400);
    expect(Buffer.byteLength(JSON.stringify(listed))).toBeLessThan(24_000);
    const found = await listMetrics(contextOf(plain()), ListMetricsInput.parse({ search: "queue" }));
    expect(found).toMatchObject({ total: 1, items: [{ name: "queue_length" }] });
  });

  it("says what a metric means on one line, with nothing in it that hides or turns text, and more to a person", async () => {
    const help = ` Orders,\n\tall\u202e. ${"x".repeat(1_000)}`;
    const metrics = fakeMetrics({
      metrics: [{ name: "orders", kind: "gauge", unit: "a\u0007", help }],
      linesOf: () => [],
    });
    const helpFor = async (reader: ReaderBudget) => {
      const { items } = await listMetrics(contextOf(metrics, { reader }), ListMetricsInput.parse({}));
      expect(items[0]?.unit).toBe("a␇");
      return items[0]?.help ?? "";
    };
    expect(await helpFor(FOR_MODELS)).toMatch(/^Orders, allRLO\. x{90,110}…$/);
    expect(await helpFor(FOR_PEOPLE)).toMatch(/^Orders, allRLO\. x{470,490}…$/);
  });

  it("is asked of the home that is wanted", async () => {
    const telemetry = new FakeTelemetry({ metrics: plain() });
    const ctx = testContext(database, { now, telemetry });
    await metricLabels(ctx, { metric: "queue_length", source: "external" });
    const values = await labelValues(ctx, LabelValuesInput.parse({ metric: "queue_length", label: "code" }));
    expect(values.values).toEqual(["a", "b"]);
    expect(telemetry.wanted.map((one) => one.home)).toEqual(["external", undefined]);
  });
});
