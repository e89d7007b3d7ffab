import { expect, it } from "vitest";
import { testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { syncTargets } from "../health/check/sync-targets.ts";
import { targetId } from "../health/check/targets.ts";
import { recordResults } from "../health/record/record-results.ts";
import { setMaintenance } from "../health/set-maintenance.ts";
import { consumeTimeline } from "../timeline/consume.ts";
import { incidentConsumer } from "./consumer.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const database = useDatabase();

it("what checks find becomes an incident by way of the time line, with its cause, and maintenance ends it", async () => {
  let nowMs = NOW;
  const ctx = testContext(database, { now: () => new Date(nowMs) });
  const problems: unknown[] = [];
  const follow = () =>
    consumeTimeline(
      ctx,
      incidentConsumer(ctx, (message, error) => problems.push(message, error)),
    );
  await syncTargets(ctx);
  const [payments, checkout] = ["payments", "checkout"].map((name) => targetId("service", name, "production"));
  const fails = (id: string, agoMs: number) => ({
    ...{ targetId: id, slotAtMs: nowMs - agoMs, endedAtMs: nowMs - agoMs, outcome: "down" as const, latencyMs: 1 },
    ...{ statusCode: null, message: "refused the connection" },
  });
  const failures = [30_000, 20_000, 10_000].flatMap((ms) => [fails(payments!, ms), fails(checkout!, ms)]);
  await recordResults(ctx, failures);
  await follow();
  const messages = async () =>
    (await database.db.incidentEvent.findMany({ orderBy: { seq: "asc" } })).map(({ message }) => message);
  expect(await database.db.incident.findMany()).toMatchObject([
    { service: "payments", environment: "production", status: "open", source: "health", severity: "critical" },
  ]);
  expect(await messages()).toEqual([
    "payments in production is down: refused the connection",
    "checkout in production fails because of payments: refused the connection",
  ]);
  nowMs += 60_000;
  await setMaintenance(ctx, { targetId: payments!, minutes: 30, reason: "move" });
  await follow();
  expect((await messages()).at(-1)).toBe("payments in production is no longer down: maintenance");
  expect(problems).toEqual([]);
});
