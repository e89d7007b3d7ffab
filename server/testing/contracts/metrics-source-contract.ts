import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MetricQuery, MetricsSource } from "#server/agent/ports/metrics-source.ts";
import type { SeriesSamples } from "#server/agent/ports/telemetry.ts";

export interface MetricsSourceUnderTest {
  source: MetricsSource;
  stop(): Promise<void>;
}

const STEP_SECONDS = 60;
const STEPS = 20;
const SCRAPE_MS = 15_000;

/** The twenty minutes the suite asks about; they end ten minutes ago, on a full minute. */
const windowAt = (now: number) => {
  const endMs = Math.floor(now / 60_000) * 60_000 - 600_000;
  return { from: new Date(endMs - STEPS * STEP_SECONDS * 1_000), to: new Date(endMs) };
};

const instants = ({ from, to }: { from: Date; to: Date }): number[] => {
  const times: number[] = [];
  // from before the window, so that its first step has a sample to count from
  for (let at = from.getTime() - 120_000; at <= to.getTime(); at += SCRAPE_MS) times.push(at);
  return times;
};

/** Requests at steady rates, a counter that starts again, a gauge that jumps, one with a hole, and a histogram. */
function samplesOf(window: { from: Date; to: Date }): SeriesSamples[] {
  const times = instants(window);
  const half = window.from.getTime() + (STEPS / 2) * STEP_SECONDS * 1_000;
  const since = (at: number): number => (at - (times[0] ?? 0)) / 1_000;
  const series = (name: string, kind: SeriesSamples["kind"], labels: object, value: (at: number) => number | null) => {
    const kept = times.filter((at) => value(at) !== null);
    return { name, kind, unit: "", labels: { ...labels }, timesMs: kept, values: kept.map((at) => value(at) ?? 0) };
  };
  const checkout = { service: "checkout", environment: "production", instance: "a" };
  const payments = { service: "payments", environment: "production", instance: 'b "quoted" \\ and\nmore' };
  const bucket = (le: string, perSecond: number) =>
    series("contract_duration_seconds_bucket", "counter", { ...checkout, le }, (at) => since(at) * perSecond);
  return [
    series("contract_requests_total", "counter", { ...checkout, code: "200" }, (at) => since(at) * 2),
    series("contract_requests_total", "counter", { ...checkout, code: "500" }, (at) => since(at) * 0.5),
    // the process restarts in the middle of the window
    series("contract_requests_total", "counter", { ...payments, code: "200" }, (at) =>
      at < half ? 1e6 + since(at) : (at - half) / 1_000,
    ),
    series("contract_queue_length", "gauge", checkout, (at) => (at < half ? 10 : 20)),
    series("contract_queue_length", "gauge", payments, () => 4),
    series("contract_holed", "gauge", checkout, (at) => (Math.abs(at - half) < 200_000 ? null : 1)),
    bucket("0.1", 5),
    bucket("0.2", 9),
    bucket("+Inf", 10),
    series("contract_duration_seconds_sum", "counter", checkout, (at) => since(at) * 1.2),
    series("contract_duration_seconds_count", "counter", checkout, (at) => since(at) * 10),
  ];
}

/** The contract of the port `MetricsSource`, to be run on every adapter that holds the given samples. */
export function describeMetricsSourceContract(
  name: string,
  setUp: (series: SeriesSamples[]) => Promise<MetricsSourceUnderTest>,
  options: { skip?: boolean } = {},
): void {
  describe.skipIf(options.skip)(`${name} as a MetricsSource`, () => {
    const window = windowAt(Date.now());
    let under: MetricsSourceUnderTest;
    beforeAll(async () => {
      under = await setUp(samplesOf(window));
    });
    afterAll(() => under?.stop());

    const query = async (asked: Partial<MetricQuery> & Pick<MetricQuery, "metric" | "fn">, limit = 20) => {
      const answer = await under.source.query({
        ...{ filters: [], groupBy: [], window, stepSeconds: STEP_SECONDS, limit },
        ...asked,
      });
      expect(answer.data).toMatchObject({ stepSeconds: STEP_SECONDS, startMs: window.from.getTime() });
      for (const line of answer.data.lines) expect(line.values).toHaveLength(STEPS);
      return answer.data;
    };
    const only = async (asked: Partial<MetricQuery> & Pick<MetricQuery, "metric" | "fn">) => {
      const { lines, total } = await query(asked);
      expect(total).toBe(1);
      return lines[0]?.values ?? [];
    };
    const all = (values: readonly (number | null)[], expected: number) => {
      for (const value of values) expect(value).toBeCloseTo(expected, 6);
    };
    const checkout = { label: "service", op: "=", value: "checkout" } as const;

    it("says who answered, when, and that it is fresh", async () => {
      const before = Date.now();
      const { source, asOf, stale } = await under.source.labels({ metric: "contract_queue_length" });
      expect(source).toEqual(under.source.info);
      expect(stale).toBe(false);
      expect(Date.parse(asOf)).toBeGreaterThanOrEqual(before - 5_000);
    });

    it("lists metrics by a part of their name, a histogram once", async () => {
      const { data } = await under.source.metrics({ search: "CONTRACT_", limit: 50 });
      expect(data.items.map((item) => item.name)).toEqual([
        "contract_duration_seconds",
        "contract_holed",
        "contract_queue_length",
        "contract_requests_total",
      ]);
      expect(data.total).toBe(4);
      const kinds = Object.fromEntries(data.items.map((item) => [item.name, item.kind]));
      expect(kinds).toMatchObject({ contract_duration_seconds: "histogram", contract_requests_total: "counter" });
      expect((await under.source.metrics({ search: "contract_", limit: 2 })).data).toMatchObject({ total: 4 });
      const { data: own } = await under.source.metrics({ service: "payments", limit: 50 });
      expect(own.items.map((item) => item.name)).toEqual(["contract_queue_length", "contract_requests_total"]);
      expect((await under.source.metrics({ search: "contract.", limit: 5 })).data).toEqual({ items: [], total: 0 });
    });

    it("lists labels and their values, also of a histogram", async () => {
      const { source } = under;
      expect((await source.labels({ metric: "contract_requests_total" })).data).toEqual([
        ...["code", "environment", "instance", "service"],
      ]);
      expect((await source.labels({ metric: "contract_duration_seconds" })).data).toEqual([
        ...["environment", "instance", "service"],
      ]);
      const codes = { metric: "contract_requests_total", label: "code" };
      expect((await source.labelValues({ ...codes, limit: 10 })).data).toEqual(["200", "500"]);
      expect((await source.labelValues({ ...codes, limit: 1 })).data).toEqual(["200"]);
    });

    it("takes rates and increases of counters, also across a restart", async () => {
      const metric = "contract_requests_total";
      all(await only({ metric, fn: "rate", filters: [checkout] }), 2.5);
      all(await only({ metric, fn: "increase", filters: [checkout] }), 2.5 * STEP_SECONDS);
      const restarted = await only({ metric, fn: "rate", filters: [{ ...checkout, value: "payments" }] });
      all([...restarted.slice(0, 8), ...restarted.slice(12)], 1);
      for (const value of restarted) expect(value).toBeGreaterThan(0);
      for (const value of restarted) expect(value).toBeLessThan(1.3);
    });

    it("groups by labels, filters in four ways, and keeps the largest when the limit cuts", async () => {
      const metric = "contract_requests_total";
      const grouped = await query({ metric, fn: "rate", groupBy: ["service", "code"] });
      expect(grouped.lines.map((line) => line.labels)).toEqual([
        { service: "checkout", code: "200" },
        { service: "payments", code: "200" },
        { service: "checkout", code: "500" },
      ]);
      const cut = await query({ metric, fn: "rate", groupBy: ["service", "code"] }, 1);
      expect(cut).toMatchObject({ total: 3, lines: [{ labels: { service: "checkout", code: "200" } }] });
      const totals = async (...filters: MetricQuery["filters"]) => (await only({ metric, fn: "rate", filters }))[3];
      expect(await totals(checkout, { label: "code", op: "!=", value: "200" })).toBeCloseTo(0.5);
      expect(await totals(checkout, { label: "code", op: "=~", value: "5.." })).toBeCloseTo(0.5);
      expect(await totals(checkout, { label: "code", op: "!~", value: "5..|4.." })).toBeCloseTo(2);
      expect((await query({ metric, fn: "rate", filters: [{ label: "code", op: "=~", value: "5" }] })).total).toBe(0);
    });

    it("finds a value with quotes, backslashes and line breaks", async () => {
      const instance = { label: "instance", op: "=" as const, value: 'b "quoted" \\ and\nmore' };
      all(await only({ metric: "contract_queue_length", fn: "last", filters: [instance] }), 4);
    });

    it("takes averages, extremes, the newest and the number of gauges", async () => {
      const metric = "contract_queue_length";
      const jumping = await only({ metric, fn: "avg", filters: [checkout] });
      all(jumping.slice(0, 9), 10);
      all(jumping.slice(11), 20);
      const both = async (fn: MetricQuery["fn"]) => (await only({ metric, fn }))[15];
      expect(await both("avg")).toBeCloseTo(12);
      expect(await both("min")).toBe(4);
      expect(await both("max")).toBe(20);
      expect(await both("last")).toBe(24);
      expect(await both("count")).toBe(2);
    });

    it("leaves a gap where there is no sample, and no line where there is no series", async () => {
      const holed = await only({ metric: "contract_holed", fn: "avg" });
      expect(holed.slice(9, 11)).toEqual([null, null]);
      all([...holed.slice(0, 6), ...holed.slice(14)], 1);
      expect(await query({ metric: "contract_nowhere", fn: "avg" })).toMatchObject({ total: 0, lines: [] });
    });

    it("reads quantiles back from a histogram", async () => {
      const quantile = async (q: number) =>
        only({ metric: "contract_duration_seconds", fn: "quantile", quantile: q, filters: [checkout] });
      all(await quantile(0.5), 0.1);
      all(await quantile(0.9), 0.2);
      all(await quantile(0.7), 0.15);
    });

    it("tells between which bounds a quantile lies", async () => {
      const boundsOf = async (quantile: number) => {
        const { data } = await under.source.query({
          ...{
            metric: "contract_duration_seconds",
            fn: "quantile",
            quantile,
            filters: [checkout],
            groupBy: ["service"],
          },
          ...{ window, stepSeconds: STEP_SECONDS, limit: 20, withBounds: true },
        });
        expect(data.lines).toHaveLength(1);
        expect(data.lines[0]?.bounds).toHaveLength(data.lines[0]?.values.length ?? 0);
        return data.lines[0]?.bounds?.[3];
      };
      expect(await boundsOf(0.3)).toEqual({ lower: 0, upper: 0.1 });
      expect(await boundsOf(0.7)).toEqual({ lower: 0.1, upper: 0.2 });
      const open = await boundsOf(0.99);
      expect(open?.upper).toBeNull();
      expect(open?.lower).toBeGreaterThanOrEqual(0.1);
    });

    it("begins its steps with the window where that is wanted", async () => {
      const from = new Date(window.from.getTime() + 17_000);
      const stepSeconds = 300;
      const to = new Date(from.getTime() + stepSeconds * 1_000);
      const { data } = await under.source.query({
        ...{ metric: "contract_requests_total", fn: "rate", groupBy: [], window: { from, to }, stepSeconds, limit: 20 },
        ...{ filters: [checkout, { label: "code", op: "=", value: "200" }], exact: true },
      });
      expect(data.startMs).toBe(from.getTime());
      expect(data.lines.map(({ values }) => values.map((value) => Math.round((value ?? 0) * 100) / 100))).toEqual([
        [2],
      ]);
    });

    it("refuses a pattern it cannot read, in plain words", async () => {
      const filters = [{ label: "code", op: "=~" as const, value: "5(" }];
      await expect(query({ metric: "contract_requests_total", fn: "rate", filters })).rejects.toMatchObject({
        code: "INVALID",
      });
    });

    it("writes a query as PromQL", () => {
      const text = under.source.toPromql(
        { metric: "contract_requests_total", filters: [checkout], groupBy: ["code"], fn: "rate" },
        STEP_SECONDS,
      );
      expect(text).toMatch(/^sum by \(code\) \(rate\(contract_requests_total\{service="checkout"\}\[\d+s\]\)\)$/);
    });
  });
}
