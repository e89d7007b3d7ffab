import { beforeEach, describe, expect, it, vi } from "vitest";
import { type TestContext, testConfig, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { type Clock, decide, type Script, scriptedEffects, Tape } from "#server/testing/deploy/rehearsal.ts";
import { getDeploymentRow } from "../record/store.ts";
import { deployApplication } from "../request/deploy-application.ts";
import type { Decision, Strategy } from "../schema.ts";
import { recoverDeployment, runDeployment } from "./workflow.ts";

vi.setConfig({ testTimeout: 600_000 }); // each case carries dozens of deployments out
const database = useDatabase();
const clock: Clock = { ms: 0 };
let ctx: TestContext;

const config = testConfig({
  deploymentConfig: {
    rollout: {
      canary: { weights: [10, 50], keepOldSeconds: 30 },
      verification: [{ name: "home", path: "/" }],
      hooks: { before: [{ name: "warn", type: "command", command: ["true"] }] },
    },
  },
});
async function reset() {
  await database.db.deployment.deleteMany();
  clock.ms = Date.parse("2026-03-01T10:00:00Z");
  ctx = testContext(database, { now: () => new Date(clock.ms), config });
}
beforeEach(reset);

const takesTime: Script = ({ round }) => (round < 1 ? null : { kind: "passed", note: "good" });

/** Carries one out; before durable step `at` somebody decides. */
async function play(strategy: Strategy, at: number | null, decision: Decision) {
  await reset();
  const wish = { service: "checkout", environment: "production", version: "1.1.0" };
  const { deployment } = await deployApplication(ctx, { ...wish, strategy });
  const { id } = deployment!;
  let index = 0;
  let accepted = false;
  const tape = new Tape(clock, [], async () => {
    if (index++ !== at) return;
    const { finishedAt } = await getDeploymentRow(database.db, id);
    accepted = finishedAt === null; // afterwards it would be refused
    if (accepted) await decide(ctx, id, decision);
  });
  await tape.play((durable) => runDeployment(durable, scriptedEffects(ctx, takesTime), id));
  return { tape, accepted, row: await getDeploymentRow(database.db, id) };
}

class Broken extends Error {}

/** Breaks for good before durable step `at`, as a worker would that finds no database for too long; then recovers. */
async function breakAt(strategy: Strategy, at: number) {
  await reset();
  const wish = { service: "checkout", environment: "production", version: "1.1.0" };
  const { deployment } = await deployApplication(ctx, { ...wish, strategy });
  const { id } = deployment!;
  let index = 0;
  const tape = new Tape(clock, [], () => {
    if (index++ === at) throw new Broken();
  });
  const effects = scriptedEffects(ctx, takesTime);
  await expect(tape.play((durable) => runDeployment(durable, effects, id))).rejects.toThrow(Broken);
  await new Tape(clock).play((durable) => recoverDeployment(durable, effects, id));
  const audit = await database.db.auditEntry.count({ where: { action: "deployment.finish", targetId: id } });
  return { audit, row: await getDeploymentRow(database.db, id) };
}
const service = () => ctx.platform.services.get("checkout/production")!;

describe.each([
  ["abort", "cancelled"],
  ["rollback", "rolled_back"],
] as const)("somebody who decides to %s", (decision, status) => {
  it.each(["rolling", "blue-green", "canary"] as const)(
    "before any durable step of %s finds the version before serving everything",
    async (strategy) => {
      const { tape } = await play(strategy, null, decision);
      for (let at = 0; at < tape.names.length; at++) {
        const { accepted, row } = await play(strategy, at, decision);
        const where = `before ${at}, ${tape.names[at]}`;
        expect(accepted, where).toBe(tape.names.indexOf("report") > at);
        if (!accepted) continue;
        expect(row.status, where).toBe(status);
        expect(service().weights, where).toBeNull();
        const serving = service().instances.map((one) => `${one.version} ${one.state}`);
        expect(serving, where).toEqual(Array(3).fill("1.0.0 ready"));
      }
    },
  );
});

describe("a procedure that broke", () => {
  it.each(["rolling", "blue-green", "canary"] as const)(
    "before any durable step of %s leaves the version before serving everything",
    async (strategy) => {
      const { tape } = await play(strategy, null, "abort");
      for (let at = 0; at < tape.names.indexOf("report"); at++) {
        const { audit, row } = await breakAt(strategy, at);
        const where = `before ${at}, ${tape.names[at]}`;
        expect([row.status, audit, service().weights], where).toEqual(["rolled_back", 1, null]);
        const serving = service().instances.map((one) => `${one.version} ${one.state}`);
        expect(serving, where).toEqual(Array(3).fill("1.0.0 ready"));
      }
    },
  );
});
