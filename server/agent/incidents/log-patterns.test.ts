import { beforeEach, describe, expect, it } from "vitest";
import { testConfig, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import type { TimelineEventOf } from "../timeline/schema.ts";
import { getIncident, listIncidents, manageIncident } from "./index.ts";
import { onPatternEvent } from "./log-patterns.ts";

type PatternFiring = TimelineEventOf<"pattern.firing">;

const database = useDatabase();
let ctx: ReturnType<typeof testContext>;
let clockMs: number;
beforeEach(async () => {
  await database.db.incident.deleteMany();
  clockMs = Date.parse("2026-03-01T10:00:00Z");
  ctx = testContext(database, { now: () => new Date(clockMs) });
});

interface Firing extends Pick<PatternFiring["detail"], "patternId" | "title" | "count"> {
  service: string | null;
  environment: string | null;
}
const subjectOf = ({ patternId, service, environment }: Omit<Firing, "title" | "count">) =>
  `log-pattern:${patternId}:${service ?? ""}/${environment ?? ""}`;

const usual = { patternId: "17", service: "checkout", environment: "production" };
const firingSince = "2026-03-01T10:00:00.000Z";

function fires(change: Partial<Firing> = {}): Promise<void> {
  const given = { ...usual, title: "rounding error: total is not the sum of its lines", count: 1_204, ...change };
  const { patternId, title, count, service, environment } = given;
  const [at, subject] = [ctx.now(), subjectOf(given)];
  const detail = { patternId, title, count, minutes: 5, threshold: 1_000, severity: "high", firingSince } as const;
  const key = `${subject}:${Math.floor(at.getTime() / 300_000)}`;
  const common = { key, at, service, environment, subject, level: "error", title } as const;
  return onPatternEvent(ctx, { ...common, kind: "pattern.firing", detail });
}

function isQuiet(change: Partial<typeof usual> = {}): Promise<void> {
  const given = { ...usual, ...change };
  const { patternId, service, environment } = given;
  const subject = subjectOf(given);
  const common = { key: `${subject}:resolved`, at: ctx.now(), service, environment, subject, level: "ok" } as const;
  const detail = { patternId, title: "", minutes: 5, firingSince };
  return onPatternEvent(ctx, { ...common, kind: "pattern.resolved", title: "", detail });
}

const all = async () => (await listIncidents(ctx, { limit: 100 })).items;
const messagesOf = async (incidentId: string) =>
  (await getIncident(ctx, { incidentId })).timeline.map((entry) => entry.message);

describe("a pattern whose alert fires", () => {
  it("opens one incident with its numbers, and writes on it once a window", async () => {
    await Promise.all([1, 2, 3].map(() => fires()));
    clockMs += 60_000;
    await fires({ count: 2_000 });
    clockMs += 5 * 60_000;
    await fires({ count: 3_000 });
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
    await fires();
    await fires({ environment: "staging" });
    await fires({ service: null, environment: null, title: "x".repeat(500) });
    const titles = (await all()).map((incident) => incident.title);
    expect(new Set(titles).size).toBe(3);
    expect(titles).toContain(`an unknown service logs: ${"x".repeat(160)}…`);
  });
});

describe("a pattern that is quiet again", () => {
  const statuses = async () => Object.fromEntries((await all()).map((one) => [one.environment, one.status]));

  it("is resolved where it is not seen any more, and nowhere else", async () => {
    await fires();
    await fires({ environment: "staging" });
    await fires({ patternId: "171", environment: "test" });
    await isQuiet({ environment: "staging" });
    expect(await statuses()).toEqual({ production: "open", staging: "resolved", test: "open" });
  });

  it("stays with a person who said so, and with who wants to resolve by hand", async () => {
    await fires();
    const [incident] = await all();
    await manageIncident(ctx, { action: "update", incidentId: incident!.id, status: "acknowledged" });
    ctx.config = testConfig({ alertingConfig: { resolveOnRecovery: false } });
    await isQuiet();
    expect(await statuses()).toEqual({ production: "acknowledged" });
  });

  it("opens the same incident again when it comes back within minutes", async () => {
    await fires();
    await isQuiet();
    clockMs += 6 * 60_000;
    await fires({ count: 5_000 });
    expect((await all()).map((one) => one.status)).toEqual(["open"]);
  });
});
