import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

/** What the services send, received by a double that speaks OTLP/HTTP JSON. */

interface KeyValue {
  key: string;
  value: Record<string, unknown>;
}
interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  attributes: KeyValue[];
  status: { code?: number; message?: string };
  events: { name: string; attributes: KeyValue[] }[];
  service: string;
}
interface Metric {
  name: string;
  unit: string;
  sum?: { dataPoints: { attributes: KeyValue[]; asDouble: number }[] };
  histogram?: { dataPoints: { attributes: KeyValue[]; count: string; bucketCounts: string[] }[] };
}

const spans: Span[] = [];
const metrics = new Map<string, Metric>();
const authorizations = new Set<string | undefined>();
let answerWith = 200;
/** traces of which a span was refused */
const refused = new Set<string>();

const read = (attributes: KeyValue[] | undefined) =>
  Object.fromEntries((attributes ?? []).map(({ key, value }) => [key, Object.values(value)[0]]));

const collector = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = JSON.parse(Buffer.concat(chunks).toString());
  authorizations.add(request.headers.authorization);
  if (request.url === "/otlp/v1/traces")
    for (const { resource, scopeSpans } of body.resourceSpans)
      for (const span of scopeSpans[0].spans)
        if (answerWith !== 200) refused.add(span.traceId);
        else spans.push({ ...span, service: String(read(resource.attributes)["service.name"]) });
  else if (answerWith === 200)
    for (const metric of body.resourceMetrics[0].scopeMetrics[0].metrics) metrics.set(metric.name, metric);
  response.writeHead(answerWith, { "content-type": "application/json" }).end("{}");
});

const children: ChildProcess[] = [];
const output = new Map<string, string>();

/** Starts a service that reports to the double and returns its address once it listens. */
async function run(name: string, version: string, env: Record<string, string> = {}): Promise<string> {
  const port = (collector.address() as AddressInfo).port;
  const child = spawn(process.execPath, [join(import.meta.dirname, `${name}.js`)], {
    env: {
      ...process.env,
      ...{ PORT: "0", SERVICE_NAME: name, SERVICE_VERSION: version },
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}/otlp`,
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20abc",
      OTEL_SERVICE_NAME: name,
      OTEL_RESOURCE_ATTRIBUTES: `service.version=${version},deployment.environment.name=test`,
      ...env,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  return new Promise((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      output.set(name, (output.get(name) ?? "") + chunk);
      const listening = /"message":"listening","port":(\d+)/.exec(output.get(name) ?? "")?.[1];
      if (listening !== undefined) resolve(`http://127.0.0.1:${listening}`);
    });
  });
}

let gateway: string;
let checkout: string;
beforeAll(async () => {
  collector.listen(0, "127.0.0.1");
  await once(collector, "listening");
  const PAYMENTS_URL = await run("payments", "1.4.2");
  checkout = await run("checkout", "2.5.0", { PAYMENTS_URL });
  const CATALOG_URL = await run("catalog", "1.8.0");
  gateway = await run("gateway", "3.1.0", { CATALOG_URL, CHECKOUT_URL: checkout });
});
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  collector.closeAllConnections();
  collector.close();
});

const traceOf = (id: string) => spans.filter(({ traceId }) => traceId === id);
/** `service name (kind)`, each under its parent, of a trace with one child at most of each kind and service. */
function chain(trace: Span[], parent: string | undefined): unknown[] {
  return trace
    .filter(({ parentSpanId }) => parentSpanId === parent)
    .map(({ service, name, kind, spanId }) => [`${service} ${name} ${kind}`, chain(trace, spanId)]);
}
const traceparent = (id: string, flags = "01") => `00-${id.padStart(32, "a")}-${"b".repeat(16)}-${flags}`;
const ask = async (url: string, headers: Record<string, string> = {}) => (await fetch(url, { headers })).status;

describe("a request through the shop", () => {
  const id = "1".padStart(32, "a");
  beforeAll(async () => {
    expect(await ask(`${gateway}/checkout?product=4`, { traceparent: traceparent("1") })).toBe(200);
    await vi.waitFor(() => expect(traceOf(id)).toHaveLength(8), { timeout: 10_000 });
  });

  it("is one trace across three services, each span under the one that caused it", () => {
    expect(chain(traceOf(id), "b".repeat(16))).toEqual([
      [
        "gateway GET /checkout 2",
        [
          ["gateway render page 1", []],
          [
            "gateway GET /orders 3",
            [
              [
                "checkout GET /orders 2",
                [
                  ["checkout price order 1", []],
                  ["checkout GET /charges 3", [["payments GET /charges 2", [["payments charge card 3", []]]]]],
                ],
              ],
            ],
          ],
        ],
      ],
    ]);
  });

  it("carries what the conventions for HTTP ask for, and the secret of the sender", () => {
    const server = traceOf(id).find(({ service, kind }) => service === "checkout" && kind === 2);
    expect(read(server?.attributes)).toMatchObject({
      ...{ "http.request.method": "GET", "http.route": "/orders", "url.path": "/orders" },
      "http.response.status_code": "200",
    });
    expect([...authorizations]).toEqual(["Bearer abc"]);
  });

  it("is named in the log lines it causes", () => {
    const lines = (output.get("payments") ?? "").split("\n").filter((line) => line.includes("captured"));
    const server = traceOf(id).find(({ service, kind }) => service === "payments" && kind === 2);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ trace_id: id, span_id: server?.spanId }]);
    expect(lines[0]).toContain("56.50 EUR");
  });
});

it("marks the order that fails, with its stack in the span and in the log", async () => {
  for (let i = 0; i < 20; i++) await ask(`${checkout}/orders?product=1`);
  const failed = () =>
    spans.filter(({ service, kind, status }) => service === "checkout" && kind === 2 && status.code === 2);
  await vi.waitFor(() => expect(failed()).toHaveLength(1), { timeout: 10_000 });
  expect(failed()[0]?.status.message).toContain("rounding error");
  expect(read(failed()[0]?.events[0]?.attributes)["exception.stacktrace"]).toContain("checkout.js");
  const line = (output.get("checkout") ?? "").split("\n").find((text) => text.includes("rounding error")) ?? "{}";
  expect(JSON.parse(line)).toMatchObject({ level: "error", stack: expect.stringContaining("checkout.js") });
});

it("records neither probes nor a trace that its caller did not sample", async () => {
  await ask(`${gateway}/healthz`);
  await ask(`${gateway}/readyz`);
  await ask(`${gateway}/checkout`, { traceparent: traceparent("2", "00") });
  await ask(`${gateway}/`, { traceparent: traceparent("3") });
  await vi.waitFor(() => expect(traceOf("3".padStart(32, "a")).length).toBe(5), { timeout: 10_000 });
  expect(traceOf("2".padStart(32, "a"))).toEqual([]);
  expect(spans.filter(({ name }) => /healthz|readyz/.test(name))).toEqual([]);
});

it("sends durations of requests, and figures of its own", { timeout: 30_000 }, async () => {
  await vi.waitFor(() => expect(metrics.has("shop.orders")).toBe(true), { timeout: 20_000, interval: 100 });
  const points = metrics.get("http.server.request.duration")?.histogram?.dataPoints ?? [];
  for (const { count, bucketCounts } of points)
    expect(bucketCounts.map(Number).reduce((a, b) => a + b)).toBe(Number(count));
  expect(points.length).toBeGreaterThan(0);
  expect([...metrics.keys()].sort()).toEqual(
    expect.arrayContaining(["http.server.request.duration", "process.cpu.time", "process.memory.usage", "shop.orders"]),
  );
});

it("sends again what was refused for now, and what is left when it stops", { timeout: 30_000 }, async () => {
  answerWith = 503;
  const id = "4".padStart(32, "a");
  expect(await ask(`${gateway}/products`, { traceparent: traceparent("4") })).toBe(200);
  await vi.waitFor(() => expect([...refused]).toContain(id), { timeout: 10_000 });
  answerWith = 200;
  await vi.waitFor(() => expect(traceOf(id)).toHaveLength(5), { timeout: 15_000, interval: 50 });
  await ask(`${gateway}/products`, { traceparent: traceparent("5") });
  const child = children.at(-1);
  child?.kill("SIGTERM");
  expect(await once(child as ChildProcess, "exit")).toEqual([0, null]);
  expect(traceOf("5".padStart(32, "a")).map(({ service }) => service)).toContain("gateway");
});

it("serves and stops as ever when nobody listens at the endpoint", async () => {
  const address = await run("catalog", "1.9.0", {
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9/",
    OTEL_EXPORTER_OTLP_HEADERS: "a%zz=%zz,=,x=bad\u0001value",
  });
  expect(await ask(`${address}/products`)).toBe(200);
  const child = children.at(-1);
  child?.kill("SIGTERM");
  expect(await once(child as ChildProcess, "exit")).toEqual([0, null]);
});
