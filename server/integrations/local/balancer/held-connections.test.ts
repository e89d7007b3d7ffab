import type { Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import { failedRequests, type OutcomeCounts, sumOutcomes } from "#server/agent/telemetry/outcomes.ts";
import { eventually } from "#server/testing/local-platform/daemon.ts";
import { behindBalancer, sendBytes } from "#server/testing/local-platform/raw-instance.ts";
import type { Balancer, BalancerOptions } from "./balancer.ts";

/** Neither a client that stands still nor one that listens for hours keeps others from an instance. */

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const STREAM = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n";
let balancer: Balancer;
let port: number;
let asked: number;
const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function start(options: BalancerOptions, answer: (socket: Socket, head: string) => unknown): Promise<void> {
  asked = 0;
  const opened = await behindBalancer(
    (socket) => {
      socket.on("data", (chunk) => {
        asked++;
        answer(socket, chunk.toString("latin1"));
      });
    },
    { balancer: options },
  );
  ({ balancer, port } = opened);
  closers.push(opened.close);
}

function client(text: string) {
  const { socket, text: answer } = sendBytes(port, text);
  closers.push(() => void socket.destroy());
  return { socket, answer };
}

const get = (path: string) => client(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
const counted = (): OutcomeCounts => sumOutcomes(balancer.samplesSince(0, Date.now() + 20_000));

it("cuts a client that has stopped reading, and serves the next one on the only connection", async () => {
  const large = `HTTP/1.1 200 OK\r\ncontent-length: 30000000\r\n\r\n${"x".repeat(30_000_000)}`;
  await start({ clientMs: 400, maxConnections: 1 }, (socket, head) =>
    socket.write(head.startsWith("GET /large") ? large : OK),
  );
  const { socket } = get("/large");
  socket.pause();
  await eventually(async () => asked === 1);
  const next = get("/");
  await eventually(async () => next.answer().endsWith("ok"));
  await eventually(async () => counted().requests === 2);
  expect(counted()).toMatchObject({ clientLeft: 0, status2xx: 2 });
  expect(failedRequests(counted(), null)).toBe(0);
});

it("answers 408 to an upload that stands still, and serves the next one on the only connection", async () => {
  await start({ clientMs: 400, maxConnections: 1 }, (socket, head) => head.startsWith("GET") && socket.write(OK));
  const upload = client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345");
  await eventually(async () => asked >= 1);
  const next = get("/");
  await eventually(async () => next.answer().endsWith("ok"));
  await eventually(async () => upload.answer().includes("request_timeout"));
  expect(upload.answer()).toMatch(/^HTTP\/1.1 408 /);
  expect(counted()).toMatchObject({ requests: 2, clientLeft: 1, status2xx: 1 });
  expect(failedRequests(counted(), null)).toBe(0);
});

it("lets a stream be silent for longer than a client may stand still", async () => {
  await start({ clientMs: 150, bodyMs: 150 }, (socket) => {
    socket.write(STREAM);
    setTimeout(() => socket.write("data: 2\n\n"), 700);
  });
  const { answer } = get("/");
  await eventually(async () => answer().includes("data: 2"));
});

it("gives streams no place among the connections to an instance, up to the number that is set", async () => {
  await start({ maxConnections: 2, maxStreams: 3, queueMs: 400 }, (socket, head) =>
    socket.write(head.startsWith("GET /stream") ? STREAM : OK),
  );
  const streams = [get("/stream"), get("/stream"), get("/stream")];
  await eventually(async () => streams.every(({ answer }) => answer().includes("data: 1")));
  for (let i = 0; i < 3; i++) {
    const { answer } = get("/");
    await eventually(async () => answer().endsWith("ok"));
  }
  const more = [get("/stream"), get("/stream")];
  await eventually(async () => more.every(({ answer }) => answer().includes("data: 1")));
  const late = get("/");
  await eventually(async () => late.answer().startsWith("HTTP/1.1 503 "));
  streams[0]?.socket.destroy();
  more[0]?.socket.destroy();
  await eventually(async () => counted().status2xx === 5);
  const again = get("/");
  await eventually(async () => again.answer().endsWith("ok"));
});
