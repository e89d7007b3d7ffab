import { afterAll, describe, expect, it } from "vitest";
import type { TelemetrySources } from "../agent/ports/telemetry-sources.ts";
import type { TelemetryStore } from "../agent/ports/telemetry-store.ts";
import { createOutboundClient } from "../integrations/http/client.ts";
import { testConfig } from "../testing/context.ts";
import { serveAnswers } from "../testing/serve-answers.ts";
import { createTelemetrySources } from "./sources.ts";

const http = createOutboundClient({ allow: [], deny: [] });
afterAll(() => http.close());

const own = (kind: string) => ({ info: { kind, address: null } });
const store = { metrics: own("metrics"), logs: own("logs"), traces: own("traces") } as unknown as TelemetryStore;
const ingest = {} as TelemetrySources["ingest"];
const endpoints = {
  metricsEndpoint: "http://prometheus.test/mimir/",
  logsEndpoint: "http://loki.test",
  tracesEndpoint: "http://traces.test",
};
const sourcesOf = (monitoringConfig: object, telemetry: object = {}) => {
  const services = testConfig().services.map((service) =>
    service.name === "checkout" ? { ...service, telemetry } : service,
  );
  return createTelemetrySources({ config: testConfig({ monitoringConfig, services }), store, ingest, http });
};

describe("where telemetry is read", () => {
  it("is the built-in store as long as nothing else is configured", () => {
    const sources = sourcesOf({});
    expect(sources.metrics()).toBe(store.metrics);
    expect(sources.logs({ service: "checkout" })).toBe(store.logs);
    expect(sources.traces({ home: "built-in" })).toBe(store.traces);
  });

  it("is the configured endpoint of each signal", () => {
    const sources = sourcesOf(endpoints);
    expect(sources.metrics().info).toEqual({ kind: "prometheus", address: "http://prometheus.test/mimir" });
    expect(sources.logs().info).toEqual({ kind: "loki", address: "http://loki.test" });
    expect(sources.traces().info).toEqual({ kind: "jaeger", address: "http://traces.test" });
    expect(sourcesOf({ ...endpoints, tracesApi: "tempo" }).traces().info.kind).toBe("tempo");
    expect(sourcesOf({ logsEndpoint: endpoints.logsEndpoint }).metrics()).toBe(store.metrics);
  });

  it("is where a service says, and before all where it is asked for", () => {
    const sources = sourcesOf(endpoints, { metrics: "built-in", logs: "external" });
    expect(sources.metrics({ service: "checkout" })).toBe(store.metrics);
    expect(sources.metrics({ service: "payments" }).info.kind).toBe("prometheus");
    expect(sources.metrics({ service: "checkout", home: "external" }).info.kind).toBe("prometheus");
    expect(sources.logs({ service: "checkout", home: "built-in" })).toBe(store.logs);
  });

  it("names the key to set when an external source is asked for and there is none", () => {
    expect(() => sourcesOf({}).logs({ home: "external" })).toThrow("`monitoringConfig.logsEndpoint`");
    expect(() => sourcesOf({}, { traces: "external" })).toThrow("monitoringConfig.tracesEndpoint is not set");
    expect(() => sourcesOf({}).traces({ home: "external" })).toThrow(expect.objectContaining({ code: "PRECONDITION" }));
  });

  it("asks by the labels and the interval of the configuration", async () => {
    const asked: string[] = [];
    const server = await serveAnswers((path) => {
      asked.push(decodeURIComponent(path).replaceAll("+", " "));
      return { status: 200, body: '{"status":"success","data":[]}' };
    });
    const monitoringConfig = { metricsEndpoint: server.url, logsEndpoint: server.url, metricsIntervalSeconds: 30 };
    const labels = { job: "shop/{service}", namespace: "{environment}" };
    const sources = sourcesOf(monitoringConfig, { labels });
    const query = { metric: "m_total", filters: [], groupBy: [], fn: "rate" as const };
    expect(sources.metrics().toPromql(query, 60)).toBe("sum(rate(m_total[120s]))");
    await sources
      .metrics()
      .metrics({ service: "checkout", limit: 5 })
      .catch(() => null);
    expect(asked[0]).toContain('match[]={job="shop/checkout"}');
    const window = { from: new Date(0), to: new Date(60_000) };
    const filter = { service: "checkout", environment: "staging", terms: [] };
    await sources
      .logs()
      .lines({ window, filter, order: "newest-first", limit: 5 })
      .catch(() => null);
    expect(asked.at(-1)).toContain('query={job="shop/checkout",namespace="staging"}');
    await server.stop();
  });
});
