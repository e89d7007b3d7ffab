import { beforeEach, describe, expect, it } from "vitest";
import { createCaller } from "#server/routers/index.ts";
import { actor, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { getIncident } from "./get-incident.ts";
import { listIncidents } from "./list-incidents.ts";
import { manageIncident } from "./manage-incident.ts";
import { SEVERITIES } from "./words.ts";

const database = useDatabase();
let ctx: ReturnType<typeof testContext>;
beforeEach(() => {
  ctx = testContext(database);
});

const create = async (extra: object = {}) =>
  (await manageIncident(ctx, { action: "create", title: "Checkout is slow", ...extra })).incident;
const auditOf = (targetId: string) =>
  database.db.auditEntry.findMany({ where: { targetId }, orderBy: { id: "asc" }, omit: { id: true } });

describe("creating", () => {
  it("opens it with its timeline, its audit entry and its hints", async () => {
    const incident = await create({
      service: "checkout",
      environment: "production",
      severity: "high",
      updateNotes: "p95 3 s",
    });
    expect(incident).toMatchObject({
      status: "open",
      severity: "high",
      source: "person",
      label: `INC-${incident.number}`,
    });
    const { timeline } = await getIncident(ctx, { incidentId: incident.id });
    expect(timeline.map((entry) => [entry.kind, entry.actor.name, entry.message])).toEqual([
      ["opened", "Ada", "Opened: Checkout is slow"],
      ["note", "Ada", "p95 3 s"],
    ]);
    expect(await auditOf(incident.id)).toMatchObject([
      { action: "incident.create", outcome: "done", actorName: "Ada" },
    ]);
    expect(ctx.published).toEqual([
      { topic: "incident", subjectId: incident.id },
      { topic: "service", subjectId: "checkout/production" },
    ]);
  });

  it("reads an entry of a kind that another version wrote as a note", async () => {
    const { id } = await create();
    await database.db.incidentEvent.updateMany({ where: { incidentId: id }, data: { kind: "paged" } });
    const caller = createCaller({ agent: ctx, requestId: ctx.requestId });
    const { timeline } = await caller.incidents.get({ incidentId: id });
    expect(timeline).toMatchObject([{ kind: "note", message: "Opened: Checkout is slow" }]);
  });

  it("by an agent says so", async () => {
    ctx = testContext(database, { actor: actor({ kind: "agent", name: "helper" }) });
    expect((await create()).source).toBe("agent");
  });

  it.each([
    [{ service: "chekout" }, "There is no service chekout. Known: payments, checkout."],
    [{ service: "checkout", environment: "qa" }, "There is no environment qa. Known: staging, production."],
  ])("refuses %o with what is known", async (scope, message) => {
    await expect(create(scope)).rejects.toMatchObject({ code: "NOT_FOUND", message });
  });

  it("leaves nothing when its audit entry cannot be written", async () => {
    const broken = testContext(database, { audit: { record: () => Promise.reject(new Error("disk full")) } });
    await expect(manageIncident(broken, { action: "create", title: "lost" })).rejects.toThrow("inside Operate");
    expect(await database.db.incident.count({ where: { title: "lost" } })).toBe(0);
  });
});

describe("updating", () => {
  it("goes through its life, each step on the timeline", async () => {
    const { id, number } = await create();
    const update = (extra: object) => manageIncident(ctx, { action: "update", incidentId: `INC-${number}`, ...extra });
    expect((await update({ status: "acknowledged" })).incident).toMatchObject({
      status: "acknowledged",
      assignee: "Ada",
    });
    await update({ status: "in_progress", assignee: "Grace" });
    expect((await update({ assignee: "" })).incident.assignee).toBeNull();
    const resolved = await manageIncident(ctx, {
      action: "resolve",
      incidentId: String(number),
      resolution: "Added an index",
    });
    expect(resolved.incident).toMatchObject({
      status: "resolved",
      resolution: "Added an index",
      allowedStatuses: ["open", "closed"],
    });
    expect((await update({ status: "open" })).incident).toMatchObject({
      status: "open",
      resolution: null,
      resolvedAt: null,
    });
    await manageIncident(ctx, { action: "resolve", incidentId: id, resolution: "Again" });
    expect((await update({ status: "closed" })).incident.closedAt).not.toBeNull();
    expect((await update({ updateNotes: "Review on Monday" })).incident.status).toBe("closed");
    const { timeline } = await getIncident(ctx, { incidentId: id });
    expect(timeline.map((entry) => entry.message)).toEqual([
      "Opened: Checkout is slow",
      "Open → acknowledged",
      "Assigned to Ada",
      "Acknowledged → in progress",
      "Assigned to Grace",
      "Taken off Grace",
      "In progress → resolved",
      "Added an index",
      "Reopened",
      "Open → resolved",
      "Again",
      "Resolved → closed",
      "Review on Monday",
    ]);
    const trail = await auditOf(id);
    expect(trail).toHaveLength(9);
    expect(trail[1]).toMatchObject({ before: { status: "open" }, after: { status: "acknowledged", assignee: "Ada" } });
  });

  it("keeps who has it when an agent acknowledges", async () => {
    const { id } = await create();
    const agent = testContext(database, { actor: actor({ kind: "agent", name: "helper" }) });
    const { incident } = await manageIncident(agent, { action: "update", incidentId: id, status: "acknowledged" });
    expect(incident.assignee).toBeNull();
  });

  it("refuses a wrong step with the allowed ones, and records the refusal", async () => {
    const { id, label } = await create();
    await expect(manageIncident(ctx, { action: "update", incidentId: id, status: "closed" })).rejects.toMatchObject({
      code: "PRECONDITION",
      message: `${label} is open and cannot become closed. From open it can go to: acknowledged, in progress, resolved.`,
      details: { allowed: ["acknowledged", "in_progress", "resolved"] },
    });
    expect((await auditOf(id)).at(-1)).toMatchObject({
      action: "incident.update",
      outcome: "refused",
      errorCode: "PRECONDITION",
    });
  });

  it("refuses changes of a closed one", async () => {
    const { id } = await create();
    await manageIncident(ctx, { action: "resolve", incidentId: id, resolution: "Done" });
    await manageIncident(ctx, { action: "update", incidentId: id, status: "closed" });
    for (const change of [{ severity: "low" as const }, { status: "open" as const }, { assignee: "Ada" }])
      await expect(manageIncident(ctx, { action: "update", incidentId: id, ...change })).rejects.toMatchObject({
        code: "PRECONDITION",
      });
    await expect(manageIncident(ctx, { action: "escalate", incidentId: id })).rejects.toMatchObject({
      code: "PRECONDITION",
    });
  });

  it("takes concurrent changes one after the other", async () => {
    const { id } = await create({ severity: "low" });
    await Promise.all(Array.from({ length: 8 }, () => manageIncident(ctx, { action: "escalate", incidentId: id })));
    const { incident, timeline } = await getIncident(ctx, { incidentId: id });
    expect(incident).toMatchObject({ escalation: 8, severity: "critical" });
    expect(timeline.filter((entry) => entry.kind === "escalated")).toHaveLength(8);
    expect(timeline[1]?.message).toBe("Escalated for the 1st time: severity low → medium");
  });

  it("lets one of two acknowledge", async () => {
    const { id } = await create();
    const both = [0, 1].map(() => manageIncident(ctx, { action: "update", incidentId: id, status: "acknowledged" }));
    const results = await Promise.allSettled(both);
    expect(results.map((one) => one.status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  it.each(["INC-999999", "inc_nothing", "'; drop table incident", "\u0000"])(
    "says that %j is unknown",
    async (incidentId) => {
      await expect(manageIncident(ctx, { action: "escalate", incidentId })).rejects.toMatchObject({
        code: "NOT_FOUND",
      });
    },
  );
});

describe("permission", () => {
  it.each(["create", "update", "resolve", "escalate"] as const)(
    "a viewer may not %s, and the refusal is recorded",
    async (action) => {
      const { id } = await create();
      const viewer = testContext(database, {
        actor: actor({ role: "viewer", name: "Eve" }),
        requestId: `req_${action}`,
      });
      const input = { action, incidentId: id, title: "x", resolution: "x" };
      await expect(manageIncident(viewer, input)).rejects.toMatchObject({ code: "FORBIDDEN" });
      expect(await database.db.auditEntry.findMany({ where: { requestId: `req_${action}` } })).toMatchObject([
        { action: `incident.${action}`, outcome: "refused", actorName: "Eve", errorCode: "FORBIDDEN" },
      ]);
      expect((await getIncident(viewer, { incidentId: id })).incident.status).toBe("open");
    },
  );
});

it("lists page by page, newest first, with how many are unresolved", async () => {
  const made = [];
  for (let i = 0; i < 5; i++)
    made.push(await create({ title: `Page ${i}`, service: "payments", environment: "staging" }));
  const where = { service: "payments", environment: "staging", limit: 2 };
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await listIncidents(ctx, { ...where, cursor });
    seen.push(...page.items.map((one) => one.title));
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  expect(seen).toEqual(["Page 4", "Page 3", "Page 2", "Page 1", "Page 0"]);
  await manageIncident(ctx, { action: "resolve", incidentId: made[0]!.id, resolution: "Gone" });
  const open = await listIncidents(ctx, { ...where, limit: 100, status: ["open"] });
  expect(open.items).toHaveLength(4);
  const left = await database.db.incident.findMany({ where: { status: { notIn: ["resolved", "closed"] } } });
  const worst = SEVERITIES.findLast((severity) => left.some((one) => one.severity === severity));
  expect(open.worstUnresolved, "the colour of the badge").toBe(worst);
  expect(open.unresolved).toBe(
    await database.db.incident.count({ where: { status: { notIn: ["resolved", "closed"] } } }),
  );
});
