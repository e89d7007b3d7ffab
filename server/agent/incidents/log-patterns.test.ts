import { beforeEach, describe, expect, it } from "vitest";
import { testConfig, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import {
  type FiringPattern,
  getIncident,
  listIncidents,
  manageIncident,
  onAlertFiring,
  onAlertResolved,
} from "./index.ts";

const database = useDatabase();
let ctx: ReturnType<typeof testContext>;
let clockMs: number;
beforeEach(async () => {
  await database.db.incident.deleteMany();
  clockMs = Date.parse("2026-03-01T10:00:00Z");
  ctx = testContext(database, { now: () => new Date(clockMs) });
});

const firing = (change: Partial<FiringPattern> = {}): FiringPattern => ({
  patternId: "17",
  title: "rounding error: total is not the sum of its lines",
  service: "checkout",
  environment: "production",
  count: 1_204,
  minutes: 5,
  threshold: 1_000,
  severity: "high",
  ...change,
});
const all = async () => (await listIncidents(ctx, { limit: 100 })).items;
const messagesOf = async (incidentId: string) =>
  (await getIncident(ctx, { incidentId })).timeline.map((entry) => entry.message);

describe("a pattern whose alert fires", () => {
  it("opens one incident with its numbers, and writes on it once a window", async () => {
    await Promise.all([1, 2, 3].map(() => onAlertFiring(ctx, firing())));
    clockMs += 60_000;
    await onAlertFiring(ctx, firing({ count: 2_000 }));
    clockMs += 5 * 60_000;
    await onAlertFiring(ctx, firing({ count: 3_000 }));
    const [incident, ...more] = await all();
    expect(more).toEqual([]);
    expect(incident).toMatchObject({
      title: "checkout in production logs: rounding error: total is not the sum of its lines",
      severity: "high",
      source: "logs",
      service: "checkout",
    });
    expect(await messagesOf(incident!.id)).toEqual([
      "1\u00a0204 lines in 5 min, 1\u00a0000 raise it",
      "3\u00a0000 lines in 5 min, 1\u00a0000 raise it",
    ]);
    expect(await database.db.auditEntry.count({ where: { targetId: incident!.id } })).toBe(1);
  });

  it("has an incident of its own in each environment, also where the sender did not say who it is", async () => {
    await onAlertFiring(ctx, firing());
    await onAlertFiring(ctx, firing({ environment: "staging" }));
    await onAlertFiring(ctx, firing({ service: "", environment: "", title: "x".repeat(500) }));
    const titles = (await all()).map((incident) => incident.title);
    expect(new Set(titles).size).toBe(3);
    expect(titles).toContain(`an unknown service logs: ${"x".repeat(160)}…`);
  });
});

describe("a pattern that is quiet again", () => {
  const quiet = (seen: string[]) => onAlertResolved(ctx, { patternId: "17", minutes: 5, seen: new Set(seen) });
  const statuses = async () => Object.fromEntries((await all()).map((one) => [one.environment, one.status]));

  it("is resolved where it is not seen any more, and nowhere else", async () => {
    await onAlertFiring(ctx, firing());
    await onAlertFiring(ctx, firing({ environment: "staging" }));
    await onAlertFiring(ctx, firing({ patternId: "171", environment: "test" }));
    await quiet(["checkout/production"]);
    expect(await statuses()).toEqual({ production: "open", staging: "resolved", test: "open" });
  });

  it("stays with a person who said so, and with who wants to resolve by hand", async () => {
    await onAlertFiring(ctx, firing());
    const [incident] = await all();
    await manageIncident(ctx, { action: "update", incidentId: incident!.id, status: "acknowledged" });
    ctx.config = testConfig({ alertingConfig: { resolveOnRecovery: false } });
    await quiet([]);
    expect(await statuses()).toEqual({ production: "acknowledged" });
  });

  it("opens the same incident again when it comes back within minutes", async () => {
    await onAlertFiring(ctx, firing());
    await quiet([]);
    clockMs += 6 * 60_000;
    await onAlertFiring(ctx, firing({ count: 5_000 }));
    expect((await all()).map((one) => one.status)).toEqual(["open"]);
  });
});
