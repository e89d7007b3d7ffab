import { expect, it } from "vitest";
import { ServiceSchema } from "#server/agent/config-services.ts";
import { instanceOfToken } from "#server/agent/kernel/instance-token.ts";
import { instanceCommand } from "./instance-command.ts";

const INGEST = { OPERATE_INGEST_URL: "http://127.0.0.1:4310/api/ingest", OPERATE_INGEST_SECRET: "opi_secret" };

function environmentOf(outerEnv: Record<string, string>, own: Record<string, string> = {}) {
  const service = ServiceSchema.parse({
    name: "checkout",
    local: { command: ["node"], versions: [{ version: "1.0.0+rc" }] },
    environments: { staging: { initialVersion: "1.0.0+rc", env: own } },
  });
  const settings = service.environments.staging;
  if (!settings) throw new Error("no staging");
  return instanceCommand({
    ...{ service, settings, environment: "staging", instanceId: "inst_1", version: "1.0.0+rc", port: 1 },
    ...{ configDir: "/", dataDir: "/data", urlOf: () => undefined },
    outerEnv: outerEnv as NodeJS.ProcessEnv,
  }).env;
}

it("tells an OpenTelemetry SDK where to send, as whom, and about whom", () => {
  expect(environmentOf(INGEST)).toMatchObject({
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4310/api/ingest",
    OTEL_EXPORTER_OTLP_HEADERS: expect.stringMatching(/^authorization=Bearer%20opi_/),
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
    OTEL_SERVICE_NAME: "checkout",
    OTEL_RESOURCE_ATTRIBUTES:
      "service.version=1.0.0%2Brc,deployment.environment.name=staging,service.instance.id=inst_1",
  });
});

it("hands each instance a token of its own, from which the ingest secret does not follow", () => {
  const environment = environmentOf(INGEST);
  const token = decodeURIComponent(environment.OTEL_EXPORTER_OTLP_HEADERS ?? "").split("Bearer ")[1] ?? "";
  expect(instanceOfToken(INGEST.OPERATE_INGEST_SECRET, token)).toEqual({
    ...{ service: "checkout", environment: "staging", instance: "inst_1" },
  });
  expect(instanceOfToken("opi_another", token)).toBeNull();
  const [said, signature] = token.split(".");
  const forged = `opi_${Buffer.from('["payments","staging","inst_1"]').toString("base64url")}`;
  for (const one of [`${forged}.${signature}`, `${said}.`, `${said}.${"A".repeat(43)}`, `${token}A`, said ?? "", ""])
    expect(instanceOfToken(INGEST.OPERATE_INGEST_SECRET, one)).toBeNull();
  expect(JSON.stringify(environment)).not.toContain(INGEST.OPERATE_INGEST_SECRET);
});

it("leaves what the service sets itself, and sets nothing where Operate takes no telemetry", () => {
  const own = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318", OTEL_SERVICE_NAME: "shop" };
  expect(environmentOf(INGEST, own)).toMatchObject(own);
  expect(Object.keys(environmentOf({})).filter((name) => name.startsWith("OTEL_"))).toEqual([]);
});

it("hides Operate's own variables from the instance", () => {
  for (const name of Object.keys(INGEST)) expect(environmentOf(INGEST)).not.toHaveProperty(name);
});
