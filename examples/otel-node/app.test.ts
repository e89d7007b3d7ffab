import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Attributes } from "../../server/agent/ports/telemetry.ts";
import { decodeLogs } from "../../server/integrations/otlp/logs.ts";
import { decodeMetrics } from "../../server/integrations/otlp/metrics.ts";
import { decodeTraces } from "../../server/integrations/otlp/traces.ts";

/** The example with its three lines of configuration, and who receives what it sends. */
const received = new Map<string, Buffer[]>();
const senders = new Set<string | undefined>();
const receiver = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const path = request.url ?? "";
  received.set(path, [...(received.get(path) ?? []), Buffer.concat(chunks)]);
  senders.add(request.headers.authorization);
  response.end();
});
beforeAll(async () => {
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
});
afterAll(() => {
  receiver.closeAllConnections();
  receiver.close();
});

async function runExample(ask: (url: string) => Promise<void>): Promise<void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "app.js")], {
    env: {
      ...process.env,
      PORT: "0",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/api/ingest`,
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20opk_dice",
      OTEL_SERVICE_NAME: "dice",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(child.stdout, "data");
  await ask(/http:\S+/.exec(String(line))?.[0] ?? "");
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
}

it("sends all three signals, which belong together", async () => {
  await runExample(async (url) => {
    const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    expect((await fetch(`${url}?sides=20`, { headers: { traceparent } })).status).toBe(200);
    expect((await fetch(`${url}?sides=0`)).status).toBe(500);
  });
  expect([...received.keys()].sort()).toEqual(
    ["logs", "metrics", "traces"].map((signal) => `/api/ingest/v1/${signal}`),
  );
  expect([...senders]).toEqual(["Bearer opk_dice"]);

  const read = <T>(signal: string, decode: (body: Buffer) => { records: T[]; rejected: unknown[] }): T[] =>
    (received.get(`/api/ingest/v1/${signal}`) ?? []).flatMap((body) => {
      const { records, rejected } = decode(body);
      expect(rejected).toEqual([]);
      return records;
    });
  const spans = read("traces", (body) => decodeTraces(body, { encoding: "protobuf" }));
  const lines = read("logs", (body) => decodeLogs(body, { encoding: "protobuf", receivedAtMs: Date.now() }));
  const series = read("metrics", (body) => decodeMetrics(body, { encoding: "protobuf" }));

  const server = spans.find(({ parentSpanId }) => parentSpanId === "b".repeat(16));
  expect(server).toMatchObject({ service: "dice", name: "GET /roll", kind: "server", traceId: "a".repeat(32) });
  const inner = spans.find(({ parentSpanId }) => parentSpanId === server?.spanId);
  expect(lines.find(({ body }) => body.startsWith("rolled"))).toMatchObject({
    ...{ service: "dice", traceId: "a".repeat(32), spanId: inner?.spanId },
  });
  expect(spans.find(({ status }) => status === "error")).toMatchObject({
    statusMessage: "a die with 0 sides cannot be rolled",
  });
  expect(lines.find(({ severity }) => severity === 17)?.attributes as Attributes).toHaveProperty("stack");
  expect(series.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["dice_rolled_total", "http_server_request_duration_seconds_count"]),
  );
});
