import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import type { OperateAgentConfigInput } from "./config.ts";
import { healthPathOf, readinessPathOf } from "./config-services.ts";
import { OperateAgent } from "./operate-agent.ts";

/** All eight sections, as somebody writes them who has read nothing but their names. */
const PLAINEST: OperateAgentConfigInput = {
  deploymentConfig: {
    cicdProvider: "github-actions",
    environments: ["staging", "production"],
    rolloutStrategy: "canary",
    healthCheckUrl: "http://localhost:3000/health",
    timeoutSeconds: 300,
  },
  monitoringConfig: {
    metricsEndpoint: "http://localhost:9090",
    logsEndpoint: "http://localhost:3100",
    tracesEndpoint: "http://localhost:16686",
    healthEndpoints: ["http://localhost:3000/health", "https://shop.example.com", { url: "http://localhost:3001/ok" }],
    checkIntervalMs: 30_000,
  },
  alertingConfig: {
    channels: [{ type: "slack", endpoint: "https://hooks.example.com/1", severity: "high" }],
    thresholds: [{ metric: "error_rate", condition: "gt", value: 5, duration: 300, severity: "critical" }],
    escalationPolicy: [{ delay: 300, channels: ["slack"] }],
  },
  scalingConfig: {
    ...{ minInstances: 2, maxInstances: 10, targetCpuPercent: 70, targetMemoryPercent: 80 },
    ...{ scaleUpCooldown: 60, scaleDownCooldown: 300 },
  },
  securityConfig: {
    ...{ scanSchedule: "0 2 * * *", vulnerabilityThreshold: "high", complianceFrameworks: ["SOC2"] },
    securityEndpoints: ["http://localhost:3000/security"],
  },
  costConfig: {
    ...{ budgetLimit: 10_000, costCenter: "engineering" },
    ...{ optimizationTargets: ["compute"], reportingSchedule: "0 9 * * 1" },
  },
  sloConfig: {
    ...{ availability: 99.9, latencyP95Ms: 200, errorRatePercent: 1, throughputRps: 100 },
    evaluationWindow: "30d",
  },
  chaosConfig: {
    enabled: false,
    schedule: "0 3 * * 6",
    experiments: [{ name: "Pod failure", type: "pod-failure", targets: ["api"], duration: 60, intensity: 50 }],
    safetyLimits: { maxErrorRate: 5, maxLatencyMs: 1_000, minHealthyInstances: 1 },
  },
};

describe("a configuration in its plainest form", () => {
  const dir = mkdtempSync(join(tmpdir(), "operate-plain-"));
  afterAll(() => rmSync(dir, { recursive: true }));

  it("loads in a script and from YAML, with addresses alone as health endpoints", () => {
    const file = join(dir, "operate.config.yaml");
    writeFileSync(file, stringify(PLAINEST));
    const script = new OperateAgent(PLAINEST).config;
    expect(new OperateAgent(file).config).toEqual(script);
    expect(script.monitoringConfig.healthEndpoints).toMatchObject([
      { type: "http", name: "localhost:3000/health", url: "http://localhost:3000/health", method: "GET" },
      { type: "http", name: "shop.example.com", url: "https://shop.example.com" },
      { type: "http", name: "localhost:3001/ok", url: "http://localhost:3001/ok" },
    ]);
  });

  it.each([
    ["no address", "localhost", "monitoringConfig.healthEndpoints[0].url"],
    ["another protocol", "ftp://a", "monitoringConfig.healthEndpoints[0].url"],
    ["a number", 7, "monitoringConfig.healthEndpoints[0]"],
    ["a block without an address", { name: "a" }, "monitoringConfig.healthEndpoints[0].type"],
  ])("refuses as a health endpoint %s", (_, endpoint, path) => {
    const config = { monitoringConfig: { healthEndpoints: [endpoint] } } as OperateAgentConfigInput;
    expect(() => new OperateAgent(config)).toThrow(path);
  });

  it("gives endpoints without a name names of their own", () => {
    const long = `http://localhost/${"a".repeat(90)}`;
    const { config } = new OperateAgent({
      services: [
        {
          name: "api",
          local: { command: ["x"], versions: [{ version: "1" }] },
          environments: { staging: { initialVersion: "1" } },
        },
      ],
      monitoringConfig: {
        healthEndpoints: [
          ...["http://a.test/health?db=1", "http://a.test/health?db=2", "https://a.test/health"],
          ...[`${long}1`, `${long}2`, "http://api/", "http://api/"],
          { name: "b.test", type: "tcp", host: "b.test", port: 1 },
          ...["http://b.test/", "http://c.test/"],
        ],
      },
    });
    const names = config.monitoringConfig.healthEndpoints.map(({ name }) => name);
    expect(names.filter((name) => !name.startsWith("localhost"))).toEqual([
      ...["a.test/health", "a.test/health (2)", "a.test/health (3)", "api/", "api/ (2)"],
      ...["b.test", "b.test (2)", "c.test"],
    ]);
    expect(new Set(names).size).toBe(names.length);
    expect(Math.max(...names.map((name) => name.length))).toBe(80);
  });

  it("names an endpoint without what its address keeps secret", () => {
    const { config } = new OperateAgent({
      monitoringConfig: { healthEndpoints: ["https://ann:canary@a.example.com:8443/x?token=canary"] },
    });
    expect(config.monitoringConfig.healthEndpoints[0]?.name).toBe("a.example.com:8443/x");
  });
});

it.each([
  [{}, null, null],
  [{ healthPath: "/alive" }, "/alive", "/alive"],
  [{ local: { readinessPath: "/ready" } }, "/ready", "/ready"],
  [{ healthPath: "/alive", local: { readinessPath: "/ready" } }, "/alive", "/ready"],
  [{ healthPath: "/alive", local: { readinessPath: null } }, "/alive", null],
])("asks of %j at %s for health and at %s for readiness", (service, health, readiness) => {
  const whole = { local: {}, ...service };
  expect([healthPathOf(whole), readinessPathOf(whole)]).toEqual([health, readiness]);
});
