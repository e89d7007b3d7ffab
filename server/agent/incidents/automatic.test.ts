import { beforeEach, describe, expect, it } from "vitest";
import { testConfig, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import type { HealthState } from "../health/schema.ts";
import { newId } from "../kernel/ids.ts";
import type { DeploymentFailure, TimelineEventOf } from "../timeline/schema.ts";
import { onDeploymentEvent } from "./deployments.ts";
import { onHealthChanged } from "./health.ts";
import { getIncident, listIncidents, manageIncident } from "./index.ts";

const database = useDatabase();
let ctx: ReturnType<typeof testContext>;
let clockMs: number;
beforeEach(async () => {
  await database.db.incident.deleteMany();
  clockMs = Date.parse("2026-03-01T10:00:00Z");
  ctx = testContext(database, { now: () => new Date(clockMs) });
});

type HealthChanged = TimelineEventOf<"health.changed">;

let sequence = 0;
function goes(service: string, to: HealthState, change: Partial<HealthChanged["detail"]> = {}): HealthChanged {
  return {
    ...{ key: `hc_${sequence++}`, at: ctx.now(), service, environment: "production", level: "info", title: service },
    kind: "health.changed",
    subject: `service:${service}/production`,
    detail: {
      target: service,
      from: to === "down" ? "pending" : "down",
      to,
      causedBy: null,
      message: to === "down" ? "answered 503" : null,
      muted: false,
      flapping: false,
      ...change,
    },
  };
}
const all = async () => (await listIncidents(ctx, { limit: 100 })).items;
const timelineOf = async (incidentId: string) =>
  (await getIncident(ctx, { incidentId })).timeline.map((entry) => entry.message);

describe("health", () => {
  it("opens one incident for a service that goes down, however often it is told", async () => {
    const down = goes("payments", "down");
    await Promise.all([1, 2, 3].map(() => onHealthChanged(ctx, down)));
    await onHealthChanged(ctx, goes("payments", "down", { message: "answered 500" }));
    const [incident, ...more] = await all();
    expect(more).toEqual([]);
    expect(incident).toMatchObject({ title: "payments in production is down", severity: "critical", source: "health" });
    expect(await timelineOf(incident!.id)).toEqual([
      "payments in production is down: answered 503",
      "payments in production is down: answered 500",
    ]);
    expect(await database.db.auditEntry.count({ where: { targetId: incident!.id } })).toBe(1);
  });

  it("opens one when many are told at once", async () => {
    await Promise.all(Array.from({ length: 8 }, () => onHealthChanged(ctx, goes("payments", "down"))));
    const [incident, ...more] = await all();
    expect(more).toEqual([]);
    expect(await timelineOf(incident!.id)).toHaveLength(8);
  });

  it("resolves on recovery, with how long it lasted", async () => {
    await onHealthChanged(ctx, goes("payments", "down"));
    clockMs += 240_000;
    const up = goes("payments", "up");
    await onHealthChanged(ctx, up);
    await onHealthChanged(ctx, up);
    const [incident] = await all();
    expect(incident).toMatchObject({
      status: "resolved",
      resolution: "payments in production recovered by itself after 4 min.",
    });
    expect(await timelineOf(incident!.id)).toHaveLength(4);
  });

  it("records recovery and stays open when told so", async () => {
    const config = testConfig({ alertingConfig: { resolveOnRecovery: false } });
    ctx = testContext(database, { config });
    await onHealthChanged(ctx, goes("payments", "down"));
    await onHealthChanged(ctx, goes("payments", "up"));
    const [incident] = await all();
    expect(incident?.status).toBe("open");
    expect((await timelineOf(incident!.id)).at(-1)).toBe("payments in production is up again");
  });

  it.each(["degraded", "maintenance", "unknown"] as const)("recovers by way of %s", async (between) => {
    await onHealthChanged(ctx, goes("payments", "down"));
    await onHealthChanged(ctx, goes("payments", between));
    expect((await all())[0]?.status).toBe("open");
    await onHealthChanged(ctx, goes("payments", "up", { from: between }));
    expect((await all())[0]?.status).toBe("resolved");
  });

  it("a failure that was never confirmed resolves nothing", async () => {
    await onHealthChanged(ctx, goes("payments", "down"));
    await onHealthChanged(ctx, goes("payments", "up", { from: "pending" }));
    expect((await all())[0]?.status).toBe("open");
  });

  it("slow is not recovered", async () => {
    await onHealthChanged(ctx, goes("payments", "down"));
    await onHealthChanged(ctx, goes("payments", "degraded"));
    expect((await all())[0]?.status).toBe("open");
  });

  it("reopens the same one within minutes, opens the next one later", async () => {
    await onHealthChanged(ctx, goes("payments", "down"));
    await onHealthChanged(ctx, goes("payments", "up"));
    clockMs += 300_000;
    await onHealthChanged(ctx, goes("payments", "down"));
    expect(await all()).toMatchObject([{ status: "open", resolution: null }]);
    await onHealthChanged(ctx, goes("payments", "up"));
    clockMs += 700_000;
    await onHealthChanged(ctx, goes("payments", "down"));
    expect((await all()).map((one) => one.status)).toEqual(["open", "resolved"]);
  });

  it("writes a consequence on the incident of its cause and pages nobody twice", async () => {
    await onHealthChanged(ctx, goes("payments", "down"));
    const causedBy = { id: "service:payments/production", name: "payments" };
    await onHealthChanged(ctx, goes("checkout", "down", { causedBy }));
    clockMs += 1_000;
    await onHealthChanged(ctx, goes("checkout", "up"));
    const [incident, ...more] = await all();
    expect(more).toEqual([]);
    expect(await timelineOf(incident!.id)).toEqual([
      "payments in production is down: answered 503",
      "checkout in production fails because of payments: answered 503",
      "checkout in production is up again",
    ]);
  });

  it("says on its own incident when the cause is found afterwards", async () => {
    await onHealthChanged(ctx, goes("checkout", "down"));
    clockMs += 1_000;
    await onHealthChanged(ctx, goes("payments", "down"));
    const causedBy = { id: "service:payments/production", name: "payments" };
    await onHealthChanged(ctx, goes("checkout", "down", { from: "down", causedBy }));
    const [payments, checkout] = await all();
    expect((await timelineOf(checkout!.id)).at(-1)).toBe("Explained by payments, which is down");
    expect((await timelineOf(payments!.id)).at(-1)).toContain("checkout in production fails because of payments");
  });

  it("opens one for a failure that stays after its cause is gone", async () => {
    const causedBy = { id: "service:payments/production", name: "payments" };
    await onHealthChanged(ctx, goes("checkout", "down", { causedBy }));
    expect(await all()).toEqual([]);
    await onHealthChanged(ctx, goes("checkout", "down", { from: "down" }));
    expect(await all()).toMatchObject([{ service: "checkout", status: "open" }]);
  });

  it("opens none for what is muted or in maintenance", async () => {
    await onHealthChanged(ctx, goes("payments", "down", { muted: true }));
    await onHealthChanged(ctx, goes("checkout", "maintenance"));
    expect(await all()).toEqual([]);
  });

  it("refuses to reopen an old one while a newer one is open for the same cause", async () => {
    await onHealthChanged(ctx, goes("payments", "down"));
    await onHealthChanged(ctx, goes("payments", "up"));
    const [old] = await all();
    clockMs += 700_000;
    await onHealthChanged(ctx, goes("payments", "down"));
    const reopen = manageIncident(ctx, { action: "update", incidentId: old!.id, status: "open" });
    await expect(reopen).rejects.toMatchObject({ code: "CONFLICT" });
  });
});

describe("deployments", () => {
  const common = { service: "checkout", environment: "production", level: "info", title: "" } as const;
  const detail = { kind: "deploy", strategy: "rolling", version: "1.1.0", previousVersion: "1.0.0" } as const;
  const started = (subject: string, title: string) =>
    onDeploymentEvent(ctx, {
      ...{ ...common, kind: "deployment.started", key: `started:${subject}`, subject, at: ctx.now(), title, detail },
    });
  type Ended = TimelineEventOf<"deployment.ended">["detail"];
  const ended = (subject: string, change: Pick<Ended, "ending" | "summary"> & Partial<Ended>) =>
    onDeploymentEvent(ctx, {
      ...{ ...common, kind: "deployment.ended", key: `ended:${subject}`, subject, at: ctx.now() },
      detail: { ...detail, startedAt: ctx.now().toISOString(), why: "", failure: null, ...change },
    });
  const fails = (subject: string, failure: DeploymentFailure) =>
    ended(subject, { ending: failure.rolledBack ? "rolled_back" : "failed", summary: failure.summary, failure });
  const asks = (subject: string, failure: DeploymentFailure) =>
    onDeploymentEvent(ctx, {
      ...{ ...common, kind: "deployment.waiting", key: `asks:${subject}`, subject, at: ctx.now() },
      detail: { ...detail, failure },
    });

  it("a failed one opens an incident, once, and another of the same version adds to it", async () => {
    const first = newId("dep");
    const reason = "it was not ready within 60 s";
    const story = [
      { key: "begun", at: new Date(clockMs - 60_000).toISOString(), message: "Bringing up 1.1.0" },
      { key: "turn-back", at: new Date(clockMs - 5_000).toISOString(), message: "Going back to 1.0.0" },
    ];
    const failure = {
      ...{ reason, rolledBack: true, summary: `Rolled back: ${reason}.` },
      ...{ opened: "Opened 60 s after the deployment began", story },
    };
    await Promise.all([fails(first, failure), fails(first, failure)]);
    await fails(newId("dep"), failure);
    const [incident, ...more] = await all();
    expect(more).toEqual([]);
    expect(incident).toMatchObject({
      title: "Deployment of checkout 1.1.0 to production failed",
      severity: "medium",
      source: "deployment",
      deploymentId: first,
      description: "Rolled back: it was not ready within 60 s.",
    });
    expect((await timelineOf(incident!.id)).slice(0, 5)).toEqual([
      ...["Bringing up 1.1.0", "Bringing up 1.1.0", "Going back to 1.0.0", "Going back to 1.0.0"],
      "Opened 60 s after the deployment began",
    ]);
    expect(
      (await getIncident(ctx, { incidentId: incident!.id })).timeline.filter((one) => one.kind === "opened"),
    ).toHaveLength(1);
  });

  it("say a reason once: in the description, not again when it ends or fails again", async () => {
    const first = newId("dep");
    const reason = "error ratio 5 % (3 of 60) against 0 % (0 of 1156).";
    const summary = `Waits for a decision: ${reason} Roll back within 30 min.`;
    const failure = { reason, rolledBack: false, summary, opened: "Opened", story: [] };
    await asks(first, failure);
    const back = `Rolled back: ${reason} 1.0.0 serves again.`;
    await ended(first, { ending: "rolled_back", summary: back, why: reason });
    const [incident] = await all();
    expect(incident!.description).toBe(summary);
    expect(await timelineOf(incident!.id)).toEqual(["Opened", "Rolled back. 1.0.0 serves again."]);
    const again = { ...failure, reason: "another reason", summary: "Rolled back: another reason." };
    await fails(newId("dep"), again);
    const told = await timelineOf(incident!.id);
    expect(told.filter((message) => message.includes("another reason"))).toHaveLength(1);
  });

  it("appear on the timeline of the service's unresolved incidents", async () => {
    await onHealthChanged(ctx, goes("checkout", "down"));
    clockMs += 1_000;
    await onHealthChanged(ctx, goes("payments", "down"));
    const one = newId("dep");
    for (let i = 0; i < 2; i++) await started(one, "Deployment of checkout 1.1.0 started");
    await ended(one, { ending: "succeeded", summary: "checkout runs 1.1.0" });
    const [payments, checkout] = await all();
    expect((await timelineOf(checkout!.id)).slice(1)).toEqual([
      "Deployment of checkout 1.1.0 started",
      "checkout runs 1.1.0",
    ]);
    expect(await timelineOf(payments!.id)).toHaveLength(1);
  });
});
