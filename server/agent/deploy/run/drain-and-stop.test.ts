import { beforeEach, expect, it } from "vitest";
import { type TestContext, testConfig, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { type Clock, rehearsal, scriptedEffects } from "#server/testing/deploy/rehearsal.ts";
import { getDeploymentRow, listEvents } from "../record/store.ts";
import { deployApplication } from "../request/deploy-application.ts";
import { runDeployment } from "./workflow.ts";

const database = useDatabase();
const clock: Clock = { ms: 0 };
let ctx: TestContext;
beforeEach(async () => {
  await database.db.deployment.deleteMany();
  clock.ms = Date.parse("2026-03-01T10:00:00Z");
  ctx = testContext(database, {
    ...{ now: () => new Date(clock.ms), steadyMs: () => clock.ms },
    config: testConfig({ deploymentConfig: { rollout: { drainSeconds: 5, blueGreen: { keepOldSeconds: 0 } } } }),
  });
});

/** Carries a deployment out while each instance that leaves has so many connections, and gives its status lines. */
async function summaries(strategy: "rolling" | "blue-green", open: (instanceId: string) => number) {
  const drain = ctx.platform.workloads.instances.drain;
  ctx.platform.workloads.instances.drain = async (input: { instanceId: string; timeoutMs: number }) => {
    await drain(input);
    return { remaining: open(input.instanceId) };
  };
  const { deployment } = await deployApplication(ctx, {
    ...{ service: "checkout", environment: "production", version: "1.1.0", strategy },
    ...{ timeoutSeconds: 600, rollbackOnFailure: false },
  });
  const { id } = deployment!;
  const seen: string[] = [];
  const durable = rehearsal(clock, async () => {
    const { summary } = await getDeploymentRow(database.db, id);
    if (seen.at(-1) !== summary) seen.push(summary);
  });
  await runDeployment(durable, scriptedEffects(ctx), id);
  return {
    seen: seen.filter((one) => /^(Waiting for \d|Stopping)/.test(one)),
    events: await listEvents(database.db, id),
  };
}

it("says what a drain waits for until its time is up, and that it stops what is left", async () => {
  const { seen, events } = await summaries("blue-green", () => 2);
  expect(seen).toEqual([
    "Waiting for 6 open connections of 1.0.0, at most 5 s",
    "Stopping 3 instances of 1.0.0, with 6 open connections of 1.0.0",
  ]);
  const stopped = events.filter(({ message }) => message.startsWith("Drained and stopped"));
  expect(stopped).toHaveLength(3);
  for (const { message } of stopped) expect(message).toMatch(/; 2 requests or connections were still open$/);
});

it("says so for each instance of a rolling one, and nothing of those that are idle at once", async () => {
  const asked = new Map<string, number>();
  const { seen } = await summaries("rolling", (id) => {
    asked.set(id, (asked.get(id) ?? 0) + 1);
    const [first] = asked.keys();
    return id === first && (asked.get(id) ?? 0) <= 4 ? 1 : 0;
  });
  expect(asked.size).toBe(3);
  expect(seen).toEqual(["Waiting for 1 open connection of 1.0.0, at most 5 s", "Stopping 1 instance of 1.0.0"]);
});
