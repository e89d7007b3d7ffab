import { beforeEach, describe, expect, it } from "vitest";
import { actor, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { FakeTelemetry } from "#server/testing/doubles/fake-telemetry.ts";
import { syncTargets } from "../health/check/sync-targets.ts";
import { planKept, targetId } from "../health/check/targets.ts";
import { recordResults } from "../health/record/record-results.ts";
import { FOR_MODELS } from "../kernel/reader-budget.ts";
import type { TelemetrySources } from "../ports/telemetry-sources.ts";
import type { ServedCounts, TraceSource } from "../ports/trace-source.ts";
import type { TrafficCounts } from "../ports/traffic.ts";
import { bucketOf, emptyHistogram } from "../telemetry/histogram.ts";
import { noOutcomes } from "../telemetry/outcomes.ts";
import { serviceMap } from "../traces/index.ts";
import { storeTraffic } from "../traffic/index.ts";
import { getService } from "./get-service.ts";
import { listServices } from "./list-services.ts";
import { monitorHealth } from "./monitor-health.ts";
import { serviceHealthHistory } from "./service-health-history.ts";
import { serviceStates } from "./service-rows.ts";

const NOW = new Date("2026-03-01T12:30:25.000Z");
const ALL = { limit: 100, offset: 0 };

/** Ten-second buckets of the last five complete minutes. */
function traffic(environment: string, requests: number, failed: number, latencyMs = 20): TrafficCounts[] {
  const newest = Math.floor(NOW.getTime() / 10_000) * 10_000 - 20_000;
  return Array.from({ length: 30 }, (_, i) => {
    const latency = emptyHistogram();
    latency[bucketOf(latencyMs)] = requests;
    return {
      ...{ ...noOutcomes(), service: "checkout", environment, version: "1.0.0", requests, latency },
      bucketAt: new Date(newest - i * 10_000).toISOString(),
      ...{ status2xx: requests - failed, status5xx: failed },
      usage: { cpuMs: null, memoryBytes: null, instances: null, inFlight: null, errorLines: null },
    };
  });
}

const spans = (counts: Partial<ServedCounts>[], ingest?: TelemetrySources["ingest"]): FakeTelemetry => {
  const info = { kind: "jaeger" as const, address: "http://jaeger.test" };
  const answer = <T>(data: T) => ({ data, source: info, asOf: NOW.toISOString(), stale: false });
  const all = counts.map((one) => ({
    service: "",
    calls: 0,
    errors: 0,
    latency: emptyHistogram(),
    sinceMs: null,
    ...one,
  }));
  const traces: TraceSource = {
    info,
    list: async () => answer({ items: [], nextCursor: null }),
    get: async () => answer(null),
    linksTo: null,
    services: async () => answer([...all.map(({ service }) => service), "silent"]),
    operations: async () => answer([]),
    edges: null,
    served: async () => answer(all),
  };
  return new FakeTelemetry({ traces, ...(ingest && { ingest }) });
};

describe("the status of a service", () => {
  const database = useDatabase();
  const context = (overrides = {}) => testContext(database, { now: () => NOW, ...overrides });

  beforeEach(async () => {
    await database.db.$executeRaw`truncate health_target, health_result, health_rollup, traffic_bucket`;
    await syncTargets(context());
    const up = ["checkout", "payments"].flatMap((service) =>
      ["staging", "production"].map((environment) => ({
        targetId: targetId("service", service, environment),
        slotAtMs: NOW.getTime() - 5_000,
        endedAtMs: NOW.getTime() - 4_990,
        ...{ outcome: "up" as const, latencyMs: 10, statusCode: 200, message: null },
      })),
    );
    await recordResults(context(), up);
  });

  it("is failing wherever it is told, when its check answers and 91 % of its requests fail", async () => {
    const ctx = context();
    await storeTraffic(ctx.db, traffic("production", 100, 91));
    const reason = "91 % of 3\u00a0000 requests failed in 5 min";
    const { rows, overall, summary } = await listServices(ctx, {});
    expect(rows[0]).toMatchObject({ service: "checkout", environment: "production", health: "failing" });
    expect(rows[0]?.reasons).toEqual([{ kind: "errors", state: "failing", message: reason }]);
    expect([overall, summary]).toEqual(["failing", `checkout (production) failing: ${reason}`]);
    const monitor = await monitorHealth(ctx, ALL);
    expect(monitor.overall).toBe("failing");
    expect(monitor.summary).toContain(reason);
    expect(monitor.counts).toMatchObject({ failing: 1, up: 3 });
    expect(monitor.targets[0]).toMatchObject({ name: "checkout", state: "failing", message: reason });
    expect((await monitorHealth(ctx, { ...ALL, state: ["failing"] })).total).toBe(1);
    const place = { service: "checkout", environment: "production" };
    expect((await getService(ctx, { ...place, range: "1h" })).row.health).toBe("failing");
    expect(await serviceStates(ctx)).toContainEqual({ ...place, state: "failing", causedBy: null });
  });

  it("says since when its users' requests fail, not since when its check answers", async () => {
    const ctx = context();
    await storeTraffic(ctx.db, traffic("production", 100, 91));
    const { rows } = await listServices(ctx, {});
    const since = Date.parse(rows[0]?.healthSince ?? "");
    expect(NOW.getTime() - since).toBeGreaterThanOrEqual(4 * 60_000);
    expect(NOW.getTime() - since).toBeLessThanOrEqual(6 * 60_000);
    const [target] = (await monitorHealth(ctx, ALL)).targets;
    expect(target?.stateSince).toBe(rows[0]?.healthSince);
    const history = await serviceHealthHistory(ctx, { targetId: target?.id ?? "", range: "24h" });
    expect(history.target).toMatchObject({
      state: "failing",
      stateSince: rows[0]?.healthSince,
      message: target?.message,
    });
  });

  it("is up since the failure that is over, in every tool and page alike", async () => {
    const ctx = context();
    await database.db.$executeRaw`update health_target set "stateSince" = ${new Date(NOW.getTime() - 1_800_000)}`;
    // five minutes that fail, and then two that do not
    const failed = traffic("production", 100, 100).map((row) => ({
      ...row,
      bucketAt: new Date(Date.parse(row.bucketAt) - 120_000).toISOString(),
    }));
    await storeTraffic(ctx.db, [...failed, ...traffic("production", 100, 0).slice(0, 12)]);
    const place = { service: "checkout", environment: "production" };
    const { row } = await getService(ctx, { ...place, range: "1h" });
    expect(row.health).toBe("up");
    expect(NOW.getTime() - Date.parse(row.healthSince ?? "")).toBeLessThanOrEqual(150_000);
    expect(row.unjudged[0]?.message).toMatch(/^recovered: 0 of 300 failed in the last 30 s; \d+ % over 5 min$/);
    const [target] = (await monitorHealth(ctx, { ...ALL, ...place })).targets;
    expect(target?.stateSince).toBe(row.healthSince);
    const history = await serviceHealthHistory(
      { ...ctx, reader: FOR_MODELS },
      { targetId: target?.id ?? "", range: "24h" },
    );
    expect(history.target.stateSince).toBe(row.healthSince);
    expect(history.buckets.length).toBeLessThanOrEqual(2);
    const { series } = await getService({ ...ctx, reader: FOR_MODELS }, { ...place, range: "1h" });
    expect(series[0]?.requestsPerSecond).not.toBeNull();
  });

  it("is failing while all requests hang, although none has ended, and ranks before what merely fails", async () => {
    const ctx = context();
    const before = traffic("production", 100, 0).map((row) => ({
      ...row,
      bucketAt: new Date(Date.parse(row.bucketAt) - 90_000).toISOString(),
    }));
    await storeTraffic(ctx.db, [...before, ...traffic("staging", 1, 1)]);
    const pending = emptyHistogram();
    pending[bucketOf(20_000)] = 900;
    Object.assign(ctx.platform.services.get("checkout/production") ?? {}, { pending });
    const { rows, summary } = await listServices(ctx, {});
    expect(rows[0]).toMatchObject({ environment: "production", health: "failing", traffic: { late: 900 } });
    expect(rows[1]).toMatchObject({ environment: "staging", health: "failing" });
    expect(summary).toMatch(/: 900 requests wait for longer than .* and none was answered in the last minute/);
    expect((await monitorHealth(ctx, ALL)).targets[0]?.message).toContain("900 requests wait");
  });

  it("names the hurt dependency as the cause, and puts it first, when only requests tell of either", async () => {
    const ctx = context();
    // testConfig: checkout depends on payments
    const slow = traffic("production", 100, 0, 3_000).map((row) => ({ ...row, service: "payments" }));
    await storeTraffic(ctx.db, [...traffic("production", 100, 50), ...slow]);
    const { rows, summary } = await listServices(ctx, {});
    expect(rows.slice(0, 2).map((row) => [row.service, row.health, row.causedBy])).toEqual([
      ["payments", "degraded", null],
      ["checkout", "failing", "payments"],
    ]);
    expect(summary).toMatch(
      /^payments \(production\) degraded: .* · checkout \(production\) failing because of payments/,
    );
    const monitor = await monitorHealth(ctx, ALL);
    expect(monitor.targets.slice(0, 2).map(({ name, causedBy }) => [name, causedBy])).toEqual([
      ["payments", null],
      ["checkout", "payments"],
    ]);
    expect(monitor.summary).toMatch(
      /^Degraded: payments .*\. Failing its users as a consequence: checkout .* \(caused by payments\)/,
    );
    const place = { service: "checkout", environment: "production" };
    expect((await getService(ctx, { ...place, range: "1h" })).row.causedBy).toBe("payments");
    expect((await monitorHealth(ctx, { ...ALL, ...place })).targets[0]?.causedBy).toBe("payments");
    const map = await serviceMap(context({ telemetry: spans([]) }), { environment: "production", range: "15m" });
    expect(map.summary).toMatch(/^Degraded in production: payments\. Failing: checkout \(because of payments\)\./);
    expect(map.nodes.slice(0, 2).map(({ id, causedBy }) => [id, causedBy])).toEqual([
      ["payments", null],
      ["checkout", "payments"],
    ]);
  });

  it("is not silenced by muting its check, and stays up on a failure of two", async () => {
    const ctx = context();
    await storeTraffic(ctx.db, [...traffic("production", 100, 91), ...traffic("staging", 1, 1).slice(0, 1)]);
    const id = targetId("service", "checkout", "production");
    await database.db.healthTarget.update({ where: { id }, data: { muted: true } });
    expect((await monitorHealth(ctx, ALL)).overall).toBe("failing");
    const { rows } = await listServices(ctx, { environment: "staging" });
    expect(rows.map(({ health }) => health)).toEqual(["up", "up"]);
  });

  it("counts those that only telemetry tells of, in list and sentence; silent ones are unknown and no alarm", async () => {
    const latency = emptyHistogram();
    latency[bucketOf(20)] = 600;
    const ctx = context({ telemetry: spans([{ service: "legacy", calls: 600, errors: 300, latency }]) });
    const { rows, summary, overall } = await listServices(ctx, {});
    expect(rows[0]).toMatchObject({ service: "legacy", environment: null, origin: "observed", health: "failing" });
    expect(rows[0]?.traffic).toMatchObject({ requestsPerSecond: 2, errorPercent: 50, requests: 600, seconds: 300 });
    expect(rows.find(({ service }) => service === "silent")).toMatchObject({ health: "unknown", origin: "observed" });
    expect(summary).toBe("legacy failing: 50 % of 600 requests failed in 5 min");
    expect(overall).toBe("failing");
    // the checks say nothing of it: their sentence must not say that all is up beside a list that says failing
    expect(await monitorHealth(ctx, ALL)).toMatchObject({
      overall: "failing",
      summary:
        "All 4 checked targets answer. Not checked, by telemetry: legacy is failing: 50 % of 600 requests failed in 5 min.",
    });
    const hidden = await listServices(
      context({ telemetry: ctx.telemetry, actor: actor({ role: "ingest" }) }),
      {},
    ).catch((error: Error) => error);
    expect(hidden).toBeInstanceOf(Error);
  });

  it.each([
    ["collector", "Telemetry is not taken in since 2026-03-01T10:00:00.000Z: the collector does not answer"],
    ["worker", "Nothing is deployed, checked or counted since 2026-03-01T10:00:00.000Z: no worker answers"],
  ] as const)(
    "is never all up while the %s is missing: it says what stands still, and since when",
    async (name, words) => {
      const missing = () => [{ name, since: new Date("2026-03-01T10:00:00Z") }];
      const ctx = context({ processes: { missing } });
      expect(await listServices(ctx, {})).toMatchObject({ summary: words, overall: "unknown" });
      expect(await monitorHealth(ctx, ALL)).toMatchObject({
        overall: "unknown",
        summary: `${words}. All 4 checked targets answer.`,
        unknown: [`the ${name}`],
      });
      // a service's state is judged without telemetry
      const one = await monitorHealth(ctx, { ...ALL, service: "checkout" });
      expect([one.overall, one.unknown]).toEqual(name === "worker" ? ["unknown", ["the worker"]] : ["up", []]);
      expect([(await listServices(context(), {})).overall, (await monitorHealth(context(), ALL)).overall]).toEqual([
        "up",
        "up",
      ]);
    },
  );

  describe("what left the configuration", () => {
    const latency = emptyHistogram();
    latency[bucketOf(20)] = 600;
    const gone = { service: "shop", calls: 600, errors: 0, latency };
    const observed = () => spans([gone, { service: "legacy", calls: 600, errors: 0, latency }]);
    const named = async (ctx: ReturnType<typeof context>, environment?: string) =>
      (await listServices(ctx, { environment })).rows.map(
        (row) => `${row.service} ${row.environment} ${row.origin} ${row.health}`,
      );
    function keeps(ctx: ReturnType<typeof context>) {
      for (const environment of ["staging", "production"]) {
        const like = ctx.platform.services.get(`checkout/${environment}`)!;
        ctx.platform.services.set(`shop/${environment}`, { ...like, service: "shop", environment, configured: false });
      }
    }

    it("has one row in each environment it runs in, not another of its telemetry, and stands behind one's own", async () => {
      const ctx = context({ telemetry: observed() });
      keeps(ctx);
      expect(await named(ctx)).toEqual([
        "shop production kept unknown",
        "shop staging kept unknown",
        ...["checkout production", "payments production", "checkout staging", "payments staging"].map(
          (name) => `${name} configured up`,
        ),
        "legacy null observed up",
        "silent null observed unknown",
      ]);
      expect((await named(ctx, "staging")).filter((row) => row.startsWith("shop"))).toEqual([
        "shop staging kept unknown",
      ]);
    });

    it.each([
      [["shop"], undefined, false],
      [["shop/staging", "shop/production"], undefined, false],
      [["shop/staging"], undefined, true],
      [["shop/staging"], "staging", false],
    ])(
      "has no row of what it once sent when removedServices names it: %j in %j",
      async (removedServices, environment, there) => {
        const ctx = context({ telemetry: observed() });
        ctx.config = { ...ctx.config, removedServices };
        expect((await named(ctx, environment)).some((row) => row.startsWith("shop"))).toBe(there);
      },
    );

    it("is one row while the platform does not answer, too", async () => {
      const ctx = context({ telemetry: observed() });
      keeps(ctx);
      await syncTargets(ctx, planKept(ctx.config, [{ service: "shop", environment: "production" }]));
      ctx.platform.unreachable = true;
      expect((await named(ctx)).filter((row) => row.startsWith("shop"))).toEqual(["shop production kept unknown"]);
    });

    it("has no row an hour after it fell silent, and until then says when it was last seen", async () => {
      const sent = (service: string, minutes: number) => ({
        ...{
          service,
          signal: "logs" as const,
          protocol: "otlp",
          sender: "x",
          accepted: 1,
          rejected: 0,
          bytes: 1,
          stepMs: 0,
        },
        lastMs: NOW.getTime() - minutes * 60_000,
        firstMs: NOW.getTime() - minutes * 60_000,
        firstAccepted: 0,
      });
      const ingest = { arrived: async () => [sent("batch", 59), sent("old", 61)] } as Partial<
        TelemetrySources["ingest"]
      >;
      const telemetry = spans([], ingest as TelemetrySources["ingest"]);
      const { rows, summary } = await listServices(context({ telemetry }), {});
      expect(
        rows.filter(({ origin }) => origin === "observed").map(({ service, lastSeen }) => [service, lastSeen]),
      ).toEqual([
        ["batch", "2026-03-01T11:32:25.000Z"],
        ["silent", "2026-03-01T12:30:25.000Z"],
      ]);
      expect(summary).toBe("All 2 services are up in production and staging, 2 more tell nothing of requests");
    });
  });

  it("says of a check that is too old that nothing is known, not what it once found", async () => {
    const { rows, overall } = await listServices(context({ now: () => new Date(NOW.getTime() + 3_600_000) }), {});
    expect([rows[0]?.health, overall]).toEqual(["unknown", "unknown"]);
    expect(rows[0]?.healthMessage).toMatch(/no fresh result/);
  });

  it("gives an uptime its base", async () => {
    const { targets } = await monitorHealth(context(), ALL);
    expect(targets[0]).toMatchObject({ uptimePercent24h: 100 });
    expect(targets[0]?.watchedSeconds24h).toBeGreaterThan(0);
    expect(targets[0]?.watchedSeconds24h).toBeLessThan(120);
  });
});
