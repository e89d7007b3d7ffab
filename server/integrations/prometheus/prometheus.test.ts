import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { promqlOf, selector } from "../../agent/telemetry/promql.ts";
import { literally, quoted } from "../../agent/telemetry/query-text.ts";
import { describeMetricsSourceContract } from "../../testing/contracts/metrics-source-contract.ts";
import {
  isInstalled,
  named,
  type RunningServer,
  startNodeExporter,
  startPrometheus,
  startVictoriaMetrics,
} from "../../testing/monitoring-servers.ts";
import { createOutboundClient } from "../http/client.ts";
import { createPrometheusSource } from "./index.ts";

const http = createOutboundClient({ allow: [], deny: [] });
afterAll(() => http.close());
/** one instant for both ends: a window that is a millisecond longer can have a step more */
const lastMs = (ms: number, now = Date.now()) => ({ from: new Date(now - ms), to: new Date(now) });
const sourceAt = (url: string, more: object = {}) => createPrometheusSource({ url, headers: {}, http, ...more });

describeMetricsSourceContract(
  named("Prometheus", "prometheus", "promtool"),
  async (series) => {
    const server = await startPrometheus({ series });
    return { source: sourceAt(server.url), stop: server.stop };
  },
  { skip: !isInstalled("prometheus") || !isInstalled("promtool") },
);

describeMetricsSourceContract(
  named("VictoriaMetrics", "victoria-metrics"),
  async (series) => {
    const server = await startVictoriaMetrics(series);
    return { source: sourceAt(`${server.url}/`), stop: server.stop };
  },
  { skip: !isInstalled("victoria-metrics") },
);

describe.skipIf(!isInstalled("prometheus") || !isInstalled("prometheus-node-exporter"))(
  named("A Prometheus that scrapes", "prometheus", "prometheus-node-exporter"),
  () => {
    let exporter: RunningServer;
    let server: RunningServer;
    beforeAll(async () => {
      exporter = await startNodeExporter();
      server = await startPrometheus({ targets: [new URL(exporter.url).host] });
      await vi.waitUntil(hasRate, { timeout: 20_000 });
    });
    afterAll(async () => {
      await server?.stop();
      await exporter?.stop();
    });

    const source = () => sourceAt(server.url, { scrapeSeconds: 1 });
    /** Full seconds that end a moment ago, so that no later scrape changes what they hold. */
    const settled = (seconds: number) => {
      const to = new Date(Math.floor(Date.now() / 1_000) * 1_000 - 2_000);
      return { from: new Date(to.getTime() - seconds * 1_000), to };
    };
    const hasRate = async () => {
      const { data } = await source().query({
        ...{ metric: "process_cpu_seconds_total", filters: [], groupBy: [], fn: "rate" },
        ...{ window: settled(1), stepSeconds: 1, limit: 5 },
      });
      return data.lines.length > 0;
    };

    it("gives the figures that promtool gives, step by step", async () => {
      const window = settled(10);
      for (const expression of ["node_load1", "rate(process_cpu_seconds_total[4s])", "up or vector(1)", "42 / 7"]) {
        const { data } = (await source().promql?.({ expression, window, stepSeconds: 1, limit: 100 })) ?? {};
        const { stdout } = await promisify(execFile)("promtool", [
          ...["query", "range", "-o", "json", "--step=1s"],
          `--start=${window.from.getTime() / 1_000 + 1}`,
          `--end=${window.to.getTime() / 1_000}`,
          ...[server.url, expression],
        ]);
        const expected = JSON.parse(stdout) as { metric: Record<string, string>; values: [number, string][] }[];
        expect(expected.length).toBeGreaterThan(0);
        expect(data?.total).toBe(expected.length);
        for (const { metric, values } of expected) {
          const line = data?.lines.find((one) => JSON.stringify(one.labels) === JSON.stringify(metric));
          const byInstant = new Map(values.map(([at, text]) => [at * 1_000, Number(text)]));
          line?.values.forEach((value, i) => {
            expect(value).toBe(byInstant.get(window.from.getTime() + (i + 1) * 1_000) ?? null);
          });
          expect(line?.values.filter((value) => value !== null)).toHaveLength(values.length);
        }
      }
    });

    it("tells kind, unit and what a metric means from the server's metadata", async () => {
      const { data } = await source().metrics({ search: "node_load1", limit: 5 });
      expect(data.items[0]).toMatchObject({ name: "node_load1", kind: "gauge", help: "1m load average." });
    });

    it("hands on what the server says of a bad expression", async () => {
      const window = lastMs(60_000);
      const asked = { window, stepSeconds: 10, limit: 5 };
      await expect(source().promql?.({ ...asked, expression: "rate(up" })).rejects.toMatchObject({
        code: "INVALID",
        message: expect.stringContaining("unclosed left parenthesis"),
      });
      const matching = "up * on() group_left() {__name__=~'node_load.*'}";
      await expect(source().promql?.({ ...asked, expression: matching })).rejects.toMatchObject({ code: "INVALID" });
    });

    it("sends a long query as a form", async () => {
      const window = lastMs(10_000);
      const expression = `vector(1)${" + vector(1)".repeat(400)}`;
      const answer = await source().promql?.({ expression, window, stepSeconds: 5, limit: 5 });
      expect(answer?.data.lines[0]?.values).toEqual([401, 401]);
    });

    it("makes a gap of what is not a number", async () => {
      const window = lastMs(10_000);
      for (const expression of ["vector(0) / 0", "vector(1) / 0", "vector(-1) / 0"]) {
        const answer = await source().promql?.({ expression, window, stepSeconds: 5, limit: 5 });
        expect(answer?.data.lines[0]?.values).toEqual([null, null]);
      }
    });

    it("accepts every label value and every text to match literally", async () => {
      await fc.assert(
        fc.asyncProperty(fc.string({ unit: "binary", maxLength: 30 }), async (text) => {
          const window = lastMs(2_000);
          const filters = [
            { label: "job", op: "!=" as const, value: text },
            { label: "job", op: "!~" as const, value: literally(text) },
          ];
          const query = { metric: "up", filters, groupBy: ["job"], fn: "count" as const };
          const { data } = await source().query({ ...query, window, stepSeconds: 2, limit: 5 });
          expect(data.total).toBe(1);
        }),
        { numRuns: 40 },
      );
    });
  },
);

describe("PromQL of a query", () => {
  const query = { metric: "m_total", filters: [], groupBy: [], fn: "rate" as const };

  it("looks back as far as four scrapes, or a step and one scrape", () => {
    expect(promqlOf(query, 10, 15)).toBe("sum(rate(m_total[60s]))");
    expect(promqlOf(query, 60, 15)).toBe("sum(rate(m_total[75s]))");
    expect(promqlOf({ ...query, fn: "increase" }, 60, 15)).toBe("sum(rate(m_total[75s])) * 60");
    expect(promqlOf({ ...query, fn: "avg" }, 10, 15)).toBe("avg(avg_over_time(m_total[30s]))");
  });

  it("puts names that PromQL has no word for into quotes", () => {
    expect(selector("http.server.duration", [])).toBe('{__name__="http.server.duration"}');
    expect(selector("", [{ label: "a.b", op: "=", value: "x" }])).toBe('{"a.b"="x"}');
    expect(promqlOf({ ...query, fn: "quantile", quantile: 0.9, groupBy: ["a b"] }, 60, 15)).toBe(
      'histogram_quantile(0.9, sum by (le, "a b") (rate(m_total_bucket[75s])))',
    );
  });

  it("escapes what would end a string", () => {
    expect(quoted('a"b\\c\nd')).toBe('"a\\"b\\\\c\\nd"');
    expect(literally("a.b*c")).toBe("a\\.b\\*c");
  });
});

describe("A server that is not what was expected", () => {
  let status = 200;
  let body = "";
  let asked: { url: string; headers: Record<string, unknown> }[] = [];
  const server = createServer((request, response) => {
    asked.push({ url: request.url ?? "", headers: request.headers });
    response.writeHead(status).end(body);
  });
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  const source = (path = "", more: object = {}) =>
    sourceAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, more);
  const ask = (...given: Parameters<typeof source>) =>
    source(...given).query({
      ...{ metric: "up", filters: [], groupBy: [], fn: "last", stepSeconds: 10, limit: 5 },
      window: { from: new Date(0), to: new Date(60_000) },
    });

  it.each([
    [200, "<html>", "UPSTREAM_REJECTED", "did not answer in JSON"],
    [200, '{"status":"success","data":[]}', "UPSTREAM_REJECTED", "another shape"],
    [404, "not found", "UPSTREAM_REJECTED", "answered 404"],
    [401, "", "UPSTREAM_REJECTED", "monitoringConfig.endpointHeaders"],
    [500, "<html>", "UPSTREAM_UNAVAILABLE", "status 500"],
    [500, '{"status":"error","errorType":"internal","error":"disk"}', "UPSTREAM_UNAVAILABLE", "disk"],
    [400, '{"status":"error","errorType":"bad_data","error":"1:3: no"}', "INVALID", "1:3: no"],
  ])("status %i with %s is %s", async (given, text, code, message) => {
    [status, body] = [given, text];
    await expect(ask()).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });

  it("keeps a path in front, sends the configured headers and shows no credentials", async () => {
    [status, body, asked] = [200, '{"status":"success","data":{"resultType":"matrix","result":[]}}', []];
    const headers = { "x-scope-orgid": "shop" };
    await ask("/prometheus/", { headers });
    expect(asked[0]?.url).toMatch(
      /^\/prometheus\/api\/v1\/query_range\?query=sum%28up%29&start=10.000&end=60.000&step=10$/,
    );
    expect(asked[0]?.headers).toMatchObject(headers);
    const { port } = server.address() as AddressInfo;
    const secret = sourceAt(`http://ada:secret@127.0.0.1:${port}/p?token=t`);
    expect(secret.info.address).toBe(`http://127.0.0.1:${port}/p`);
    await secret.labels({ metric: "up" }).catch(() => null);
    expect(asked[1]?.headers.authorization).toBe(`Basic ${btoa("ada:secret")}`);
    expect(asked[1]?.url).toContain("token=t");
  });

  it("refuses more points than Prometheus gives before it asks", async () => {
    asked = [];
    const window = { from: new Date(0), to: new Date(11_001_000) };
    const asking = source().promql?.({ expression: "1", window, stepSeconds: 1, limit: 1 });
    await expect(asking).rejects.toMatchObject({ code: "INVALID", message: expect.stringContaining("longer step") });
    expect(asked).toHaveLength(0);
  });
});
