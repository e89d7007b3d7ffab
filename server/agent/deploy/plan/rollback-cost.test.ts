import { beforeEach, expect, it } from "vitest";
import { type TestContext, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { drainIncidents } from "#server/testing/deploy/drain-incidents.ts";
import { AppError } from "../../kernel/errors.ts";
import type { TrafficCounts } from "../../ports/traffic.ts";
import { noOutcomes } from "../../telemetry/outcomes.ts";
import { storeTraffic } from "../../traffic/index.ts";
import { begin } from "../record/record.ts";
import { deployApplication } from "../request/deploy-application.ts";
import { recordEffects } from "../run/effects-record.ts";
import { rollbackCost, withCost } from "./rollback-cost.ts";

const database = useDatabase();
const ref = { service: "checkout", environment: "production" };
const START = Date.parse("2026-03-01T10:00:00Z");
const nothing = { cpuMs: null, memoryBytes: null, instances: null, inFlight: null, errorLines: null };
let ctx: TestContext;
let nowMs = START;
beforeEach(async () => {
  await database.db.deployment.deleteMany();
  await database.db.trafficBucket.deleteMany();
  await database.db.incident.deleteMany();
  nowMs = START;
  ctx = testContext(database, { now: () => new Date(nowMs) });
});

const counts = (version: string, seconds: number, requests: number, status5xx: number): TrafficCounts => ({
  ...noOutcomes(),
  ...{ ...ref, version, requests, status5xx, status2xx: requests - status5xx, usage: nothing },
  bucketAt: new Date(START + seconds * 1_000).toISOString(),
});

/** A deployment that began at START; a minute later 300 of 400 requests to it have failed, the last 40 not stored yet. */
async function begun() {
  const { deployment } = await deployApplication(ctx, { ...ref, version: "1.1.0" });
  const plan = (await begin(ctx, deployment!.id))!;
  nowMs += 60_000;
  await storeTraffic(ctx.db, [
    ...[counts("1.1.0", -10, 1_000, 1_000), counts("1.0.0", -10, 5_000, 0)],
    ...[counts("1.1.0", 20, 160, 110), counts("1.1.0", 30, 200, 150), counts("1.0.0", 30, 7_000, 3)],
  ]);
  ctx.platform.samples = [counts("1.1.0", 38, 90, 90), counts("1.1.0", 44, 40, 40), counts("1.0.0", 44, 800, 0)];
  return plan;
}

it("counts what is stored and what is not yet, each once, of the version that was taken back alone", async () => {
  expect(await rollbackCost(ctx, await begun(), "rolled_back")).toBe(
    "From 10:00:00 UTC until 10:01:00 UTC, 300 of 400 requests to 1.1.0 failed in all.",
  );
});

it("says until when it is counted while the platform is away", async () => {
  const plan = await begun();
  ctx.platform.traffic.samplesSince = async () => {
    throw new AppError("UPSTREAM_UNAVAILABLE", "The platform does not answer.");
  };
  expect(await rollbackCost(ctx, plan, "rolled_back")).toBe(
    "From 10:00:00 UTC until 10:00:40 UTC, 260 of 360 requests to 1.1.0 failed in all.",
  );
});

it("says nothing of what was no way back, of what failed for nobody, and of what is days ago", async () => {
  const plan = await begun();
  expect(await rollbackCost(ctx, plan, "succeeded")).toBeNull();
  expect(await rollbackCost(ctx, plan, "failed")).toBeNull();
  expect(await rollbackCost(ctx, { ...plan, version: "1.2.0" }, "rolled_back")).toBeNull();
  nowMs += 3 * 86_400_000;
  expect(await rollbackCost(ctx, plan, "rolled_back")).toBeNull();
});

it("stands in the incident that the way back opens, beside what the judgement had counted", async () => {
  const plan = await begun();
  const reason = "1.1.0 is worse. In the 30 s until 10:00:30 UTC, 110 of 160 requests failed on 1.1.0";
  const summary = `Rolled back: ${reason}. 1.0.0 serves again.`;
  const message = withCost(summary, await recordEffects(ctx).cost(plan, "rolled_back"));
  await recordEffects(ctx).end(plan, "rolled_back", summary, { message, why: reason, failure: reason });
  await drainIncidents(ctx);
  const [incident] = await ctx.db.incident.findMany();
  expect(incident!.description).toBe(
    `Rolled back: ${reason}. 1.0.0 serves again. From 10:00:00 UTC until 10:01:00 UTC, 300 of 400 requests to 1.1.0 failed in all.`,
  );
});
