import { afterAll, beforeAll, expect, it } from "vitest";
import { checkOrigin } from "#server/auth/origin.ts";
import { createTelemetrySources } from "#server/container/sources.ts";
import { createOutboundClient } from "#server/integrations/http/client.ts";
import { appRouter } from "#server/routers/index.ts";
import { createTelemetryStore } from "#server/telemetry-store/index.ts";
import { actor, testConfig, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { connectMcp, contentOf, type McpTestClient } from "#server/testing/mcp-clients.ts";
import { logLine, SENDER, samples, spanOf } from "#server/testing/telemetry/records.ts";
import { mcpEndpoint } from "./endpoint.ts";

/** Every row of list_services, configured or known by telemetry alone, is given back to the tools that read. */

const database = useDatabase();
const config = testConfig();
let client: McpTestClient;
let close = async () => {};
interface Row {
  service: string;
  environment: string | null;
  origin: string;
}

beforeAll(async () => {
  const store = createTelemetryStore({ databaseUrl: database.url, config: config.monitoringConfig });
  const http = createOutboundClient(config.outbound);
  const ingest = { ...store, collecting: async () => true, refusal: () => null };
  const telemetry = createTelemetrySources({ config, store, http, own: null, ingest });
  const atMs = Date.now() - 60_000;
  for (const service of ["operate", "legacy shop", "only-logs"]) {
    await store.writeLogs([logLine({ atMs, service, environment: "elsewhere" })], SENDER);
    if (service === "only-logs") continue;
    await store.writeSpans([spanOf({ startMs: atMs, service, environment: "elsewhere" })], SENDER);
    await store.writeSamples([samples({ labels: { service }, timesMs: [atMs], values: [1] })], SENDER);
  }
  const agent = testContext(database, {
    ...{ telemetry, via: "mcp" as const },
    actor: actor({ kind: "agent", role: "viewer" }),
  });
  const serve = mcpEndpoint({
    ...{ router: appRouter, checkOrigin, report: () => undefined, onProtocolError: () => undefined },
    identify: async () => ({ agent, requestId: agent.requestId, refusal: null }),
  });
  const fetch = (url: string | URL, init?: RequestInit) => serve(new Request(url, init));
  client = await connectMcp("official v2, newest revision", {
    ...{ url: "http://127.0.0.1:4310/api/mcp", token: "any", fetch },
  });
  await client.listTools();
  close = async () => {
    await client.close();
    await http.close();
    await store.close();
  };
});
afterAll(() => close());

it("opens with every tool that reads, by its own names", async () => {
  const { rows } = contentOf<{ rows: Row[] }>(await client.callTool("list_services", {}));
  expect(rows.filter(({ origin }) => origin === "observed").map(({ service }) => service)).toEqual(
    expect.arrayContaining(["operate", "legacy shop", "only-logs"]),
  );
  expect(rows.filter(({ origin }) => origin === "configured").length).toBeGreaterThan(0);
  const range = { startTime: new Date(Date.now() - 600_000).toISOString(), endTime: new Date().toISOString() };
  for (const { service, environment } of rows) {
    const place = { service, environment };
    const asked: [string, Record<string, unknown>][] = [
      ["get_service", place],
      ["analyze_logs", { ...place, ...range }],
      ["search_logs", { ...place, ...range }],
      ["list_traces", { ...place, ...range }],
      ["get_service_map", { environment }],
      ["monitor_health", place],
      ["list_deployments", place],
      ["list_incidents", place],
    ];
    for (const [tool, args] of asked) {
      const answer = await client.callTool(tool, args);
      expect({ tool, service, error: answer.isError ? answer.text : null }).toEqual({ tool, service, error: null });
    }
    const opened = contentOf<{ row: Row }>(await client.callTool("get_service", place));
    expect(opened.row).toMatchObject(place);
  }
});

it("says what there is when there is no such service, and which environments when one must be named", async () => {
  const none = await client.callTool("get_service", { service: "nobody", environment: null });
  expect(JSON.parse(none.text)).toMatchObject({
    code: "NOT_FOUND",
    details: { allowed: config.services.map(({ name }) => name) },
  });
  const several = await client.callTool("get_service", { service: "checkout" });
  expect(JSON.parse(several.text)).toMatchObject({
    code: "INVALID",
    message: expect.stringMatching(/checkout runs in .*production/),
  });
});
