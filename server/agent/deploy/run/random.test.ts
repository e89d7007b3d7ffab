import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { type TestContext, testConfig, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { drainIncidents } from "#server/testing/deploy/drain-incidents.ts";
import { type Clock, decide, type Script, scriptedEffects, Tape } from "#server/testing/deploy/rehearsal.ts";
import { getDeploymentRow } from "../record/store.ts";
import { listSteps } from "../record/store-steps.ts";
import { deployApplication } from "../request/deploy-application.ts";
import type { Decision } from "../schema.ts";
import { DECISIONS } from "../words.ts";
import type { StepOutcome } from "./procedure.ts";
import { runDeployment } from "./workflow.ts";

vi.setConfig({ testTimeout: 600_000 }); // each run carries a whole deployment out
const RUNS = 150;
const WANTED = 3;
const database = useDatabase();
const clock: Clock = { ms: 0 };
const hook = (name: string) => ({ name, type: "command" as const, command: ["true"] });
const config = testConfig({
  deploymentConfig: {
    rollout: {
      canary: { weights: [10, 50], keepOldSeconds: 5 },
      verification: [{ name: "home", path: "/" }],
      hooks: { before: [hook("warn")], between: [hook("smoke")], after: [hook("tell")] },
      decisionTimeoutSeconds: 60,
      pauseTimeoutSeconds: 60,
    },
  },
});

const passed: StepOutcome = { kind: "passed", note: "good" };
const OUTCOMES: (StepOutcome | null)[] = [
  ...[passed, passed, passed, passed, null, null],
  { kind: "failed", reason: "5 % errors", instance: null },
  { kind: "undecided", reason: "too little traffic" },
];
/** What the platform does to us, by its name. */
const MISHAPS: Record<string, (ctx: TestContext) => void> = {
  "a new instance keeps crashing": (ctx) => {
    const one = service(ctx).instances.find(({ version }) => version === "1.1.0");
    if (one) Object.assign(one, { state: "crash-looping", reason: "exit code 1" });
  },
  "an old instance keeps crashing": (ctx) => {
    const one = service(ctx).instances.find(({ version }) => version === "1.0.0");
    if (one) Object.assign(one, { state: "crash-looping", reason: "exit code 1" });
  },
  "an instance goes missing": (ctx) => void service(ctx).instances.pop(),
  "the platform goes away": (ctx) => {
    ctx.platform.unreachable = true;
  },
};
const service = (ctx: TestContext) => ctx.platform.services.get("checkout/production")!;

/** Something that happens before one of the durable steps. */
const anEvent = fc.record({
  at: fc.integer({ min: 1, max: 70 }),
  what: fc.oneof(
    fc.constantFrom(...DECISIONS).map((decision) => ({ decision })),
    fc.constantFrom(...Object.keys(MISHAPS)).map((mishap) => ({ mishap })),
    fc.constant({ promoteAll: true }),
  ),
});

const aPlay = fc.record({
  strategy: fc.constantFrom("rolling", "blue-green", "canary"),
  rollbackOnFailure: fc.boolean(),
  crashes: fc.uniqueArray(fc.integer({ min: 0, max: 90 }), { maxLength: 6 }),
  outcomes: fc.array(fc.nat({ max: OUTCOMES.length - 1 }), { minLength: 1, maxLength: 12 }),
  events: fc.array(anEvent, { maxLength: 6 }),
});

type Play = typeof aPlay extends fc.Arbitrary<infer T> ? T : never;

async function play({ strategy, rollbackOnFailure, crashes, outcomes, events }: Play) {
  await database.db.deployment.deleteMany();
  await database.db.incident.deleteMany();
  clock.ms = Date.parse("2026-03-01T10:00:00Z");
  const ctx = testContext(database, { now: () => new Date(clock.ms), config });
  const wish = { service: "checkout", environment: "production", version: "1.1.0", healthCheckTimeout: 10 };
  const { deployment } = await deployApplication(ctx, { ...wish, strategy, rollbackOnFailure });
  const { id } = deployment!;
  let asked = 0;
  const script: Script = () => OUTCOMES[outcomes[asked++] ?? 0] ?? null;
  const happen = async (what: { decision?: Decision; mishap?: string; promoteAll?: boolean }) => {
    const { finishedAt, status } = await getDeploymentRow(database.db, id);
    const decision = what.promoteAll ? "promote" : what.decision;
    if (what.mishap) MISHAPS[what.mishap]?.(ctx);
    // refused by the rules once it has ended, and on the rollback
    else if (decision && !finishedAt && status !== "rolling_back")
      await decide(ctx, id, decision, what.promoteAll ? "all" : "step");
  };
  let index = 0;
  let awaySince: number | null = null;
  const tape = new Tape(clock, crashes, async () => {
    index += 1;
    if (index > 3_000) throw new Error("it does not come to an end");
    for (const { at, what } of events) if (at === index) await happen(what);
    if (ctx.platform.unreachable) awaySince ??= index;
    if (awaySince !== null && index > awaySince + 15) {
      ctx.platform.unreachable = false;
      awaySince = null;
    }
  });
  await tape.play((durable) => runDeployment(durable, scriptedEffects(ctx, script), id));
  return { ctx, id };
}

it("ends with one version and no weights, whatever people, judge, platform and crashes do", async () => {
  const endings: Record<string, number> = {};
  await fc.assert(
    fc.asyncProperty(aPlay, async (given) => {
      const { ctx, id } = await play(given);
      await drainIncidents(ctx);
      const row = await getDeploymentRow(database.db, id);
      endings[row.status] = (endings[row.status] ?? 0) + 1;
      expect(["succeeded", "rolled_back", "cancelled"]).toContain(row.status);
      expect([row.waiting, row.activeKey, service(ctx).weights]).toEqual([null, null, null]);
      const served = row.status === "succeeded" ? "1.1.0" : "1.0.0";
      const late = given.events.some(({ what }) => "mishap" in what); // may strike after the last look
      const alive = service(ctx).instances.map((one) => one.version);
      if (late) expect(new Set(alive)).toEqual(new Set([served]));
      else expect(alive).toEqual(Array(WANTED).fill(served));
      const open = (await listSteps(database.db, id)).filter(
        ({ status }) => !["passed", "failed", "skipped"].includes(status),
      );
      expect(open).toEqual([]);
      const audit = { action: "deployment.finish", targetId: id };
      expect(await database.db.auditEntry.count({ where: audit })).toBe(1);
      expect(await database.db.incident.count({ where: { deploymentId: id } })).toBeLessThanOrEqual(1);
    }),
    { numRuns: RUNS },
  );
  expect(Object.keys(endings).sort()).toEqual(["cancelled", "rolled_back", "succeeded"]);
});
