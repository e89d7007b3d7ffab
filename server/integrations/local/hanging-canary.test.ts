import { once } from "node:events";
import { Agent, createServer, get, type Server } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { judgeEvidence } from "#server/agent/deploy/analysis/analysis-effects.ts";
import { collect } from "#server/agent/deploy/analysis/collect.ts";
import { DEFAULT_RULES } from "#server/agent/deploy/config.ts";
import type { Runtime } from "#server/agent/kernel/context.ts";
import { sumOutcomes } from "#server/agent/telemetry/outcomes.ts";
import { eventually } from "#server/testing/local-platform/daemon.ts";
import { Balancer } from "./balancer/balancer.ts";

/** A canary that never answers some of its requests, and clients that wait for as long as it takes. */

const REF = { service: "web", environment: "staging" };
const observer = { currentVersion: () => "1", refused: () => undefined };
const balancer = new Balancer(REF, observer);
const agent = new Agent({ keepAlive: true });
const servers: Server[] = [];

afterEach(async () => {
  agent.destroy();
  await balancer.close(0);
  for (const server of servers) server.close().closeAllConnections();
});

async function instance(version: string, answers: (count: number) => boolean) {
  let count = 0;
  const server = createServer((_, response) => void (answers(++count) && response.end("ok"))).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  const address = server.address();
  return balancer.createTarget(`of ${version}`, version, typeof address === "object" && address ? address.port : 0);
}

it("fails at its first step, although not one of those requests has ended", { timeout: 30_000 }, async () => {
  const targets = [await instance("1", () => true), await instance("2", (count) => count % 4 !== 0)];
  balancer.rotation.update(targets, { 1: 90, 2: 10 });
  const port = await balancer.listen(0);
  const since = Date.now() - 2_000;
  let sent = 0;
  let answered = 0;
  const send = async (count: number) => {
    for (let i = 1; i <= count; i++) {
      sent += 1;
      const request = get({ port, host: "127.0.0.1", agent }, (response) =>
        response.resume().on("end", () => answered++),
      );
      request.on("error", () => undefined);
      if (i % 20 === 0) await delay(5);
    }
  };
  await send(1_600);
  await eventually(async () => answered >= 1_500, 10_000);
  for (const [version, target] of [...targets.entries()]) balancer.look(String(version + 1), 1, target.inFlight);

  const plan = {
    ...{ ...REF, version: "2", previousVersion: "1", startedAt: since },
    options: { rules: { ...DEFAULT_RULES, analysis: { ...DEFAULT_RULES.analysis, minRequests: 100 } } },
  } as unknown as Parameters<typeof judgeEvidence>[1] & Parameters<typeof collect>[1];
  const runtime = {
    platform: {
      traffic: { samplesSince: async (input: { since: Date }) => balancer.samplesSince(input.since.getTime()) },
    },
    config: {
      services: [],
      deploymentConfig: { environments: [REF.environment] },
      sloConfig: { errorRatePercent: 1, latencyP95Ms: 500 },
    },
    db: { trafficBucket: { findMany: async () => [] } },
  } as unknown as Runtime;
  const { result } = await eventually(async () => {
    await send(40); // what falls into a standstill of this machine is not judged: clients go on asking
    const seen = judgeEvidence(runtime, plan, await collect(runtime, plan, "step", since));
    // on a busy machine some of the baseline's wait, too, for as long as it is busy
    return seen.result.verdict === "fail" && seen.result.sentence.includes("against 0 %") && seen;
  }, 15_000);
  // what the status of the service is told
  await eventually(async () => balancer.pending?.reduce((sum, one) => sum + one, 0) === sent - answered, 5_000);
  expect(result.sentence).toMatch(/2 is worse: error ratio [1-9][\d.]* % .* against 0 %/);
  // each of those that were answered is counted once, and none of the others
  await eventually(async () => {
    const counts = sumOutcomes(balancer.samplesSince(0, Date.now() + 5_000));
    return counts.requests === answered && counts.status2xx === answered;
  }, 5_000);
});
