import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTelemetryStore } from "../../telemetry-store/index.ts";
import { testConfig, testContext } from "../../testing/context.ts";
import { useDatabase } from "../../testing/database.ts";
import { FakeTelemetry } from "../../testing/doubles/fake-telemetry.ts";
import { logLine, SENDER } from "../../testing/telemetry/records.ts";
import type { SeriesSamples } from "../ports/telemetry.ts";
import { listMetrics, queryMetrics, serviceSignals } from "./index.ts";
import { ListMetricsInput, QueryMetricsInput, type SignalName } from "./schema.ts";

/** Metrics as an OpenTelemetry SDK sends them, in the built-in store, asked as a page and a model ask. */
describe("metrics in the built-in store", () => {
  const database = useDatabase();
  const endMs = Math.floor(Date.now() / 60_000) * 60_000 - 120_000;
  const window = { startTime: new Date(endMs - 600_000).toISOString(), endTime: new Date(endMs).toISOString() };
  const ref = { service: "checkout", environment: "production" };
  const config = testConfig({
    services: testConfig().services.map((service) => ({ ...service, telemetry: { template: "otel-http" } })),
  });
  let store: ReturnType<typeof createTelemetryStore>;

  const times = Array.from({ length: 60 }, (_, i) => endMs - 720_000 + i * 15_000);
  const counter = (name: string, labels: object, perSecond: number): SeriesSamples => ({
    ...{ name, kind: "counter", unit: "", timesMs: times },
    labels: { ...ref, version: "1.0.0", ...labels },
    values: times.map((at) => ((at - (times[0] ?? 0)) / 1_000) * perSecond),
  });
  const DURATION = "http_server_request_duration_seconds";
  beforeAll(async () => {
    store = createTelemetryStore({ databaseUrl: database.url, config: config.monitoringConfig });
    const series = ["200", "502"].flatMap((code, i) => {
      const labels = { http_response_status_code: code };
      const rate = i === 0 ? 9 : 1;
      return [
        counter(`${DURATION}_bucket`, { ...labels, le: "0.1" }, rate / 2),
        counter(`${DURATION}_bucket`, { ...labels, le: "0.2" }, rate),
        counter(`${DURATION}_bucket`, { ...labels, le: "+Inf" }, rate),
        counter(`${DURATION}_count`, labels, rate),
        counter(`${DURATION}_sum`, labels, rate * 0.1),
      ];
    });
    await store.writeSamples(series, { protocol: "otlp", name: "test" });
  });
  afterAll(() => store?.close());
  const context = () =>
    testContext(database, {
      config,
      telemetry: new FakeTelemetry({ store, ingest: { ...store, collecting: async () => true, refusal: () => null } }),
    });

  it("give the signals of the service under OpenTelemetry's names", async () => {
    const answer = await serviceSignals(context(), { ...window, ...ref, compareBefore: false });
    expect(answer).toMatchObject({ template: "otel-http", source: { kind: "built-in", stale: false } });
    const middle = (name: SignalName) => answer.signals.find(({ signal }) => signal === name)?.values[20];
    expect(middle("requestRate")).toBeCloseTo(10);
    expect(middle("errorPercent")).toBeCloseTo(10);
    expect(middle("latencyP50Ms")).toBeCloseTo(100);
    expect(middle("latencyP95Ms")).toBeCloseTo(190);
    expect(answer.signals.find(({ signal }) => signal === "cpuPercent")?.problem).toContain("process_cpu");
  });

  it("are asked by every function of their kind", async () => {
    const ask = async (asked: object) => {
      const given = QueryMetricsInput.parse({ ...window, stepSeconds: 60, metric: DURATION, ...asked });
      const { lines, unit } = await queryMetrics(context(), given);
      return { middle: lines.map(({ values }) => Number(values[5]?.toPrecision(6))), unit };
    };
    expect(await ask({ fn: "rate" })).toMatchObject({ middle: [10], unit: "1/s" });
    expect(await ask({ fn: "increase" })).toMatchObject({ middle: [600], unit: "1" });
    expect(await ask({ fn: "count" })).toMatchObject({ middle: [600], unit: "1" });
    expect(await ask({ fn: "sum" })).toMatchObject({ middle: [60] });
    expect(await ask({ fn: "avg" })).toMatchObject({ middle: [0.1] });
    const byCode = { groupBy: ["http_response_status_code"] };
    expect((await ask({ fn: "rate", ...byCode })).middle).toEqual([9, 1]);
    expect((await ask({ fn: "avg", ...byCode })).middle).toEqual([0.1, 0.1]);
    expect((await ask({ metric: `${DURATION}_count`, fn: "rate" })).middle).toEqual([10]);
    expect((await ask({ metric: `${DURATION}_bucket`, fn: "quantile", quantile: 0.5 })).middle).toEqual([0.1]);
    for (const [metric, fn] of [
      [DURATION, "max"],
      [`${DURATION}_count`, "quantile"],
    ])
      await expect(ask({ metric, fn })).rejects.toMatchObject({ code: "INVALID" });
  });

  it("give those of a service that is not configured, in all its environments", async () => {
    const unknown = { ...context(), config: { ...config, services: [] } };
    const answer = await serviceSignals(unknown, { ...window, service: "checkout", compareBefore: false });
    expect(answer).toMatchObject({ template: "otel-http", markers: [] });
    expect(answer.signals.find(({ signal }) => signal === "requestRate")?.values[20]).toBeCloseTo(10);
  });

  it("are unknown, not refused, for a service that sends only logs", async () => {
    await store.writeLogs([logLine({ atMs: endMs, service: "printer" })], SENDER);
    const asked = { ...window, service: "printer", environment: undefined, compareBefore: false };
    const answer = await serviceSignals(context(), asked);
    expect(answer.template).toBe("spans");
    expect(answer.signals.every(({ values }) => values.every((value) => value === null))).toBe(true);
    expect(answer.signals[0]?.problem).toBe("no server spans of printer arrived then");
    await expect(serviceSignals(context(), { ...asked, service: "scanner" })).rejects.toThrow(
      /nothing arrived from one/,
    );
  });

  it("are listed and queried by their kind", async () => {
    const listed = await listMetrics(context(), ListMetricsInput.parse({ service: "checkout" }));
    expect(listed.items).toMatchObject([{ name: DURATION, kind: "histogram" }]);
    const asked = QueryMetricsInput.parse({ ...window, ...ref, metric: `${DURATION}_count`, groupBy: ["version"] });
    const answer = await queryMetrics(context(), asked);
    expect(answer).toMatchObject({ total: 1, lines: [{ labels: { version: "1.0.0" } }] });
    expect(answer.lines[0]?.avg).toBeCloseTo(10);
    const quantile = await queryMetrics(context(), QueryMetricsInput.parse({ ...window, ...ref, metric: DURATION }));
    expect(quantile.lines[0]?.last).toBeCloseTo(0.19);
  });
});
