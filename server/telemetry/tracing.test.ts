import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { mcpEndpoint } from "#mcp/endpoint.ts";
import { deployApplication } from "../agent/deploy/index.ts";
import { AppError } from "../agent/kernel/errors.ts";
import type { SpanRecord } from "../agent/ports/telemetry.ts";
import { inSpan, traceIds } from "../agent/telemetry/span.ts";
import { createOutboundClient } from "../integrations/http/client.ts";
import { decodeTraces } from "../integrations/otlp/traces.ts";
import { appRouter, createCaller } from "../routers/index.ts";
import { actor, testContext } from "../testing/context.ts";
import { useDatabase } from "../testing/database.ts";
import { connectMcp } from "../testing/mcp-clients.ts";
import { startTracing, type Tracing } from "./tracing.ts";

/** Operate's own spans, received over HTTP and read by the decoder that reads everybody's. */

const spans: SpanRecord[] = [];
const asked: { path: string | undefined; authorization: string | undefined; traceparent: unknown }[] = [];
const collector = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { authorization, traceparent } = request.headers;
  asked.push({ path: request.url, authorization, traceparent });
  if (request.url?.endsWith("/v1/traces"))
    spans.push(...decodeTraces(Buffer.concat(chunks), { encoding: "protobuf" }).records);
  response.end();
});

const database = useDatabase();
let tracing: Tracing;
let address: string;
beforeAll(async () => {
  collector.listen(0, "127.0.0.1");
  await once(collector, "listening");
  address = `127.0.0.1:${(collector.address() as AddressInfo).port}`;
  tracing = await startTracing("web", {
    NODE_ENV: "test",
    OPERATE_INGEST_URL: `http://${address}/api/ingest`,
    OPERATE_INGEST_SECRET: "opi_secret",
    OTEL_BSP_SCHEDULE_DELAY: "50",
  });
});
afterAll(() => {
  collector.closeAllConnections();
  collector.close();
});

const named = (name: string) => spans.filter((span) => span.name === name);
const arrives = (name: string) =>
  vi.waitFor(
    () => {
      expect(named(name)).not.toEqual([]);
      return named(name)[0]!;
    },
    { timeout: 10_000 },
  );

describe("a span", () => {
  it("reaches the ingest of Operate itself, under its name and secret", async () => {
    await inSpan("alone", { attributes: { a: 1 } }, async () => undefined);
    expect(await arrives("alone")).toMatchObject({
      ...{ service: "operate", environment: "operate", kind: "internal", status: "unset", parentSpanId: null },
      ...{ attributes: { a: 1 }, instance: `web-${process.pid}` },
    });
    expect(asked[0]).toMatchObject({ path: "/api/ingest/v1/traces", authorization: "Bearer opi_secret" });
  });

  it("is the parent of what happens inside of it, and gives its ids to log lines", async () => {
    const ids = await inSpan("outer", {}, () => inSpan("inner", {}, async () => traceIds()));
    const inner = await arrives("inner");
    const outer = await arrives("outer");
    expect(inner).toMatchObject({ traceId: outer.traceId, parentSpanId: outer.spanId });
    expect(ids).toEqual({ trace_id: inner.traceId, span_id: inner.spanId });
    expect(traceIds()).toEqual({});
  });

  it.each([
    ["a fault", new Error("broken"), "error", "Error"],
    ["another's fault", new AppError("UPSTREAM_UNAVAILABLE", "away"), "error", "UPSTREAM_UNAVAILABLE"],
    ["a refusal", new AppError("NOT_FOUND", "nothing there"), "unset", "NOT_FOUND"],
  ])("says of %s what it was", async (name, error, status, type) => {
    await expect(inSpan(name, {}, () => Promise.reject(error))).rejects.toBe(error);
    expect(await arrives(name)).toMatchObject({ status, attributes: { "error.type": type } });
  });

  it("is recorded as often as its share says, with everything inside of it or nothing", async () => {
    const count = 2_000;
    for (let i = 0; i < count; i++)
      await inSpan("seldom", { share: 0.05 }, () => inSpan("within", { share: 1 }, async () => undefined));
    await inSpan("marker", {}, async () => undefined);
    await arrives("marker");
    // 100 expected; 40 and 160 are more than six standard deviations away
    expect(named("seldom").length).toBeGreaterThan(40);
    expect(named("seldom").length).toBeLessThan(160);
    expect(
      named("within")
        .map(({ traceId }) => traceId)
        .sort(),
    ).toEqual(
      named("seldom")
        .map(({ traceId }) => traceId)
        .sort(),
    );
    expect(named("seldom")[0]?.attributes).toMatchObject({ "operate.recorded_share": 0.05 });
  });
});

/** The MCP endpoint, asked by an agent. */
function serveAgent(): (request: Request) => Promise<Response> {
  const agent = testContext(database, { via: "mcp", actor: actor({ kind: "agent" }) });
  return mcpEndpoint({
    router: appRouter,
    checkOrigin: () => undefined,
    identify: async () => ({ agent, requestId: agent.requestId, refusal: null }),
    report: () => undefined,
    onProtocolError: () => undefined,
  });
}

describe("what Operate does", () => {
  it("shows as a span for each procedure, with its request id and the sum of its queries", async () => {
    const ctx = testContext(database, { via: "api" });
    const caller = createCaller({ agent: ctx, requestId: "req_traced" });
    await caller.incidents.list({});
    const span = await arrives("incidents.list");
    expect(span).toMatchObject({ kind: "server", attributes: { "operate.request_id": "req_traced" } });
    expect(span.attributes["operate.db.queries"]).toBeGreaterThan(0);
    expect(span.attributes["operate.db.ms"]).toBeGreaterThan(0);
  });

  it("shows a refused procedure as refused and not as failed", async () => {
    const agent = testContext(database, { via: "api", actor: actor({ role: "ingest" }) });
    const caller = createCaller({ agent, requestId: agent.requestId });
    await expect(caller.incidents.get({ incidentId: "inc_none" })).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(await arrives("incidents.get")).toMatchObject({
      status: "unset",
      attributes: { "error.type": "FORBIDDEN" },
    });
  });

  it("shows an input that is not valid as refused, too", async () => {
    const caller = createCaller({ agent: testContext(database, { via: "api" }), requestId: "req_bad" });
    await expect(caller.health.history({} as never)).rejects.toMatchObject({ code: "BAD_REQUEST" });
    expect(await arrives("health.history")).toMatchObject({ status: "unset", attributes: { "error.type": "INVALID" } });
  });

  it("shows a tool call as one trace with the procedure behind it", async () => {
    const serve = serveAgent();
    const client = await connectMcp("official v2, newest revision", {
      ...{ url: "http://127.0.0.1:4310/api/mcp", token: "opk_x" },
      fetch: (url, init) => serve(new Request(url, init)),
    });
    await client.callTool("list_incidents", {});
    const failed = await client.callTool("get_incident", { incidentId: "inc_none" });
    expect(failed.isError).toBe(true);
    await client.close();
    const call = await arrives("tools/call list_incidents");
    expect(call).toMatchObject({ kind: "server", attributes: { "gen_ai.tool.name": "list_incidents" } });
    const within = spans.find(({ parentSpanId }) => parentSpanId === call.spanId);
    expect(within).toMatchObject({ name: "incidents.list", kind: "internal" });
    expect(await arrives("tools/call get_incident")).toMatchObject({
      status: "unset",
      attributes: { "error.type": "NOT_FOUND" },
    });
  });

  it("tells apart what a caller waited on purpose, in spans and in the answer's head", async () => {
    const ctx = testContext(database);
    const { deployment } = await deployApplication(ctx, {
      ...{ service: "checkout", environment: "production", version: "1.1.0", strategy: "rolling" },
    });
    const serve = serveAgent();
    const heads: (string | null)[] = [];
    const client = await connectMcp("official v2, newest revision", {
      ...{ url: "http://127.0.0.1:4310/api/mcp", token: "opk_x" },
      fetch: async (url, init) => {
        const response = await serve(new Request(url, init));
        heads.push(response.headers.get("server-timing"));
        return response;
      },
    });
    await client.callTool("get_deployment", { deploymentId: deployment!.id, followSeconds: 2 });
    await client.callTool("list_deployments", {});
    await client.close();
    for (const name of ["tools/call get_deployment", "deploy.get"]) {
      const span = await arrives(name);
      expect(span.durationMs).toBeGreaterThan(1_900);
      expect(span.attributes["operate.waited_ms"]).toBeGreaterThan(1_900);
      expect(span.attributes["operate.waited_ms"]).toBeLessThanOrEqual(span.durationMs + 5);
    }
    expect((await arrives("deploy.list")).attributes).not.toHaveProperty("operate.waited_ms");
    const told = heads.filter((head) => head !== null);
    expect(told).toEqual([expect.stringMatching(/^wait;dur=(19|2\d)\d\d/)]);
  });

  it("goes on with the trace of an agent that records its own, and with no other", async () => {
    const serve = serveAgent();
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const spanId = "b7ad6b7169203331";
    const list = async (traceparent: string) => {
      const client = await connectMcp("official v2, newest revision", {
        ...{ url: "http://127.0.0.1:4310/api/mcp", token: "opk_x" },
        fetch: (url, init) => {
          const request = new Request(url, init);
          request.headers.set("traceparent", traceparent);
          return serve(request);
        },
      });
      await client.callTool("monitor_health", {});
      await client.close();
    };
    await list(`00-${traceId}-${spanId}-01`);
    const call = await arrives("tools/call monitor_health");
    expect(call).toMatchObject({ traceId, parentSpanId: spanId });
    for (const other of [`00-${traceId}-${spanId}-00`, `00-${"0".repeat(32)}-${spanId}-01`, "nonsense"]) {
      const before = named("tools/call monitor_health").length;
      await list(other);
      await vi.waitFor(() => expect(named("tools/call monitor_health")).toHaveLength(before + 1), 10_000);
      expect(named("tools/call monitor_health").at(-1)).toMatchObject({ parentSpanId: null });
    }
  });

  it("shows a request to another host, which is told of the trace, without its query", async () => {
    const http = createOutboundClient({ allow: ["127.0.0.0/8"], deny: [] });
    const url = `http://${address}/hook?key=secret`;
    await inSpan("asks", {}, () => http.request({ url }));
    await http.request({ url: `${url}&untraced` });
    await http.close();
    const outer = await arrives("asks");
    const call = spans.find(({ parentSpanId }) => parentSpanId === outer.spanId)!;
    expect(call).toMatchObject({
      ...{ name: "GET", kind: "client", status: "unset" },
      attributes: { "url.full": `http://${address}/hook`, "http.response.status_code": 200 },
    });
    const [first, second] = asked.filter(({ path }) => path?.startsWith("/hook"));
    expect(first?.traceparent).toBe(`00-${call.traceId}-${call.spanId}-01`);
    expect(second?.traceparent).toBeUndefined();
  });
});

describe("the end of a process", () => {
  /** Traces in a process of its own and tells how long its `stop` took. */
  async function endOf(env: Record<string, string>) {
    const script = `
      const { startTracing } = await import(${JSON.stringify(join(import.meta.dirname, "tracing.ts"))});
      const { inSpan } = await import(${JSON.stringify(join(import.meta.dirname, "../agent/telemetry/span.ts"))});
      const tracing = await startTracing("worker");
      await inSpan("last words", {}, async () => undefined);
      const startedAt = performance.now();
      await tracing.stop();
      console.log(performance.now() - startedAt);
      process.exit(0);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      output += chunk;
    });
    expect(await once(child, "exit")).toEqual([0, null]);
    return Number(output);
  }

  it("sends what is left", async () => {
    await endOf({ OPERATE_INGEST_URL: `http://${address}/api/ingest`, OPERATE_INGEST_SECRET: "opi_secret" });
    expect(named("last words")).toHaveLength(1);
  });

  it("goes to where OpenTelemetry's own variables say before that", async () => {
    await endOf({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://${address}/elsewhere`,
      OTEL_SERVICE_NAME: "operate-eu",
      OPERATE_INGEST_URL: "http://127.0.0.1:9",
      OPERATE_INGEST_SECRET: "opi_secret",
    });
    expect(asked.at(-1)?.path).toBe("/elsewhere/v1/traces");
    expect(named("last words").at(-1)?.service).toBe("operate-eu");
  });

  it("waits half a second at most for somebody who does not answer", async () => {
    const deaf = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(deaf, "listening");
    const url = `http://127.0.0.1:${(deaf.address() as AddressInfo).port}`;
    const tookMs = await endOf({ OPERATE_INGEST_URL: url, OPERATE_INGEST_SECRET: "opi_secret" });
    deaf.closeAllConnections();
    deaf.close();
    expect(tookMs).toBeGreaterThan(400);
    expect(tookMs).toBeLessThan(3_000);
  });

  it.each([
    ["nobody listens", { OPERATE_INGEST_URL: "http://127.0.0.1:9", OPERATE_INGEST_SECRET: "opi_secret" }],
    ["there is nowhere to send to", {}],
    ["it is turned off", { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9", OTEL_SDK_DISABLED: "true" }],
  ])("is in order when %s", async (_, env) => {
    expect(await endOf(env)).toBeLessThan(3_000);
  });

  it("is the end of this one's, too", async () => {
    await inSpan("before the end", {}, async () => undefined);
    await tracing.stop();
    expect(named("before the end")).toHaveLength(1);
    await inSpan("after the end", {}, async () => undefined);
    expect(named("after the end")).toEqual([]);
  });
});
