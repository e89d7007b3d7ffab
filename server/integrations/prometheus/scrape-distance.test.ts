import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MetricFunction } from "../../agent/ports/metrics-source.ts";
import type { SeriesSamples } from "../../agent/ports/telemetry.ts";
import { isInstalled, named, type RunningServer, startPrometheus } from "../../testing/monitoring-servers.ts";
import { samples } from "../../testing/telemetry/records.ts";
import { createOutboundClient } from "../http/client.ts";
import { createPrometheusSource } from "./index.ts";

const endMs = Math.floor(Date.now() / 600_000) * 600_000 - 3_600_000;
const window = { from: new Date(endMs - 1_800_000), to: new Date(endMs) };
const SECONDS = { slow: 120, medium: 60, fast: 15 };
type Service = keyof typeof SECONDS;

function seriesOf(service: Service): SeriesSamples[] {
  const every = SECONDS[service] * 1_000;
  const timesMs = Array.from({ length: Math.floor(7_200_000 / every) + 1 }, (_, i) => endMs - 7_200_000 + i * every);
  const grown = (name: string, perSecond: number, labels = {}) =>
    samples({
      ...{ name, kind: "counter", labels: { service, ...labels }, timesMs },
      values: timesMs.map((_, i) => (perSecond * i * every) / 1_000),
    });
  return [
    ...["0.1", "1", "+Inf"].map((le) => grown("http_request_duration_seconds_bucket", 2, { le })),
    grown("http_request_duration_seconds_count", 2),
    grown("http_request_duration_seconds_sum", 0.1),
    grown("http_requests_total", 2, { code: "200" }),
    grown("process_cpu_seconds_total", 0.5),
  ];
}

describe.skipIf(!isInstalled("prometheus") || !isInstalled("promtool"))(
  named("Services that are scraped at different intervals", "prometheus", "promtool"),
  () => {
    const http = createOutboundClient({ allow: [], deny: [] });
    let server: RunningServer;
    beforeAll(async () => {
      server = await startPrometheus({ series: [...seriesOf("slow"), ...seriesOf("medium"), ...seriesOf("fast")] });
    });
    afterAll(async () => {
      await server?.stop();
      await http.close();
    });
    const source = () => createPrometheusSource({ url: server.url, headers: {}, http });
    const filters = (service: Service) => [{ label: "service", op: "=" as const, value: service }];
    const question = (service: Service, metric: string, fn: MetricFunction) => ({
      ...{ metric, filters: filters(service), groupBy: [], fn, ...(fn === "quantile" && { quantile: 0.95 }) },
    });

    it.each([
      ["slow", "[480s]"],
      ["medium", "[240s]"],
      ["fast", "[75s]"],
    ] as const)("of %s no figure has gaps, whichever is asked first", async (service, lookBack) => {
      const asked = source();
      for (const [metric, fn, expected] of [
        ["http_request_duration_seconds", "quantile", 0.095],
        ["process_cpu_seconds_total", "rate", 0.5],
        ["http_request_duration_seconds_sum", "increase", 6],
        ["http_request_duration_seconds_count", "increase", 120],
        ["http_requests_total", "rate", 2],
      ] as const) {
        const query = question(service, metric, fn);
        const { data } = await asked.query({ ...query, window, stepSeconds: 60, limit: 5 });
        const values = data.lines[0]?.values ?? [];
        expect(values, `${metric} ${fn}`).toHaveLength(30);
        for (const value of values) expect(value, `${metric} ${fn}`).toBeCloseTo(expected, 2);
        expect(asked.toPromql(query, 60)).toContain(lookBack);
      }
    });

    it("keeps the interval of each service apart, and finds it from any part of a metric", async () => {
      const asked = source();
      const find = (service: Service, metric: string) =>
        asked.sampleSeconds({ metric, filters: filters(service), window });
      expect(await find("fast", "http_requests_total")).toBe(15);
      expect(await find("slow", "http_requests_total")).toBe(120);
      expect(await find("medium", "http_request_duration_seconds_count")).toBe(60);
      expect(asked.toPromql(question("slow", "http_requests_total", "rate"), 15)).toContain("[480s]");
      expect(asked.toPromql(question("medium", "http_request_duration_seconds", "quantile"), 15)).toContain("[240s]");
    });

    it("takes the interval it is told where a filter leaves nothing to count", async () => {
      const asked = source();
      const query = question("slow", "http_requests_total", "rate");
      const failed = { ...query, filters: [...query.filters, { label: "code", op: "=~" as const, value: "5.." }] };
      await asked.query({ ...failed, window, stepSeconds: 60, limit: 5 });
      expect(asked.toPromql({ ...failed, sampleSeconds: 120 }, 60)).toContain("[480s]");
    });
  },
);
