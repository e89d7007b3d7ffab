import { beforeEach, expect, it } from "vitest";
import { type TestContext, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { drainIncidents } from "#server/testing/deploy/drain-incidents.ts";
import { getIncident } from "../../incidents/index.ts";
import { deployApplication } from "../request/deploy-application.ts";
import { recordEnd } from "./on-timeline.ts";
import { getDeploymentRow, recordEvent } from "./store.ts";

const database = useDatabase();
const ref = { service: "checkout", environment: "production", version: "1.1.0" };
const reason = "error ratio: 4.84 % of 1,034 against 0 % of 9,000";
let ctx: TestContext;
let nowMs: number;
beforeEach(() => {
  nowMs = Date.parse("2026-11-27T12:00:00.000Z");
  ctx = testContext(database, { now: () => new Date(nowMs) });
});

it("an incident of a failed deployment has its story, and says nothing twice", async () => {
  const { deployment } = await deployApplication(ctx, { ...ref, strategy: "canary" });
  const deploymentId = deployment!.id;
  const write = async (key: string, message: string, kind: "step" | "instance" | "decision" = "step") => {
    nowMs += 10_000;
    const event = { key, kind, message, level: "info" } as const;
    await database.db.$transaction((tx) => recordEvent(tx, deploymentId, event, {}, new Date(nowMs)));
  };
  const startedAt = nowMs;
  await write("begun", "Bringing up 1.1.0");
  await write("i", "checkout-1 is ready", "instance");
  await write("judge:1", `Fail at 5 %: ${reason}`);
  await write("judge:2", `Fail at 5 %: ${reason}`);
  await write("failed:1:1", reason, "decision");
  await write("turn-back", `Going back to 1.0.0: ${reason}`, "decision");
  const summary = `Rolled back: ${reason}. 1.0.0 serves again with 3 of 3 instances.`;
  await write("ended", summary, "decision");
  const row = { ...(await getDeploymentRow(database.db, deploymentId)), startedAt: new Date(startedAt) };
  for (let twice = 0; twice < 2; twice++)
    await database.db.$transaction((tx) =>
      recordEnd(tx, row, "rolled_back", ctx.now(), { message: summary, why: reason, failure: reason }),
    );
  await drainIncidents(ctx);
  const found = await database.db.incident.findMany({ where: { deploymentId } });
  expect(found).toHaveLength(1);
  expect(found[0]!.description).toBe(summary);
  const { timeline } = await getIncident(ctx, { incidentId: found[0]!.id });
  const told = timeline.map(({ message }) => message);
  expect(told.slice(-4)).toEqual([
    "Fail at 5 %",
    "It failed, as the description says",
    "Going back to 1.0.0",
    "Opened 70 s after the deployment began, because it was rolled back",
  ]);
  expect(new Set(told).size).toBe(told.length);
  // each fact once: the description has it
  expect(told.filter((message) => message.includes(reason))).toEqual([]);
  expect(timeline.find(({ message }) => message === "Bringing up 1.1.0")?.at).toBe("2026-11-27T12:00:10.000Z");
});
