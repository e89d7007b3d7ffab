import { describe, expect, it } from "vitest";
import { testConfig, testContext } from "../../testing/context.ts";
import { useDatabase } from "../../testing/database.ts";
import { recordDeployments } from "../../testing/deploy/record-deployments.ts";
import { fakeMetrics } from "../../testing/doubles/fake-metrics.ts";
import { FakeTelemetry } from "../../testing/doubles/fake-telemetry.ts";
import type { AgentContext } from "../kernel/context.ts";
import type { LogSource } from "../ports/log-source.ts";
import type { MetricQuery } from "../ports/metrics-source.ts";
import type { TelemetrySources } from "../ports/telemetry-sources.ts";
import type { ServedCounts, TraceSource } from "../ports/trace-source.ts";
import type { TrafficCounts } from "../ports/traffic.ts";
import type { ServiceTelemetry } from "../telemetry/config.ts";
import { bucketOf, emptyHistogram } from "../telemetry/histogram.ts";
import { noOutcomes } from "../telemetry/outcomes.ts";
import { storeTraffic } from "../traffic/index.ts";
import { serviceSignals } from "./index.ts";
import { type ServiceSignalsInput, ServiceSignalsOutput, type SignalName } from "./schema.ts";

const database = useDatabase();
const now = () => new Date("2026-03-01T12:00:00Z");
const WINDOW = { startTime: "2026-03-01T11:00:00Z", endTime: "2026-03-01T11:10:00Z" };
const ref = { service: "checkout", environment: "production" };

const withTelemetry = (telemetry: Partial<ServiceTelemetry>, monitoringConfig = {}) =>
  testConfig({
    monitoringConfig,
    services: testConfig().services.map((service) => ({ ...service, telemetry })),
  });
const ask = async (ctx: AgentContext, input: Partial<typeof ServiceSignalsInput._output> = {}) => {
  const asked = { ...WINDOW, ...ref, compareBefore: false, ...input };
  const answer = ServiceSignalsOutput.parse(await serviceSignals(ctx, asked));
  const of = (name: SignalName) => {
    const signal = answer.signals.find((one) => one.signal === name);
    if (!signal) throw new Error(`no ${name}`);
    return signal;
  };
  return { answer, of };
};

const latencyOf = (ms: number, count: number) => {
  const latency = emptyHistogram();
  latency[bucketOf(ms)] = count;
  return latency;
};
const bucket = (at: string, requests: number, status5xx: number, more: Partial<TrafficCounts> = {}): TrafficCounts => ({
  ...noOutcomes(),
  ...{ ...ref, version: "1.0.0", bucketAt: `2026-03-01T${at}.000Z`, requests, status5xx },
  ...{ status2xx: requests - status5xx, status3xx: 0, status4xx: 0, latency: latencyOf(50, requests) },
  usage: { cpuMs: 2_000, memoryBytes: 1e8, instances: 2, inFlight: 1.5, errorLines: 0 },
  ...more,
});

describe("signals from the balancer", () => {
  it("are what it counted, per step, with both versions together", async () => {
    await storeTraffic(database.db, [
      bucket("10:50:00", 50, 0),
      bucket("11:00:00", 100, 5),
      bucket("11:00:00", 100, 0, { version: "1.1.0" }),
    ]);
    const { answer, of } = await ask(testContext(database, { now }), { compareBefore: true });
    expect(answer).toMatchObject({ template: "balancer", stepSeconds: 10, start: "2026-03-01T11:00:00.000Z" });
    expect(answer.source).toMatchObject({ kind: "balancer", address: null, stale: false });
    for (const { values } of answer.signals) expect(values).toHaveLength(60);
    const first = (name: SignalName) => of(name).values[0];
    expect(first("requestRate")).toBe(20);
    expect(first("errorPercent")).toBe(2.5);
    expect(first("cpuPercent")).toBe(40);
    expect(first("memoryBytes")).toBe(2e8);
    expect(first("saturation")).toBe(3);
    expect(Math.abs((first("latencyP95Ms") ?? 0) - 50)).toBeLessThan(10);
    expect(of("requestRate").values[1]).toBeNull();
    expect(of("requestRate").before?.[0]).toBe(5);
    expect(of("requestRate").before).toHaveLength(60);
  });

  it("say so when nothing was counted", async () => {
    const { of } = await ask(testContext(database, { now }), { environment: "staging" });
    expect(of("requestRate").problem).toContain("nothing was counted for checkout in staging");
    expect(of("requestRate").before).toBeNull();
  });
});

describe("signals from metrics", () => {
  const METRICS = [
    { name: "http_requests_total", kind: "counter" as const },
    { name: "http_request_duration_seconds", kind: "histogram" as const },
  ];
  const isFailed = ({ filters }: MetricQuery) => filters.some(({ label }) => label === "code");
  const linesOf = (query: MetricQuery, steps: number) => {
    if (query.fn === "rate" && isFailed(query)) return [];
    const value = query.fn === "quantile" ? (query.quantile ?? 0) / 10 : 8;
    return [{ labels: {}, values: Array.from({ length: steps }, (_, i) => (i === 0 ? null : value)) }];
  };
  const source = (evaluate?: () => { labels: object; values: number[] }[]) =>
    fakeMetrics({ metrics: METRICS, labels: ["code"], linesOf, ...(evaluate && { evaluate: evaluate as never }) });
  const config = withTelemetry({ template: "prometheus-http" }, { grafanaUrl: "http://grafana.test/g/" });

  it("are asked under the template's names, in the signal's unit, each query once", async () => {
    const metrics = source(() => []);
    const { answer, of } = await ask(testContext(database, { now, config, telemetry: new FakeTelemetry({ metrics }) }));
    expect(answer).toMatchObject({ template: "prometheus-http", stepSeconds: 15, source: { kind: "prometheus" } });
    expect(of("requestRate").values.slice(0, 2)).toEqual([null, 8]);
    expect(of("latencyP95Ms").values[1]).toBeCloseTo(95);
    expect(metrics.asked).toHaveLength(5);
    for (const { filters } of metrics.asked)
      expect(filters).toEqual(expect.arrayContaining([{ label: "service", op: "=", value: "checkout" }]));
  });

  it("take no failed requests for no failures while there are requests, and for unknown while there are none", async () => {
    const telemetry = new FakeTelemetry({ metrics: source() });
    const { of } = await ask(testContext(database, { now, config, telemetry }));
    expect(of("errorPercent").values.slice(0, 3)).toEqual([null, 0, 0]);
  });

  it("name what was looked for when a metric is not there", async () => {
    const telemetry = new FakeTelemetry({ metrics: source() });
    const { of } = await ask(testContext(database, { now, config, telemetry }));
    expect(of("memoryBytes").problem).toContain("checkout sends none of process_resident_memory_bytes");
    expect(of("memoryBytes").values.every((value) => value === null)).toBe(true);
  });

  it("link to Grafana with the expression and the window, where the source speaks PromQL", async () => {
    const linked = new FakeTelemetry({ metrics: source(() => []) });
    const { of } = await ask(testContext(database, { now, config, telemetry: linked }));
    const url = new URL(of("errorPercent").grafanaHref ?? "");
    expect(`${url.origin}${url.pathname}`).toBe("http://grafana.test/g/explore");
    const { operate } = JSON.parse(url.searchParams.get("panes") ?? "");
    expect(operate.queries[0].expr).toBe(of("errorPercent").query);
    expect(operate.range).toEqual({
      from: String(Date.parse(WINDOW.startTime)),
      to: String(Date.parse(WINDOW.endTime)),
    });
    const plain = new FakeTelemetry({ metrics: source() });
    const without = await ask(testContext(database, { now, config, telemetry: plain }));
    expect(without.of("errorPercent").grafanaHref).toBeNull();
  });

  it("evaluate the configuration's own PromQL first", async () => {
    const asked: string[] = [];
    const metrics = fakeMetrics({
      ...{ metrics: METRICS, labels: ["code"], linesOf },
      evaluate: (expression, steps) => {
        asked.push(expression);
        return [{ labels: {}, values: new Array(steps).fill(3) }];
      },
    });
    const queries = { errorRatio: 'e{s="{service}",e="{environment}"}', saturation: "busy" };
    const own = withTelemetry({ template: "prometheus-http", queries });
    const { of } = await ask(testContext(database, { now, config: own, telemetry: new FakeTelemetry({ metrics }) }));
    expect(asked.sort()).toEqual(['100 * (e{s="checkout",e="production"})', "busy"]);
    expect(of("saturation")).toMatchObject({ unit: "ratio", query: "busy" });
    expect(of("requestRate").query).toContain("http_requests_total");
  });

  it("keep the others when one query fails, and say why", async () => {
    const metrics = fakeMetrics({
      ...{ metrics: METRICS, labels: ["code"] },
      linesOf: (query, steps) => {
        if (query.fn === "quantile") throw new Error("too much");
        return linesOf(query, steps);
      },
    });
    const { of } = await ask(testContext(database, { now, config, telemetry: new FakeTelemetry({ metrics }) }));
    expect(of("latencyP50Ms").problem).not.toBeNull();
    expect(of("latencyP50Ms").query).toContain("http_request_duration_seconds");
    expect(of("requestRate").values[1]).toBe(8);
  });
});

describe("signals from spans", () => {
  const served = (calls: number, errors: number): ServedCounts => ({
    ...{ service: "checkout", calls, errors, sinceMs: null },
    latency: latencyOf(20, calls),
  });
  const info = { kind: "built-in" as const, address: null };
  const tracesOf = (count: TraceSource["served"]) => ({ info, served: count }) as TraceSource;

  it("count what the service served in each step", async () => {
    const starts: string[] = [];
    const traces = tracesOf(async ({ window, environment }) => {
      starts.push(window.from.toISOString());
      expect(environment).toBe("production");
      const data = starts.length === 1 ? [] : [served(120, 6)];
      return { data, source: info, asOf: now().toISOString(), stale: false };
    });
    const config = withTelemetry({ template: "spans" });
    const { answer, of } = await ask(testContext(database, { now, config, telemetry: new FakeTelemetry({ traces }) }));
    expect(answer).toMatchObject({ template: "spans", stepSeconds: 60 });
    expect(starts).toHaveLength(10);
    expect(of("requestRate").values.slice(0, 2)).toEqual([null, 2]);
    expect(of("errorPercent").values[1]).toBe(5);
    expect(of("cpuPercent").problem).toBe("spans do not tell it");
  });

  it("say so when the source does not count spans", async () => {
    const telemetry = new FakeTelemetry({ traces: tracesOf(null) });
    const { of } = await ask(testContext(database, { now, config: withTelemetry({ template: "spans" }), telemetry }));
    expect(of("requestRate").problem).toContain("choose another");
  });
});

describe("what is asked for", () => {
  it("must be configured, or have sent something", async () => {
    const info = { kind: "built-in" as const, address: null };
    const services = async () => ({ data: ["batch"], source: info, asOf: now().toISOString(), stale: false });
    const nothing = async () => ({ data: [], source: info, asOf: now().toISOString(), stale: false });
    const logs = { info, origins: nothing } as unknown as LogSource;
    const traces = { info, services, served: nothing } as unknown as TraceSource;
    const ingest = { arrived: async () => [] } as unknown as TelemetrySources["ingest"];
    const metrics = fakeMetrics({ metrics: [], linesOf: () => [] });
    const telemetry = new FakeTelemetry({ metrics, logs, traces, ingest });
    const ctx = testContext(database, { now, telemetry });
    await expect(ask(ctx, { service: "nobody" })).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining("checkout"),
    });
    await expect(ask(ctx, { environment: "nowhere" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(ask(ctx, { environment: undefined })).rejects.toMatchObject({
      message: expect.stringContaining("needs an environment"),
    });
    const batch = await ask(ctx, { service: "batch", environment: undefined });
    expect(batch.answer).toMatchObject({ template: "spans", markers: [] });
  });

  it("brings the deployments of the window as markers, oldest first", async () => {
    const at = (time: string) => new Date(`2026-03-01T${time}Z`);
    const row = (id: string, version: string, status: string, startedAt: Date) => ({
      ...{ ...ref, id, version, status, startedAt, createdAt: startedAt, deadlineAt: startedAt },
      ...{ strategy: "rolling", summary: "", options: {}, requestId: "req_test" },
      ...{ actorKind: "person", actorId: "usr_test", actorName: "Ada" },
    });
    await recordDeployments(
      database.db,
      row("dep_early", "1.0.0", "succeeded", at("10:59:00")),
      row("dep_first", "1.1.0", "rolled_back", at("11:01:00")),
      row("dep_second", "1.2.0", "running", at("11:05:00")),
    );
    const { answer } = await ask(testContext(database, { now }));
    expect(answer.markers).toEqual([
      { at: "2026-03-01T11:01:00.000Z", label: "1.1.0", href: "/deployments/dep_first", level: "error" },
      { at: "2026-03-01T11:05:00.000Z", label: "1.2.0", href: "/deployments/dep_second", level: "info" },
    ]);
    const asked = { ...row("dep_third", "1.3.0", "queued", at("11:06:00")), startedAt: null };
    const begun = { startedAt: at("11:30:00"), status: "paused" };
    await recordDeployments(
      database.db,
      asked,
      { ...asked, id: "dep_later", version: "1.4.0", ...begun }, // requested in the window, begun after it
      { ...asked, id: "dep_gone", version: "1.5.0" },
    );
    await database.db.deployment.delete({ where: { id: "dep_gone" } });
    await database.db.deployment.update({ where: { id: "dep_second" }, data: { status: "paused" } });
    const { answer: later } = await ask(testContext(database, { now }));
    expect(later.markers.slice(1)).toEqual([
      { at: "2026-03-01T11:05:00.000Z", label: "1.2.0", href: "/deployments/dep_second", level: "warning" },
      { at: "2026-03-01T11:06:00.000Z", label: "1.3.0", href: "/deployments/dep_third", level: "info" },
    ]);
  });
});
