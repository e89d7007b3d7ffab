import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { Ingest } from "../agent/ingest/index.ts";
import { AppError } from "../agent/kernel/errors.ts";
import type { Written } from "../agent/ports/telemetry-store.ts";
import { createIngestServer } from "./ingest-server.ts";
import { REACH_HEADER, SENDER_HEADER } from "./socket.ts";

const JSON_TYPE = { "content-type": "application/json" };
const PROTOBUF = { "content-type": "application/x-protobuf" };
const LOGS = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: "hello" } }] }] }] });

interface Refused {
  signal: string;
  sender: string;
  reason: string;
}

let close: (() => Promise<void>) | undefined;
afterEach(() => close?.());

/** The server with a pipeline that answers as it is told. */
async function open(given: { write?: () => Promise<Written>; limits?: object; bodyTimeoutMs?: number } = {}) {
  const refused: Refused[] = [];
  const gone: (AbortSignal | undefined)[] = [];
  let written = 0;
  const take: Ingest["logs"] = async (arrival) => {
    gone.push(arrival.gone);
    const { records } = await arrival.read(arrival.mostBytes);
    const answer = (await given.write?.()) ?? { accepted: records.length, rejected: [] };
    written += answer.accepted;
    return answer;
  };
  const ingest: Ingest = {
    logs: take,
    metrics: take as unknown as Ingest["metrics"],
    traces: take as unknown as Ingest["traces"],
    readLogs: async () => ({ accepted: 0, rejected: [] }),
    refused: (signal, { name }, rejected) => {
      for (const { reason } of rejected) refused.push({ signal, sender: name, reason });
    },
    stop: async () => {},
  };
  const server = createIngestServer({
    ...{ ingest, now: Date.now, onFault: () => {}, bodyTimeoutMs: given.bodyTimeoutMs ?? 5_000 },
    limits: { maxBodyBytes: 10_000, maxPendingBytes: 100_000, ...given.limits },
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  close = async () => {
    server.close();
    server.closeAllConnections();
  };
  const send = (path: string, body: BodyInit | null, headers: Record<string, string> = {}, method = "POST") =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      ...{ method, body, headers: { [SENDER_HEADER]: "ci", ...headers } },
      ...(body instanceof ReadableStream ? { duplex: "half" } : {}),
    } as RequestInit);
  return { send, port, refused, gone, written: () => written };
}

/** Writes a request by hand and returns what is answered until the connection ends. */
async function byHand(port: number, lines: readonly string[], rest?: (write: (text: string) => void) => void) {
  const socket = connect(port, "127.0.0.1");
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk;
  });
  socket.on("error", () => {}); // the server may close while the test still writes
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  rest?.((text) => socket.write(text));
  await expect.poll(() => answer, { timeout: 5_000 }).toMatch(/^HTTP\/1\.1 \d+/);
  socket.destroy();
  return answer;
}

const stream = (chunks: number, bytes: number) =>
  new ReadableStream({
    start(controller) {
      for (let i = 0; i < chunks; i++) controller.enqueue(new Uint8Array(bytes).fill(97));
      controller.close();
    },
  });

describe("what is no telemetry", () => {
  it("is told which paths there are", async () => {
    const { send } = await open();
    const answer = await send("/v2/logs", LOGS, JSON_TYPE);
    expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining("/v1/logs, /v1/metrics")]);
  });

  it("is told the method", async () => {
    const { send } = await open();
    const answer = await send("/v1/logs", null, {}, "GET");
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST"]);
  });

  it.each([
    ["/v1/logs", "application/x-protobuf or application/protobuf or application/json"],
    ["/loki/api/v1/push", "application/json or application/x-protobuf"],
    ["/api/v1/write", "application/x-protobuf"],
  ])("is told the content types of %s", async (path, allowed) => {
    const { send } = await open();
    const answer = await send(path, "x", { "content-type": "text/html" });
    expect([answer.status, await answer.text()]).toEqual([415, expect.stringContaining(allowed)]);
  });

  it.each([undefined, "text/html", "application/x-www-form-urlencoded"])(
    "is told in plain words when it came as %s, as by hand",
    async (type) => {
      const { send } = await open();
      const answer = await send("/v1/logs", Buffer.from("{}"), type === undefined ? {} : { "content-type": type });
      expect([answer.status, answer.headers.get("content-type")]).toEqual([415, "application/json"]);
      expect(await answer.json()).toEqual({
        code: 3,
        message: expect.stringMatching(/^Send it with the Content-Type /),
      });
    },
  );

  it("is told what is wrong with it, in the encoding it came in", async () => {
    const { send, refused } = await open();
    const json = await send("/v1/logs", "{", JSON_TYPE);
    expect([json.status, json.headers.get("content-type")]).toEqual([400, "application/json"]);
    expect(await json.json()).toMatchObject({ code: 3, message: expect.any(String) });
    const protobuf = await send("/v1/traces", new Uint8Array([10, 255]), PROTOBUF);
    expect([protobuf.status, protobuf.headers.get("content-type")]).toEqual([400, "application/x-protobuf"]);
    const status = Buffer.from(await protobuf.arrayBuffer());
    expect([...status.subarray(0, 3)]).toEqual([8, 3, 18]); // google.rpc.Status: code 3, message
    expect(refused.map(({ signal, sender }) => [signal, sender])).toEqual([
      ["logs", "ci"],
      ["traces", "ci"],
    ]);
  });
});

describe("a part that was left out", () => {
  const write = async () => ({
    accepted: 1,
    rejected: [{ reason: "lines older than 7 days", count: 2, example: "an old line" }],
  });

  it("is named in JSON and in protobuf, and the rest is kept", async () => {
    const { send, written } = await open({ write });
    const json = await send("/v1/logs", LOGS, JSON_TYPE);
    expect([json.status, await json.json()]).toEqual([
      200,
      { partialSuccess: { rejectedLogRecords: "2", errorMessage: "2 × lines older than 7 days (an old line)" } },
    ]);
    const protobuf = await send("/v1/logs", new Uint8Array(), PROTOBUF);
    const body = Buffer.from(await protobuf.arrayBuffer());
    expect([...body.subarray(0, 1), ...body.subarray(2, 5)]).toEqual([10, 8, 2, 18]);
    expect(body.toString()).toContain("lines older than 7 days");
    expect(written()).toBe(2);
  });

  it("makes no failure of a push, unless nothing could be kept", async () => {
    const push = JSON.stringify({ streams: [{ stream: { app: "a" }, values: [[`${Date.now()}000000`, "x"]] }] });
    const partly = await open({ write });
    expect((await partly.send("/loki/api/v1/push", push, JSON_TYPE)).status).toBe(204);
    await close?.();
    const nothing = await open({ write: async () => ({ ...(await write()), accepted: 0 }) });
    const answer = await nothing.send("/loki/api/v1/push", push, JSON_TYPE);
    expect([answer.status, await answer.text()]).toEqual([400, "2 × lines older than 7 days\n"]);
  });
});

describe("limits", () => {
  it("refuse a declared body before any of it arrives", async () => {
    const { port, refused } = await open();
    const head = ["POST /v1/logs HTTP/1.1", "host: x", "content-type: application/json", "content-length: 100000000"];
    expect(await byHand(port, head)).toMatch(/^HTTP\/1\.1 413[\s\S]*maxBodyBytes/);
    expect(refused).toHaveLength(1);
  });

  it("refuse a body of unknown length as soon as it is too long", async () => {
    const { send } = await open();
    const answer = await send("/v1/logs", stream(1_000, 5_000), JSON_TYPE);
    expect(answer.status).toBe(413);
  });

  it("give a body its time and no more", async () => {
    const { port } = await open({ bodyTimeoutMs: 200 });
    const head = ["POST /v1/logs HTTP/1.1", "host: x", "content-type: application/json", "content-length: 100"];
    expect(await byHand(port, head, (write) => write("{"))).toMatch(
      /^HTTP\/1\.1 408[\s\S]*did not arrive within 0.2 s/,
    );
  });

  it("tell senders to come again while others are being worked on, and take them afterwards", async () => {
    const held = Promise.withResolvers<Written>();
    const { send, port, gone } = await open({ write: () => held.promise, limits: { maxPendingBytes: 30_000 } });
    const first = send("/v1/logs", LOGS, JSON_TYPE);
    const head = ["POST /v1/logs HTTP/1.1", "host: x", "content-type: application/json", "content-length: 9999"];
    await expect
      .poll(async () => (await byHand(port, head.with(3, "content-length: 0"), undefined)).slice(9, 12))
      .toBe("429");
    const answer = await byHand(port, head);
    expect(answer).toMatch(/^HTTP\/1\.1 429/);
    expect(answer).toMatch(/\r\nretry-after: [1-5]\r\n/i);
    const reach = Buffer.from(JSON.stringify({ own: true })).toString("base64url");
    const own = send("/v1/logs", LOGS, { ...JSON_TYPE, [REACH_HEADER]: reach });
    await expect.poll(() => gone.length, { message: "Operate's own is let in" }).toBe(2);
    held.resolve({ accepted: 1, rejected: [] });
    expect([(await first).status, (await own).status]).toEqual([200, 200]);
    expect((await send("/v1/logs", LOGS, JSON_TYPE)).status).toBe(200);
  });

  it("refuse what is too large once it is decompressed", async () => {
    const { gzipSync } = await import("node:zlib");
    const { send } = await open();
    const bomb = gzipSync(Buffer.alloc(5_000_000));
    const answer = await send("/v1/logs", new Uint8Array(bomb), { ...JSON_TYPE, "content-encoding": "gzip" });
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining("after decompression")]);
  });
});

it("tells senders to come again when the database is away", async () => {
  const away = new AppError("UPSTREAM_UNAVAILABLE", "The database does not answer.");
  const { send } = await open({ write: () => Promise.reject(away) });
  for (const path of ["/v1/logs", "/loki/api/v1/push"]) {
    const body = path === "/v1/logs" ? LOGS : JSON.stringify({ streams: [] });
    const answer = await send(path, body, JSON_TYPE);
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
  }
});

it("counts no refusal of a sender that went away", async () => {
  const held = Promise.withResolvers<Written>();
  const { port, refused, gone } = await open({ write: () => held.promise });
  const request = httpRequest({ port, path: "/v1/logs", method: "POST", headers: { ...JSON_TYPE } });
  request.on("error", () => {}); // it is the test that ends it
  request.end(LOGS);
  await expect.poll(() => gone.length).toBe(1);
  request.destroy();
  await expect.poll(() => gone[0]?.aborted).toBe(true);
  held.reject(new AppError("UPSTREAM_UNAVAILABLE", "away"));
  await held.promise.catch(() => {});
  expect(refused).toEqual([]);
});
