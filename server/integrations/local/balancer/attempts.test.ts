import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { quantileMs } from "#server/agent/telemetry/histogram.ts";
import { NO_VERSION, type OutcomeCounts, sumOutcomes } from "#server/agent/telemetry/outcomes.ts";
import { freePort } from "../instance/free-port.ts";
import { Balancer } from "./balancer.ts";
import type { Target } from "./exchange-host.ts";

/** What an instance loses is counted for its version, once per request, and reaches nobody else. */

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
let balancer: Balancer;
let port: number;
const closers: (() => void)[] = [];

beforeEach(async () => {
  const observer = { currentVersion: () => "1", refused: () => undefined };
  balancer = new Balancer({ service: "web", environment: "staging" }, observer);
  port = await balancer.listen(0);
});
afterEach(async () => {
  await balancer.close(0);
  for (const close of closers.splice(0)) close();
});

async function instance(version: string, serve: (socket: Socket, asked: number) => void): Promise<Target> {
  const open = new Set<Socket>();
  let asked = 0;
  const server = createServer((socket) => {
    open.add(socket.on("error", () => undefined));
    socket.on("data", () => serve(socket, ++asked));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const target = balancer.createTarget(
    version,
    version,
    typeof address === "object" && address !== null ? address.port : 0,
  );
  closers.push(() => {
    server.close();
    for (const socket of open) socket.destroy();
    void target.pool.destroy();
  });
  return target;
}

async function statusOf(method = "GET"): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/`, { method });
  await response.text();
  return response.status;
}

function countsOf(version: string): OutcomeCounts {
  return sumOutcomes(balancer.samplesSince(0, Date.now() + 20_000).filter((row) => row.version === version));
}

describe("a canary that closes instead of answering", () => {
  it.each(["GET", "DELETE"])("every fourth %s is told by what it lost", async (method) => {
    const baseline = await instance("1", (socket) => socket.write(OK));
    const canary = await instance("2", (socket, asked) => (asked % 4 === 0 ? socket.destroy() : socket.write(OK)));
    balancer.rotation.update([baseline, canary], { 1: 50, 2: 50 });
    const statuses: number[] = [];
    // several at once, so that connections are idle for times that differ
    const ask = async () => {
      for (let i = 0; i < 40; i++) statuses.push(await statusOf(method));
    };
    await Promise.all([ask(), ask(), ask(), ask()]);
    const [one, two] = [countsOf("1"), countsOf("2")];
    expect([one.requests, one.status2xx]).toEqual([80, 80]);
    expect(two.requests).toBe(80);
    expect(two.brokenOff).toBe(statuses.filter((status) => status === 502).length);
    expect(two.brokenOff).toBeGreaterThanOrEqual(8);
  });

  it("on new connections makes the baseline no slower", async () => {
    const baseline = await instance("1", (socket) => socket.write(OK));
    const canary = await instance("2", (socket) => void setTimeout(() => socket.destroy(), 400));
    balancer.rotation.update([baseline, canary], { 1: 50, 2: 50 });
    for (let i = 0; i < 6; i++) await statusOf();
    expect(countsOf("2")).toMatchObject({ requests: 3, brokenOff: 3 });
    expect(countsOf("1")).toMatchObject({ requests: 3, status2xx: 3 });
    expect(quantileMs(countsOf("1").latency, 0.95)).toBeLessThan(300);
  });
});

it("sends a request that ends an instance to no second one", async () => {
  let others = 0;
  const deadly = await instance("2", (socket, asked) => (asked > 1 ? socket.destroy() : socket.write(OK)));
  balancer.rotation.update([deadly], null);
  expect(await statusOf()).toBe(200);
  const other = await instance("2", (socket) => {
    others++;
    socket.write(OK);
  });
  other.inFlight = 1; // the deadly one comes first
  balancer.rotation.update([deadly, other], null);
  expect([await statusOf("DELETE"), others]).toEqual([502, 0]);
  expect(countsOf("2")).toMatchObject({ requests: 2, status2xx: 1, brokenOff: 1 });
});

it("counts a request once, for the version whose instance took no connection, when another's steps in", async () => {
  const dead = balancer.createTarget("dead", "2", await freePort());
  balancer.rotation.update([await instance("1", (socket) => socket.write(OK)), dead], { 1: 50, 2: 50 });
  const statuses = [];
  for (let i = 0; i < 6; i++) statuses.push(await statusOf());
  expect(statuses).toEqual(statuses.map(() => 200));
  expect([countsOf("1").status2xx, countsOf("2").refused]).toEqual([3, 3]);
  expect([countsOf("1").requests, countsOf("2").requests]).toEqual([3, 3]);
});

describe("what is refused before a version is chosen", () => {
  it.each([
    ["two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400],
    ["another expectation", "GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nConnection: close\r\n\r\n", 417],
  ])("is the service's, of no version: %s", async (_, text, status) => {
    balancer.rotation.update([await instance("1", (socket) => socket.write(OK))], null);
    const socket = connect(port, "127.0.0.1");
    socket.write(text);
    let answer = "";
    for await (const chunk of socket) answer += chunk;
    expect(answer).toContain(`HTTP/1.1 ${status} `);
    expect(countsOf("1").requests).toBe(0);
    expect(countsOf(NO_VERSION)).toMatchObject({ requests: 1, status4xx: 1 });
  });

  it("is so when there is no room for it", async () => {
    balancer.rotation.update([await instance("1", (socket) => socket.write(OK))], null);
    Object.defineProperty(balancer, "roomForUpgrade", { value: false });
    const socket = connect(port, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
    await once(socket.resume(), "close");
    expect(countsOf("1").requests).toBe(0);
    expect(countsOf(NO_VERSION)).toMatchObject({ requests: 1, refused: 1 });
  });
});
