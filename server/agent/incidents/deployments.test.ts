import { beforeEach, expect, it } from "vitest";
import { type TestContext, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { drainIncidents } from "#server/testing/deploy/drain-incidents.ts";
import { getDeployment } from "#server/testing/deploy/get-deployment.ts";
import { type Clock, scriptedEffects, Tape } from "#server/testing/deploy/rehearsal.ts";
import { end } from "../deploy/record/record.ts";
import { getDeploymentRow } from "../deploy/record/store.ts";
import { deployApplication } from "../deploy/request/deploy-application.ts";
import type { DeploymentEffects } from "../deploy/run/run.ts";
import { runDeployment } from "../deploy/run/workflow.ts";
import { startTimelineConsumer } from "../timeline/consume.ts";
import { incidentConsumer } from "./consumer.ts";
import { onDeploymentEvent } from "./deployments.ts";
import { manageIncident } from "./index.ts";

const database = useDatabase();
const wish = { service: "checkout", environment: "production", version: "1.1.0", strategy: "rolling" } as const;
const clock: Clock = { ms: 0 };
let ctx: TestContext;
beforeEach(async () => {
  await database.db.deployment.deleteMany();
  await database.db.incident.deleteMany();
  clock.ms = Date.parse("2026-03-01T10:00:00Z");
  ctx = testContext(database, { now: () => new Date(clock.ms) });
});

const begin = async (extra: object = {}) => (await deployApplication(ctx, { ...wish, ...extra })).deployment!.id;
const kindsOf = async (subject: string) =>
  (await database.db.timelineEvent.findMany({ where: { subject }, orderBy: { id: "asc" } })).map(({ kind }) => kind);
const incidents = () => database.db.incident.findMany();

it("is told of the beginning and the end of a deployment in the transactions that write them", async () => {
  const id = await begin();
  await new Tape(clock).play((durable) => runDeployment(durable, scriptedEffects(ctx), id));
  expect(await kindsOf(id)).toEqual(["deployment.requested", "deployment.started", "deployment.ended"]);
  const other = await begin({ service: "payments" });
  const broken = testContext(database, {
    audit: { ...ctx.audit, record: () => Promise.reject(new Error("no audit")) },
  });
  const told = { message: "It failed.", why: "", failure: "it failed" };
  await expect(end(broken, other, "failed", "It failed.", told)).rejects.toThrow("no audit");
  expect((await getDeploymentRow(database.db, other)).status).toBe("queued");
  expect(await kindsOf(other)).toEqual(["deployment.requested"]);
});

it("opens one incident for a failed deployment, however many workers look", async () => {
  ctx.platform.neverReady.add("1.1.0");
  const id = await begin({ healthCheckTimeout: 5 });
  const problems: unknown[] = [];
  const workers = [1, 2].map(() =>
    startTimelineConsumer(
      ctx,
      incidentConsumer(ctx, (...told) => problems.push(told)),
    ),
  );
  await new Tape(clock).play((durable) => runDeployment(durable, scriptedEffects(ctx), id));
  await expect.poll(incidents, { timeout: 10_000 }).toMatchObject([{ deploymentId: id }]);
  await Promise.all(workers.map((worker) => worker.stop()));
  await drainIncidents(ctx);
  expect(await incidents()).toHaveLength(1);
  expect(problems).toEqual([]);
});

it("is waited for by who follows the deployment to its end, whose page is told of it, too", async () => {
  ctx.platform.neverReady.add("1.1.0");
  await drainIncidents(ctx);
  const id = await begin({ healthCheckTimeout: 5 });
  await new Tape(clock).play((durable) => runDeployment(durable, scriptedEffects(ctx), id));
  expect((await getDeployment(ctx, { deploymentId: id })).deployment).toMatchObject({ incidentId: null });
  ctx.published.length = 0;
  let draining = Promise.resolve();
  const progress = async () => {
    draining = drainIncidents(ctx);
  };
  const told = await getDeployment(ctx, { deploymentId: id, followSeconds: 30 }, { progress });
  await draining;
  expect(told.deployment).toMatchObject({ status: "rolled_back", incidentId: expect.any(String) });
  expect(ctx.published).toContainEqual({ topic: "deployment", subjectId: id });
});

/** Carries a deployment out with a worker of the release before until it comes to a step, and on with one of this. */
async function upgradedBefore(step: string, id: string, old: Partial<DeploymentEffects>): Promise<void> {
  const gone = new Error("the worker was replaced");
  let isOld = true;
  const tape = new Tape(clock, [], (name) => {
    if (isOld && name === step) throw gone;
  });
  const before = { ...scriptedEffects(ctx), ...old };
  await expect(tape.play((durable) => runDeployment(durable, before, id))).rejects.toBe(gone);
  isOld = false;
  await tape.play((durable) => runDeployment(durable, scriptedEffects(ctx), id));
}

it("opens no second incident for what a worker of the release before had reported", async () => {
  ctx.platform.neverReady.add("1.1.0");
  const id = await begin({ healthCheckTimeout: 5 });
  const common = { service: "checkout", environment: "production", subject: id, level: "error", title: "" } as const;
  const detail = { kind: "deploy", strategy: "rolling", version: "1.1.0", previousVersion: "1.0.0" } as const;
  // that one remembered nothing of its report, and put nothing on the time line
  const cost = async () => {
    const failure = { reason: "not ready", rolledBack: true, summary: "Rolled back.", opened: "Opened", story: [] };
    const at = ctx.now();
    const event = { ...common, kind: "deployment.waiting", key: id, at, detail: { ...detail, failure } } as const;
    await onDeploymentEvent(ctx, event);
    return null;
  };
  await upgradedBefore("end", id, { cost });
  await drainIncidents(ctx);
  expect(await kindsOf(id)).toEqual(["deployment.requested", "deployment.started", "deployment.ended"]);
  expect(await incidents()).toMatchObject([{ deploymentId: id, description: "Rolled back.\n\nReason: not ready" }]);
  expect(await database.db.incidentEvent.count({ where: { kind: "opened" } })).toBe(1);
});

it("tells of a good end that a worker of the release before wrote without saying so", async () => {
  const { incident } = await manageIncident(ctx, {
    action: "create",
    title: "slow",
    service: "checkout",
    environment: "production",
  });
  const id = await begin();
  const { succeed } = scriptedEffects(ctx);
  await upgradedBefore("report", id, {
    succeed: async (...given) => {
      const ended = await succeed(...given);
      await database.db.timelineEvent.deleteMany({ where: { kind: "deployment.ended", subject: id } });
      return ended;
    },
  });
  await drainIncidents(ctx);
  expect(await kindsOf(id)).toEqual(["deployment.requested", "deployment.started", "deployment.ended"]);
  const told = await database.db.incidentEvent.findMany({ where: { incidentId: incident.id, kind: "deployment" } });
  expect(told.map(({ key }) => key)).toEqual([`deployment-started:${id}`, `deployment-succeeded:${id}`]);
});
