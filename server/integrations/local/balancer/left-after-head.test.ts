import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { bucketOf } from "#server/agent/telemetry/histogram.ts";
import { failedRequests, type OutcomeCounts, sumOutcomes } from "#server/agent/telemetry/outcomes.ts";
import { eventually } from "#server/testing/local-platform/daemon.ts";
import { type BehindBalancer, behindBalancer, sendBytes } from "#server/testing/local-platform/raw-instance.ts";
import type { BalancerOptions } from "./balancer.ts";

/** Clients that leave during an answer, or whose instance is stopped: what was passed on to them is what counts. */

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
let behind: BehindBalancer;
const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** @param serve answers each request on a connection of its own */
async function start(serve: (socket: Socket) => void, balancer: BalancerOptions = {}): Promise<void> {
  behind = await behindBalancer((socket) => socket.on("data", () => serve(socket)), { balancer });
  closers.push(() => behind.close());
}

const counted = (): OutcomeCounts => sumOutcomes(behind.balancer.samplesSince(0, Date.now() + 20_000));
const client = (request = GET) => {
  const sent = sendBytes(behind.port, request);
  closers.push(() => void sent.socket.destroy());
  return sent;
};

/** A client that leaves `afterMs` after it has seen `text`. */
async function leaves(text: string, afterMs = 0): Promise<OutcomeCounts> {
  const { socket, text: seen } = client();
  // who leaves at once does so before anybody could say that it was let wait
  if (afterMs === 0) socket.once("data", () => socket.destroy());
  else {
    await eventually(async () => seen().includes(text));
    await sleep(afterMs);
    socket.destroy();
  }
  await eventually(async () => counted().requests === 1);
  await eventually(async () => behind.target.inFlight === 0);
  return counted();
}

const CHUNKED = "transfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n";
const STREAM = "content-type: text/event-stream\r\n\r\ndata: 1\n\n";
describe("a client that leaves during an answer has its status", () => {
  it.each<[string, string, keyof OutcomeCounts, number]>([
    ["an event stream", `200 OK\r\n${STREAM}`, "status2xx", 300],
    ["an event stream of an error", `500 No\r\n${STREAM}`, "status5xx", 0],
    ["an error whose body goes on", `500 No\r\n${CHUNKED}`, "status5xx", 0],
    ["an error whose body stands still", `503 No\r\n${CHUNKED}`, "status5xx", 300],
    ["a page that is not there", `404 No\r\n${CHUNKED}`, "status4xx", 0],
    ["a redirect", `307 Go\r\nlocation: /\r\n${CHUNKED}`, "status3xx", 0],
    ["a download", `200 OK\r\n${CHUNKED}`, "status2xx", 0],
    ["a body that stands still", `200 OK\r\n${CHUNKED}`, "clientLeft", 300],
    ["a head whose body never begins", "200 OK\r\ncontent-length: 100\r\n\r\n", "clientLeft", 300],
  ])("%s", async (_, answer, outcome, afterMs) => {
    await start((socket) => {
      socket.write(`HTTP/1.1 ${answer}`);
      const more = setInterval(() => afterMs === 0 && socket.write("4\r\nmore\r\n"), 10);
      socket.on("close", () => clearInterval(more));
    });
    const counts = await leaves(answer.slice(0, 3), afterMs);
    expect(counts[outcome]).toBe(1);
    const timed = outcome === "clientLeft" ? counts.leftAfter : counts.latency;
    expect(timed.reduce((sum, count) => sum + count, 0)).toBe(1);
    // of a stream its head, of what stood still the wait: a failure where answers are quick
    expect(timed.findIndex((count) => count > 0) >= bucketOf(250)).toBe(outcome === "clientLeft");
    expect(failedRequests(counts, 100)).toBe(["status5xx", "clientLeft"].includes(outcome) ? 1 : 0);
  });

  it.each([
    [200, "status2xx"],
    [500, "status5xx"],
  ] as const)("of a large %i that it does not read, nobody else let it wait", async (status, outcome) => {
    await start((socket) => {
      socket.write(`HTTP/1.1 ${status} X\r\ncontent-length: 90000000\r\n\r\n`);
      socket.write(Buffer.alloc(30_000_000));
    });
    const { socket } = client();
    socket.pause();
    await eventually(async () => behind.target.inFlight === 1);
    await sleep(400);
    socket.destroy();
    await eventually(async () => counted().requests === 1);
    expect([counted()[outcome], counted().clientLeft]).toEqual([1, 0]);
  });

  it("that pauses as it did all along", async () => {
    await start((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n${CHUNKED}`);
      setTimeout(() => socket.write("4\r\nmore\r\n"), 300);
    });
    expect(await leaves("more", 200)).toMatchObject({ status2xx: 1, clientLeft: 0 });
  });

  it("also when it is cut because it takes nothing", async () => {
    const large = Buffer.alloc(30_000_000);
    await start(
      (socket) => {
        socket.write("HTTP/1.1 500 No\r\ncontent-length: 30000000\r\n\r\n");
        socket.write(large);
      },
      { clientMs: 300 },
    );
    client().socket.pause();
    await eventually(async () => counted().requests === 1);
    expect(counted()).toMatchObject({ status5xx: 1 });
  });
});

it("takes 304 for an answer with content, and every other 3xx for a redirect", async () => {
  const statuses = [304, 304, 300, 301, 305, 306, 399];
  let next = 0;
  await start((socket) => socket.write(`HTTP/1.1 ${statuses[next++]} X\r\ncontent-length: 0\r\n\r\n`));
  for (const status of statuses) {
    const { text, closed } = client(GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
    await closed;
    expect(text()).toContain(String(status));
  }
  expect(counted()).toMatchObject({ status2xx: 2, status3xx: 5 });
});

it("counts what was sent behind a request that hangs, for no version", async () => {
  await start(() => undefined);
  const { socket } = client(GET.repeat(3));
  await eventually(async () => behind.target.inFlight === 1);
  socket.destroy();
  await eventually(async () => counted().requests === 3);
  const rows = behind.balancer.samplesSince(0, Date.now() + 20_000);
  expect(rows.map(({ version, clientLeft }) => [version, clientLeft]).sort()).toEqual([
    ["", 2],
    ["1", 1],
  ]);
  expect(behind.balancer.waiting(0)).toBe(true);
});

describe("an instance that is stopped by order", () => {
  /** Another version's instance takes over from the one behind the balancer. */
  async function takeOver(): Promise<void> {
    const other = createServer((socket) =>
      socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\ntwo")).on("error", () => {}),
    ).listen(0, "127.0.0.1");
    await once(other, "listening");
    closers.push(() => void other.close());
    const address = other.address();
    const port = typeof address === "object" && address ? address.port : 0;
    behind.balancer.rotation.update([behind.balancer.createTarget("b", "2", port)], null);
  }
  const of = (version: string) =>
    sumOutcomes(behind.balancer.samplesSince(0, Date.now() + 20_000).filter((row) => row.version === version));

  it.each(["order", "crash"] as const)("has failed those that waited for it by %s, or not", async (why) => {
    await start(() => undefined, { maxConnections: 1 });
    const clients = Array.from({ length: 6 }, () => client());
    await eventually(async () => behind.target.inFlight === 6);
    await sleep(300);
    await takeOver();
    void behind.target.pool.close(why);
    await eventually(async () => clients.filter(({ text }) => text().endsWith("two")).length === 5);
    for (const { socket } of clients) socket.destroy();
    await eventually(async () => counted().requests === 6);
    expect([of("1").refused, of("2").status2xx]).toEqual(why === "order" ? [0, 5] : [5, 0]);
    // the one that steps in is not slow for what happened before
    expect(of("2").latency.findIndex((count) => count > 0) < bucketOf(250)).toBe(true);
  });

  it("has not broken off the streams that end with it", async () => {
    await start((socket) => socket.write(`HTTP/1.1 200 OK\r\n${STREAM}`));
    const { text, closed } = client();
    await eventually(async () => text().includes("data: 1"));
    void behind.target.pool.close();
    behind.target.pool.cutStreams();
    await closed;
    await eventually(async () => counted().requests === 1);
    expect(counted()).toMatchObject({ status2xx: 1, brokenOff: 0 });
  });
});
