import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, it } from "vitest";
import { OUTCOMES, sumOutcomes } from "#server/agent/telemetry/outcomes.ts";
import { eventually } from "#server/testing/local-platform/daemon.ts";
import { Balancer, type BalancerOptions } from "./balancer.ts";

/** A balancer that gets more than it can pass on works for those who are still there, and says so to the others. */

let balancer: Balancer;
let port: number;
let asked: number;
const closers: (() => Promise<void> | void)[] = [];

async function start(options: BalancerOptions, listener: RequestListener): Promise<void> {
  balancer = new Balancer(
    { service: "web", environment: "staging" },
    { currentVersion: () => "1", refused: () => undefined },
    options,
  );
  port = await balancer.listen(0);
  const server = createServer((request, response) => {
    asked++;
    listener(request, response);
  }).listen(0, "127.0.0.1", 4_096);
  await once(server, "listening");
  const address = server.address();
  const target = balancer.createTarget("a", "1", typeof address === "object" && address ? address.port : 0);
  balancer.rotation.update([target], null);
  closers.push(async () => {
    await balancer.close(0);
    server.close();
    server.closeAllConnections();
    await target.pool.destroy();
  });
}
beforeEach(() => {
  asked = 0;
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function client(): { socket: Socket; text(): string; answered: Promise<number> } {
  const startedMs = performance.now();
  let text = "";
  const socket = connect(port, "127.0.0.1").on("error", () => undefined);
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
  });
  socket.write("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
  return { socket, text: () => text, answered: once(socket, "close").then(() => performance.now() - startedMs) };
}

const counted = () => sumOutcomes(balancer.samplesSince(0, Date.now() + 20_000));

/** One after the other, as a process with one thread does; each takes `ms`. */
function serial(ms: number): RequestListener {
  let last = Promise.resolve();
  return (request, response) => {
    last = last.then(async () => {
      if (!request.socket.destroyed) await sleep(ms);
      response.end("ok");
    });
  };
}

it.each([
  ["that takes 3 s for each", (): RequestListener => (_, response) => void setTimeout(() => response.end("ok"), 3_000)],
  ["that works off one after the other", () => serial(100)],
])(
  "serves 20 patient clients within seconds after 2,000 that left, before a service %s",
  { timeout: 120_000 },
  async (_, service) => {
    await start({}, service());
    const crowd = Array.from({ length: 2_000 }, () => client());
    await sleep(2_000);
    for (const { socket } of crowd) socket.destroy();
    const patient = Array.from({ length: 20 }, () => client());
    const took = await Promise.all(patient.map(({ answered }) => answered));
    for (const { text } of patient) expect(text()).toMatch(/^HTTP\/1.1 200 /);
    // within 5 s on an idle machine; one that serves the 2,000 who left takes minutes
    expect(Math.max(...took)).toBeLessThan(20_000);
    const counts = counted();
    expect(counts.requests).toBe(OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0));
    expect(balancer.rotation.candidates[0]?.inFlight).toBe(0);
  },
);

it("turns away what would wait too long for an instance, with when to come again, and says so", async () => {
  await start({ queueMs: 300 }, () => undefined);
  expect(balancer.overloaded()).toBeNull();
  const held = Array.from({ length: 256 }, () => client());
  await eventually(async () => asked === 256);
  const late = Array.from({ length: 10 }, () => client());
  await Promise.all(late.map(({ answered }) => answered));
  for (const { text } of late) {
    expect(text()).toMatch(/^HTTP\/1.1 503 [\s\S]*\r\nretry-after: 5\r\n/i);
    expect(text()).toContain('"code":"overloaded"');
  }
  expect(counted()).toMatchObject({ requests: 10, refused: 10 });
  expect(balancer.overloaded()).toMatchObject({ shed: 10 });
  for (const { socket } of held) socket.destroy();
});

it("turns away at once what is more than can wait", { timeout: 60_000 }, async () => {
  await start({ queueMs: 30_000 }, () => undefined);
  const crowd = Array.from({ length: 1_400 }, () => client());
  const first = await Promise.race(crowd.map(({ answered }) => answered));
  expect(first).toBeLessThan(20_000);
  await eventually(async () => counted().refused >= 1_400 - 256 - 1_024);
  for (const { socket } of crowd) socket.destroy();
});

it("does not send to an instance what waits for one and whose client has gone", async () => {
  await start({}, () => undefined);
  const held = Array.from({ length: 256 }, () => client());
  await eventually(async () => asked === 256);
  const gone = Array.from({ length: 50 }, () => client());
  await sleep(200);
  for (const { socket } of [...gone, ...held]) socket.destroy();
  await eventually(async () => counted().clientLeft === 306);
  await sleep(200);
  expect(asked).toBeLessThanOrEqual(256);
});

it("serves who comes now, not who has left, on a processor that it hardly gets", { timeout: 120_000 }, async () => {
  const [turnMs, perSecond, seconds, patienceMs] = [20, 150, 12, 1_500];
  await start({}, (_, response) => response.end("ok"));
  let starved = true;
  const turn = () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, turnMs);
    if (starved) setImmediate(turn);
  };
  setImmediate(turn);
  const clients = fileURLToPath(import.meta.resolve("#server/testing/local-platform/impatient-clients.ts"));
  const given = [port, perSecond, seconds, patienceMs].map(String);
  const { stdout } = await promisify(execFile)(process.execPath, [clients, ...given]);
  starved = false;
  const answered: number[] = JSON.parse(stdout);
  // one connection a turn is a third of those who come: soon each would have left before its turn
  expect(answered.slice(-5).reduce((sum, one) => sum + one) / (5 * perSecond), stdout).toBeGreaterThan(0.5);
});

it("marks the samples of a time in which it stood still itself", async () => {
  await start({}, (_, response) => response.end("ok"));
  const samples = () => balancer.samplesSince(0, Date.now() + 20_000);
  // A busy machine can make this process stand still, too: begin behind a sample in which it did not.
  let sent = 0;
  const smooth = await eventually(async () => {
    await client().answered;
    sent++;
    await sleep(2_100); // the next sample
    const last = samples().at(-1);
    return last?.stalled !== true && last?.bucketAt;
  });
  const waiting = client();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
  await waiting.answered;
  sent++;
  await eventually(async () => samples().at(-1)?.stalled === true);
  expect(sumOutcomes(samples()).requests).toBe(sent);
  expect(samples().find(({ bucketAt }) => bucketAt === smooth)?.stalled ?? false).toBe(false);
});
