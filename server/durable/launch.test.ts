import { DBOS } from "@dbos-inc/dbos-sdk";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type TestContext, testConfig, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { eventually } from "#server/testing/local-platform/daemon.ts";
import { deployApplication } from "../agent/deploy/index.ts";
import type { WorkflowQueue } from "../agent/ports/workflow-queue.ts";
import { WORKFLOWS } from "../agent/workflow-names.ts";
import { createLogger } from "../telemetry/log.ts";
import { getDeployment } from "../testing/deploy/get-deployment.ts";
import { launchDurable } from "./launch.ts";
import { newExecutorId } from "./lease.ts";
import { createWorkflowQueue } from "./queue.ts";
import { deleteFinished } from "./retention.ts";

const database = useDatabase();
let queue: WorkflowQueue & { close(): Promise<void> };
let ctx: TestContext;
let durable: { stop(): Promise<void> };

beforeAll(async () => {
  queue = createWorkflowQueue(database.url);
  // nothing is watched afterwards: what ended here has ended
  const config = testConfig({ deploymentConfig: { rollout: { watchSeconds: 0 } } });
  ctx = testContext(database, { workflows: queue, config });
  const times = { beatMs: 2_000, deadMs: 10_000 };
  durable = await launchDurable(ctx, { id: newExecutorId(), url: database.url, log: createLogger("test"), times });
});
afterAll(async () => {
  await queue?.close();
  await durable?.stop();
});

const wish = { service: "checkout", environment: "production", version: "1.1.0" };
const ended = (deploymentId: string) =>
  eventually(async () => {
    const { deployment } = await getDeployment(ctx, { deploymentId });
    return deployment.finishedAt !== null && deployment;
  });

it("carries out what is queued; starting it again and waking it afterwards change nothing", async () => {
  const { deployment } = await deployApplication(ctx, wish);
  const { id } = deployment!;
  expect((await ended(id)).status).toBe("succeeded");
  await eventually(async () => (await DBOS.getWorkflowStatus(id))?.status === "SUCCESS");
  const calls = ctx.platform.calls.length;
  await queue.start("deployment", id);
  await queue.nudge(id);
  await queue.nudge("dep_unknown");
  expect((await DBOS.getWorkflowStatus(id))?.status).toBe("SUCCESS");
  expect(ctx.platform.calls).toHaveLength(calls);
});

it("takes a deployment whose workflow broke back to the version before", async () => {
  ctx.platform.neverReady.add("1.2.0");
  const { deployment } = await deployApplication(ctx, { ...wish, version: "1.2.0" });
  const { id } = deployment!;
  await eventually(async () => (await DBOS.getWorkflowStatus(id))?.status === "PENDING");
  await DBOS.cancelWorkflow(id);
  expect(await ended(id)).toMatchObject({
    status: "rolled_back",
    summary: expect.stringMatching(/Operate itself failed .* 1\.1\.0 serves again with 3 of 3 instances/),
  });
  const { instances, weights } = await ctx.platform.workloads.getService(wish);
  expect([instances.map((one) => one.version), weights]).toEqual([Array(3).fill("1.1.0"), null]);
});

it("starts a watch that never reached the queue, which ends when its time is up", async () => {
  const { id } = await database.db.deployment.findFirstOrThrow({ where: { status: "succeeded" } });
  const watchUntil = new Date(Date.now() + 1_000);
  await database.db.deployment.update({ where: { id }, data: { watchState: "watching", watchUntil } });
  const { watchState } = await eventually(async () => {
    const row = await database.db.deployment.findUniqueOrThrow({ where: { id } });
    return row.watchState !== "watching" && row;
  });
  expect(watchState, "nobody sent a request").toBe("undecided");
  const events = await database.db.deploymentEvent.findMany({ where: { deploymentId: id, key: "watch-undecided" } });
  expect(events).toHaveLength(1);
});

it("abandons a watch whose workflow broke", async () => {
  ctx.platform.neverReady.clear();
  const { deployment } = await deployApplication(ctx, { ...wish, version: "1.2.0" });
  const { id } = deployment!;
  expect((await ended(id)).status).toBe("succeeded"); // one that never began is not watched: its workflow ends at once
  const watchUntil = new Date(Date.now() + 600_000);
  await database.db.deployment.update({ where: { id }, data: { watchState: "watching", watchUntil } });
  const workflowId = WORKFLOWS.watch.idOf(id);
  await eventually(async () => (await DBOS.getWorkflowStatus(workflowId))?.status === "PENDING");
  await DBOS.cancelWorkflow(workflowId);
  await eventually(async () => {
    const row = await database.db.deployment.findUniqueOrThrow({ where: { id } });
    return row.watchState === null;
  });
  expect(await database.db.deploymentEvent.count({ where: { deploymentId: id, key: "watch-broke" } })).toBe(1);
});

it("deletes the bookkeeping of what ended and keeps the record", async () => {
  const before = await database.db.deployment.count();
  expect((await DBOS.listWorkflows({})).length).toBeGreaterThan(0);
  await deleteFinished(new Date(Date.now() - 60_000));
  expect((await DBOS.listWorkflows({})).length).toBeGreaterThan(0);
  await eventually(async () => {
    await deleteFinished(new Date(Date.now() + 60_000));
    return (await DBOS.listWorkflows({})).length === 0;
  });
  expect(await database.db.deployment.count()).toBe(before);
});
