import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { dice } from "#server/agent/deploy/judge/samples.ts";
import { bucketOf } from "#server/agent/telemetry/histogram.ts";
import { failedRequests, OUTCOMES, type OutcomeCounts, sumOutcomes } from "#server/agent/telemetry/outcomes.ts";
import { eventually } from "#server/testing/local-platform/daemon.ts";
import { Balancer } from "./balancer.ts";
import type { Target } from "./exchange-host.ts";

/** Every exchange ends in exactly one class, whatever instances and clients do. */

type Serve = (socket: Socket) => void;

let balancer: Balancer;
let port: number;
const closers: (() => void)[] = [];

async function open(timeouts: { headersMs: number; bodyMs: number; connectMs: number }): Promise<void> {
  const observer = { currentVersion: () => "1", refused: () => undefined };
  balancer = new Balancer({ service: "web", environment: "staging" }, observer, timeouts);
  port = await balancer.listen(0);
}
/** For what is about clients that leave: on a busy machine they leave late, and must not be timed out before. */
async function openPatient(): Promise<void> {
  await balancer.close(0);
  await open({ headersMs: 60_000, bodyMs: 60_000, connectMs: 10_000 });
}

beforeEach(() => open({ headersMs: 700, bodyMs: 700, connectMs: 500 }));
afterEach(async () => {
  await balancer.close(0);
  for (const close of closers.splice(0)) close();
});

/** An instance on bare TCP: `serve` gets each connection at each head of a request that comes in on it. */
async function instance(serve: Serve, version = "1"): Promise<Target> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket.on("error", () => undefined).on("close", () => open.delete(socket)));
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      for (let end = text.indexOf("\r\n\r\n"); end !== -1; end = text.indexOf("\r\n\r\n")) {
        text = text.slice(end + 4);
        if (!socket.destroyed) serve(socket);
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const target = balancer.createTarget(
    `of ${version}`,
    version,
    typeof address === "object" && address ? address.port : 0,
  );
  closers.push(() => {
    server.close();
    for (const socket of open) socket.destroy();
    void target.pool.destroy();
  });
  return target;
}

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const BEHAVIOURS: Serve[] = [
  (socket) => socket.write(OK),
  (socket) => void setTimeout(() => socket.write(OK), 150),
  () => undefined,
  (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"),
  (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"),
  (socket) => socket.end("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n"),
  (socket) => socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n"),
  (socket) => socket.write("HTTP/1.1 2x0 OK\r\n\r\n"),
  (socket) => socket.write("HTTP/1.1 200 OK\r\nbad header\r\n\r\n"),
  (socket) => socket.write("HTTP/1.1 302 d\xe9plac\xe9\r\nlocation: /\r\ncontent-length: 0\r\n\r\n", "latin1"),
  (socket) => socket.end("HTTP/1.1 404 No\r\n\r\nuntil the end"),
  (socket) => socket.write("HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n"),
  (socket) => socket.write("HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n"),
  (socket) => socket.write(`${OK}unasked`),
  (socket) => socket.destroy(),
  (socket) => socket.resetAndDestroy(),
];

/** Sends one request on a connection of its own; ends it after `leaveMs`, or waits until the balancer is through. */
async function send(random: () => number): Promise<void> {
  const withBody = random() < 0.4;
  const leaveMs = random() < 0.4 ? Math.floor(random() * 300) : null;
  const halfBody = withBody && random() < 0.3;
  const socket = connect(port, "127.0.0.1").on("error", () => undefined);
  const closed = once(socket, "close");
  socket.resume();
  const head = withBody ? "POST /a HTTP/1.1\r\ncontent-length: 8\r\n" : "GET /a HTTP/1.1\r\n";
  const body = withBody ? (halfBody ? "1234" : "12345678") : "";
  // who leaves before it was written has sent nothing
  await new Promise((sent) => socket.write(`${head}host: a\r\nconnection: close\r\n\r\n${body}`, sent));
  if (leaveMs !== null) void sleep(leaveMs).then(() => socket.destroy());
  else if (halfBody) void sleep(900).then(() => socket.destroy());
  await closed;
}

const counted = (): OutcomeCounts => sumOutcomes(balancer.samplesSince(0, Date.now() + 20_000));
const sumOf = (counts: OutcomeCounts): number => OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0);
const sizeOf = (histogram: readonly number[]): number => histogram.reduce((sum, count) => sum + count, 0);

it.each([1, 2, 3])("counts each of 240 requests once and leaves nothing in flight (draw %i)", async (seed) => {
  const random = dice(seed);
  const targets = await Promise.all(
    ["1", "2", "3"].map((version) =>
      instance((socket) => BEHAVIOURS[Math.floor(random() * BEHAVIOURS.length)]?.(socket), version),
    ),
  );
  balancer.rotation.update(targets, { 1: 50, 2: 30, 3: 20 });
  for (let round = 0; round < 4; round++) await Promise.all(Array.from({ length: 60 }, () => send(random)));
  await eventually(async () => counted().requests >= 240 && targets.every((one) => one.inFlight === 0));
  const counts = counted();
  expect([counts.requests, sumOf(counts)]).toEqual([240, 240]);
  expect(sizeOf(counts.leftAfter)).toBe(counts.clientLeft);
  expect(sizeOf(counts.latency)).toBe(240 - counts.clientLeft - counts.refused - counts.upgraded);
  for (const outcome of ["status2xx", "status3xx", "status5xx", "clientLeft", "timedOut", "brokenOff"] as const)
    expect([outcome, counts[outcome] > 0]).toEqual([outcome, true]);
});

it("tells answers 401 and 403 apart from other 4xx", async () => {
  const statuses = [401, 403, 404, 200, 401];
  let next = 0;
  const target = await instance((socket) =>
    socket.write(`HTTP/1.1 ${statuses[next++]} X\r\ncontent-length: 0\r\n\r\n`),
  );
  balancer.rotation.update([target], null);
  for (const _ of statuses) await send(() => 1);
  await eventually(async () => counted().requests === statuses.length);
  expect(balancer.samplesSince(0, Date.now() + 20_000).reduce((sum, row) => sum + (row.denied ?? 0), 0)).toBe(3);
  expect(counted()).toMatchObject({ status4xx: 4, status2xx: 1 });
});

it("knows how long those waited who left, per version", async () => {
  await openPatient();
  const [silent, quick] = [await instance(() => undefined, "1"), await instance((socket) => socket.write(OK), "2")];
  balancer.rotation.update([silent, quick], { 1: 50, 2: 50 });
  const ask = async () => {
    const socket = connect(port, "127.0.0.1").on("error", () => undefined);
    socket.write("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    const leaving = setTimeout(() => socket.destroy(), 350);
    socket.on("data", () => clearTimeout(leaving)); // it is answered, however late on a busy machine
    await once(socket, "close");
  };
  await Promise.all(Array.from({ length: 20 }, ask));
  await eventually(async () => counted().requests === 20);
  const rows = Object.fromEntries(balancer.trafficSince(0, Date.now() + 20_000).map((row) => [row.version, row]));
  expect(rows).toMatchObject({
    1: { requests: 10, clientLeft: 10 },
    2: { requests: 10, status2xx: 10, clientLeft: 0 },
  });
  expect(rows["1"]?.leftAfter.slice(0, bucketOf(250)).every((count) => count === 0)).toBe(true);
  expect(failedRequests(rows["1"]!, 200)).toBe(10);
});

it("does not say of those who end a stream, or take their time to read or to send, that they waited", async () => {
  await openPatient();
  balancer.rotation.update(
    [await instance((socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n"))],
    null,
  );
  const stream = connect(port, "127.0.0.1").on("error", () => undefined);
  stream.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  await once(stream, "data");
  const upload = connect(port, "127.0.0.1").on("error", () => undefined);
  upload.write("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n12");
  await sleep(300);
  for (const socket of [stream, upload]) socket.destroy();
  await eventually(async () => counted().requests === 2);
  expect(counted()).toMatchObject({ status2xx: 2, clientLeft: 0 });
  expect(failedRequests(counted(), 200)).toBe(0);
});

it.each(["text/event-stream", "application/x-ndjson; charset=utf-8"])(
  "takes the beginning of a stream (%s) for how long its client waited, not its end",
  async (type) => {
    const target = await instance((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\n\r\ndata: 1\n\n`);
      setTimeout(() => socket.end("data: 2\n\n"), 600);
    });
    balancer.rotation.update([target], null);
    const stream = connect(port, "127.0.0.1").on("error", () => undefined);
    stream.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    stream.resume();
    await eventually(async () => counted().status2xx === 1);
    expect(
      counted()
        .latency.slice(bucketOf(500))
        .every((count) => count === 0),
    ).toBe(true);
    expect(counted().latency.reduce((sum, count) => sum + count, 0)).toBe(1);
    stream.destroy();
  },
);

it("asks for nothing of what a client has left behind that had sent several requests at once", async () => {
  await openPatient();
  const large = `HTTP/1.1 200 OK\r\ncontent-length: 9000000\r\n\r\n${"x".repeat(9_000_000)}`;
  let asked = 0;
  const target = await instance((socket) => (++asked === 1 ? undefined : socket.write(large)));
  balancer.rotation.update([target], null);
  const socket = connect(port, "127.0.0.1").on("error", () => undefined);
  socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n".repeat(4));
  await eventually(async () => asked === 1);
  socket.destroy();
  await eventually(async () => target.inFlight === 0, 10_000);
  expect([counted().requests, counted().clientLeft, asked]).toEqual([4, 4, 1]);
});

it("asks a slow client only once whether it takes more, however many chunks come at once", async () => {
  const chunks = `1000\r\n${"x".repeat(4_096)}\r\n`.repeat(5_000);
  const answer = `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`;
  balancer.rotation.update([await instance((socket) => socket.write(answer))], null);
  const warnings: string[] = [];
  const onWarning = (warning: Error) => warnings.push(warning.name);
  process.on("warning", onWarning);
  closers.push(() => process.off("warning", onWarning));
  const response = await fetch(`http://127.0.0.1:${port}/`);
  await sleep(100);
  expect((await response.arrayBuffer()).byteLength).toBe(4_096 * 5_000);
  expect(warnings).toEqual([]);
});

it("does not wait for ever for a head that comes in drops", async () => {
  balancer.rotation.update(
    [
      await instance((socket) => {
        socket.write("HTTP/1.1 200 OK\r\nx: ");
        const drops = setInterval(() => socket.write("x"), 50);
        socket.on("close", () => clearInterval(drops));
      }),
    ],
    null,
  );
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(504);
  expect(counted()).toMatchObject({ requests: 1, timedOut: 1 });
});

it.each(["pick", "choose", "refused"] as const)("answers and counts when %s throws", async (where) => {
  const fault = () => {
    throw new Error("broken");
  };
  const dead = balancer.createTarget("dead", "1", 1);
  balancer.rotation.update([dead], null);
  if (where === "pick") balancer.rotation.pick = fault;
  else if (where === "choose") balancer.routes.choose = fault;
  else balancer.refused = fault;
  const response = await fetch(`http://127.0.0.1:${port}/`);
  expect([response.status, await response.json()]).toMatchObject([500, { error: { code: "balancer_fault" } }]);
  expect([counted().requests, sumOf(counted()), dead.inFlight]).toEqual([1, 1, 0]);
});

it("counts for the version that ran last when nothing runs any more", async () => {
  balancer.rotation.update([await instance((socket) => socket.write(OK), "2")], null);
  await (await fetch(`http://127.0.0.1:${port}/`)).text();
  balancer.rotation.update([], null);
  balancer.currentVersion = Balancer.prototype.currentVersion;
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(503);
  expect(counted()).toMatchObject({ requests: 2, status2xx: 1, refused: 1 });
});
