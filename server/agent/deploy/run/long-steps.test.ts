import { beforeEach, describe, expect, it } from "vitest";
import { type TestContext, testConfig, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { type Clock, rehearsal, type Script, scriptedEffects, Tape } from "#server/testing/deploy/rehearsal.ts";
import { getDeploymentRow } from "../record/store.ts";
import { deployApplication } from "../request/deploy-application.ts";
import type { DeploymentEffects } from "./run.ts";
import { runDeployment } from "./workflow.ts";

const database = useDatabase();
const MINUTE = 60_000;
const clock: Clock = { ms: 0 };
let ctx: TestContext;
beforeEach(async () => {
  await database.db.deployment.deleteMany();
  clock.ms = Date.parse("2026-03-01T10:00:00Z");
  ctx = testContext(database, {
    ...{ now: () => new Date(clock.ms), steadyMs: () => clock.ms },
    config: testConfig({
      deploymentConfig: {
        rollout: {
          hooks: { before: [{ name: "migrate", type: "command", command: ["true"] }] },
          decisionTimeoutSeconds: 1_800,
        },
      },
    }),
  });
});

async function deploy(): Promise<string> {
  const { deployment } = await deployApplication(ctx, {
    ...{ service: "checkout", environment: "production", version: "1.1.0", strategy: "rolling" },
    ...{ timeoutSeconds: 600, rollbackOnFailure: false },
  });
  return deployment!.id;
}
const refuses: Script = () => ({ kind: "failed", reason: "exit code 1", instance: null });
const statusOf = async (id: string) => (await getDeploymentRow(database.db, id)).status;

describe("a hook that runs for longer than five minutes", () => {
  it("takes nothing of the time of the deployment", async () => {
    const id = await deploy();
    const durable = rehearsal(clock, (step) => {
      if (step === "inspect") clock.ms += 20 * MINUTE;
    });
    await runDeployment(durable, scriptedEffects(ctx), id);
    expect(durable.steps).toContain("inspect");
    expect(await statusOf(id)).toBe("succeeded");
  });

  it("takes nothing of the time in which a person decides", async () => {
    const id = await deploy();
    let askedMs = 0;
    let openMs = 0;
    const durable = rehearsal(clock, (step) => {
      if (step === "inspect") clock.ms += 40 * MINUTE;
      if (step === "ask") askedMs = clock.ms;
      if (step === "expire") openMs = clock.ms - askedMs;
    });
    await runDeployment(durable, scriptedEffects(ctx, refuses), id);
    expect(openMs / MINUTE).toBeCloseTo(30, 0);
  });
});

/** What the steps of former releases came to, that remembered the wall clock alone. */
function former(effects: DeploymentEffects): DeploymentEffects {
  const told = <T>(value: unknown) => value as T;
  return {
    ...effects,
    beginStep: async (...args) => told((await effects.beginStep(...args)).at),
    passStep: async (...args) => told((await effects.passStep(...args)).at),
    failStep: async (...args) => told((await effects.failStep(...args)).at),
    beginRollback: async (...args) => told((await effects.beginRollback(...args)).at + args[3]),
    ask: async (...args) => {
      const { at, expiresAt } = await effects.ask(...args);
      return told({ at, expiresAt });
    },
  };
}

it("goes on with what a former release remembered of each step, wherever that ended", async () => {
  /** Carried out by a former release until it dies after the step `diesAt`, then by this one. */
  const play = async (diesAt: number | null) => {
    await database.db.deployment.deleteMany();
    clock.ms = Date.parse("2026-03-01T10:00:00Z");
    ctx.platform = testContext(database).platform;
    const id = await deploy();
    const now = scriptedEffects(ctx, refuses);
    const tape = new Tape(clock, diesAt === null ? [] : [diesAt], (step) => {
      if (step === "inspect") clock.ms += 40 * MINUTE;
    });
    let carried = 0;
    await tape.play((durable) => runDeployment(durable, carried++ === 0 ? former(now) : now, id));
    expect(await statusOf(id)).toBe("rolled_back");
    return tape.names;
  };
  const names = await play(null);
  expect(names).toEqual(expect.arrayContaining(["step", "failed", "ask", "expire", "turn back"]));
  for (const step of ["step", "failed", "ask", "hear", "expire", "turn back", "end"]) {
    const seen = await play(names.lastIndexOf(step));
    expect(seen.filter((name) => name !== "wait" && name !== "hear")).toEqual(
      names.filter((name) => name !== "wait" && name !== "hear"),
    );
  }
});
