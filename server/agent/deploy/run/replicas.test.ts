import { beforeEach, describe, expect, it, vi } from "vitest";
import { testConfig, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { type Clock, decide, type Script, scriptedEffects, Tape } from "#server/testing/deploy/rehearsal.ts";
import { ReplicaController } from "#server/testing/doubles/replica-controller.ts";
import type { AgentContext } from "../../kernel/context.ts";
import { getDeploymentRow } from "../record/store.ts";
import { deployApplication } from "../request/deploy-application.ts";
import type { Strategy } from "../schema.ts";
import type { DeploymentPlan } from "./procedure.ts";
import { runDeployment } from "./workflow.ts";

vi.setConfig({ testTimeout: 600_000 }); // some cases carry dozens of deployments out
const database = useDatabase();
const clock: Clock = { ms: 0 };
const SERVICE = { service: "checkout", environment: "production" };
const config = testConfig({
  deploymentConfig: {
    rollout: { canary: { weights: [10, 50], keepOldSeconds: 30 }, blueGreen: { keepOldSeconds: 30 } },
  },
});
let platform: ReplicaController;
let ctx: AgentContext;

async function reset() {
  await database.db.deployment.deleteMany();
  await database.db.incident.deleteMany();
  clock.ms = Date.parse("2026-03-01T10:00:00Z");
  platform = new ReplicaController(config);
  ctx = { ...testContext(database, { now: () => new Date(clock.ms), config }), platform };
}
beforeEach(reset);

interface Play {
  strategy: Strategy;
  /** one look in so many fails while it is carried out */
  dropEvery?: number;
  script?: Script;
  crashes?: number[];
  before?: (step: string, id: string) => Promise<void>;
}

/** Carries one out from 1.0.0 to 1.1.0, and lets the platform come to rest. */
async function play({ strategy, dropEvery = 0, script, crashes = [], before }: Play) {
  const { deployment } = await deployApplication(ctx, { ...SERVICE, version: "1.1.0", strategy });
  const { id } = deployment!;
  platform.dropEvery = dropEvery;
  const tape = new Tape(clock, crashes, (step) => before?.(step, id));
  await tape.play((durable) => runDeployment(durable, scriptedEffects(ctx, script), id));
  platform.dropEvery = 0;
  for (let looks = 0; looks < 10; looks++) await platform.workloads.getService(SERVICE);
  const { instances, replicas, weights } = await platform.workloads.getService(SERVICE);
  const running = instances.map((one) => `${one.version} ${one.state}`);
  return { row: await getDeploymentRow(database.db, id), steps: tape.names, running, replicas, weights };
}

const allOf = (version: string) => ({
  running: Array(3).fill(`${version} ready`),
  replicas: [{ version, desired: 3, ready: 3 }],
  weights: null,
});
const STRATEGIES = ["rolling", "canary", "blue-green"] as const;

describe.each(STRATEGIES)("a %s deployment where only numbers can be set", (strategy) => {
  it.each([0, 3, 4, 5])("ends with the wanted number of the new version, one look in %i fails", async (dropEvery) => {
    const ended = await play({ strategy, dropEvery });
    expect(ended.row.status, ended.row.summary).toBe("succeeded");
    expect(ended).toMatchObject(allOf("1.1.0"));
  });

  it.each([0, 3])("goes back when instances never become ready, one look in %i fails", async (dropEvery) => {
    platform.neverReady.add("1.1.0");
    const ended = await play({ strategy, dropEvery });
    expect(ended.row.status, ended.row.summary).toBe("rolled_back");
    expect(ended).toMatchObject(allOf("1.0.0"));
  });

  it("ends with the wanted number although the platform replaces a broken instance meanwhile", async () => {
    let broken = 0;
    const before = async (step: string) => {
      if (step !== "look" || broken === 2) return;
      const { instances } = await platform.workloads.getService(SERVICE);
      const fresh = instances.find((one) => one.version === "1.1.0" && one.state === "ready");
      if (!fresh) return;
      broken += 1;
      platform.break(fresh.id);
    };
    const ended = await play({ strategy, dropEvery: 0, before });
    expect(broken).toBe(2);
    expect(ended.row.status, ended.row.summary).toBe("succeeded");
    expect(ended).toMatchObject(allOf("1.1.0"));
  });

  it("sets the same numbers when it dies after any step, and ends the same", async () => {
    const { steps } = await play({ strategy, dropEvery: 3 });
    for (let at = 0; at < steps.length; at += 3) {
      await reset();
      const ended = await play({ strategy, dropEvery: 3, crashes: [at, at + 1, at + 2] });
      expect(ended.row.status, `died after ${at}, ${steps[at]}`).toBe("succeeded");
      expect(ended, `died after ${at}, ${steps[at]}`).toMatchObject(allOf("1.1.0"));
    }
  });

  it("finds the version before serving everything when somebody rolls it back before any step", async () => {
    const { steps } = await play({ strategy, dropEvery: 4 });
    for (let at = 0; at < steps.indexOf("report"); at += 5) {
      await reset();
      let index = 0;
      const before = async (_: string, id: string) => {
        if (index++ === at) await decide(ctx, id, "rollback");
      };
      const ended = await play({ strategy, dropEvery: 4, before });
      expect(ended.row.status, `before ${at}, ${steps[at]}`).toBe("rolled_back");
      expect(ended, `before ${at}, ${steps[at]}`).toMatchObject(allOf("1.0.0"));
    }
  });
});

describe("what was not seen", () => {
  it("is not taken for none: no number is set", async () => {
    const { deployment } = await deployApplication(ctx, { ...SERVICE, version: "1.1.0", strategy: "rolling" });
    const plan = { ...SERVICE, deploymentId: deployment!.id } as DeploymentPlan;
    const { start, stop } = scriptedEffects(ctx);
    const unknown = { ok: false, code: "UPSTREAM_UNAVAILABLE", message: "what runs is not known" };
    expect(await start(plan, "1.1.0", [{ slot: 0, progress: "1 of 3" }], null)).toEqual({
      started: [],
      refusal: unknown,
    });
    const leaving = { instance: { id: "a", version: "1.0.0" }, why: "", remaining: 0, drainedMs: 0 };
    expect(await stop(plan, [leaving], null)).toEqual(unknown);
    expect(platform.calls).toEqual([]);
  });
});
