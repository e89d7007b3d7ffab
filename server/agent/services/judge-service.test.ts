import { describe, expect, it } from "vitest";
import { testConfig } from "#server/testing/context.ts";
import type { HealthState } from "../health/schema.ts";
import { limitsOf } from "../telemetry/service-limits.ts";
import { judgeService, type ServedFigures, type StatusFacts, worstState } from "./judge-service.ts";
import { observedRow } from "./observed-row.ts";
import { usersHurt, worstFirst } from "./rank.ts";
import type { ServiceRow } from "./schema.ts";

const NOW = new Date("2026-03-01T12:00:00Z");
const LIMITS = { errorRatePercent: 1, failingPercent: 10, latencyP95Ms: 500 };
const served = (requests: number, failed: number, p95Ms: number | null = 20): ServedFigures => ({
  ...{ requests, failed, p95Ms },
});
const facts = (change: Partial<StatusFacts> = {}): StatusFacts => ({
  probe: { state: "up", message: "HTTP 200" },
  window: served(1_000, 0),
  newest: served(200, 0),
  platform: null,
  waiting: null,
  ...change,
});

describe("a p95 of which only its bucket is known", () => {
  const within = (lower: number | null, upper: number | null, p95Ms = 4_750): ServedFigures => ({
    ...{ requests: 50, failed: 0, p95Ms },
    p95Bounds: { lower, upper },
  });
  it.each<[ServedFigures, ServedFigures | null, HealthState, string | null, number | null]>([
    [within(0, 5_000), null, "unknown", "p95 is at most 5 s; buckets too coarse for the limit of 500 ms", null],
    [within(null, 5_000), null, "unknown", "p95 is at most 5 s; buckets too coarse for the limit of 500 ms", null],
    [
      within(100, 1_000, 900),
      null,
      "unknown",
      "p95 is between 100 ms and 1 s; buckets too coarse for the limit of 500 ms",
      null,
    ],
    [within(0, 500, 475), null, "up", null, 475],
    [within(0, 501, 475), null, "unknown", "p95 is at most 501 ms; buckets too coarse for the limit of 500 ms", null],
    [
      within(500, 5_000),
      null,
      "degraded",
      "p95 is between 500 ms and 5 s over 50 requests in 5 min, limit 500 ms",
      null,
    ],
    [within(10_000, null), null, "degraded", "p95 is above 10 s over 50 requests in 5 min, limit 500 ms", null],
    [within(250, null, 250), null, "unknown", "p95 is above 250 ms; buckets too coarse for the limit of 500 ms", null],
    [within(250, 1_000, 700), null, "degraded", "p95 700 ms over 50 requests in 5 min, limit 500 ms", 700],
    [within(250, 1_000, 400), null, "up", null, 400],
    [within(500, 1_000, 700), within(0, 100, 95), "up", null, 700],
    [
      within(500, 1_000, 700),
      within(0, 5_000),
      "unknown",
      "p95 is at most 5 s; buckets too coarse for the limit of 500 ms",
      700,
    ],
  ])("%j, newest %j: %s", (window, newest, state, message, shown) => {
    const row = observedRow(
      { service: "dice", lastSeen: "2026-03-01T12:00:00.000Z", window, newest, lastRequestsMs: null },
      LIMITS,
      NOW,
    );
    expect([row.health, row.healthMessage, row.traffic.p95Ms]).toEqual([state, message, shown]);
  });
});

describe("judgeService", () => {
  it.each<[string, Partial<StatusFacts>, HealthState, string | null]>([
    ["nothing is wrong", {}, "up", null],
    [
      "91 % fail while the check answers",
      { window: served(1_240, 1_128), newest: served(240, 230) },
      "failing",
      "91 % of 1\u00a0240 requests failed in 5 min",
    ],
    [
      "2 % fail",
      { window: served(500, 10), newest: served(100, 2) },
      "degraded",
      "2 % of 500 requests failed in 5 min",
    ],
    ["0.9 % fail", { window: served(1_000, 9), newest: served(200, 3) }, "up", null],
    [
      "exactly the limit",
      { window: served(1_000, 10), newest: served(200, 2) },
      "degraded",
      "1 % of 1\u00a0000 requests failed in 5 min",
    ],
    ["1 of 2 tells nothing", { window: served(2, 1), newest: served(2, 1) }, "up", null],
    ["2 of 12 neither", { window: served(12, 2), newest: served(12, 2) }, "up", null],
    ["3 of 12 do", { window: served(12, 3), newest: served(3, 0) }, "failing", "25 % of 12 requests failed in 5 min"],
    ["it is over: the newest minute is clean", { window: served(1_240, 600), newest: served(240, 0) }, "up", null],
    [
      "it is nearly over",
      { window: served(1_240, 600), newest: served(240, 6) },
      "degraded",
      "now 2.5 % of 240 requests failed in 60 s",
    ],
    [
      "a total outage is not small for being new",
      { window: served(4_048, 310), newest: served(310, 310), newestSeconds: 30 },
      "failing",
      "now 100 % of 310 requests failed in 30 s",
    ],
    [
      "nor is one that began ten seconds ago",
      { window: served(4_048, 48), newest: served(400, 48), newestSeconds: 30 },
      "degraded",
      "now 12 % of 400 requests failed in 30 s",
    ],
    ["three of a hundred by chance begin nothing", { window: served(1_000, 6), newest: served(100, 3) }, "up", null],
    ["neither do two of ten", { window: served(1_000, 2), newest: served(10, 2) }, "up", null],
    [
      "slow from now on",
      { window: served(4_000, 0, 90), newest: served(400, 0, 1_800), newestSeconds: 30 },
      "degraded",
      "now p95 1\u00a0800 ms over 400 requests in 30 s, limit 500 ms",
    ],
    [
      "a new fault after an outage that is over has its own share",
      { window: served(2_000, 1_200), newest: served(400, 80), newestSeconds: 30 },
      "failing",
      "now 20 % of 400 requests failed in 30 s",
    ],
    [
      "slow again, after it hung",
      { window: served(2_000, 0, 8_000), newest: served(400, 0, 700), newestSeconds: 30 },
      "degraded",
      "now p95 700 ms over 400 requests in 30 s, limit 500 ms",
    ],
    [
      "most clients give up",
      {
        window: { ...served(522, 0, 1_888), p95Base: { requests: 520, gaveUp: 510, isLeast: true } },
        newest: null,
      },
      "degraded",
      "p95 at least 1\u00a0888 ms over 520 requests in 5 min, of which clients gave up 510, limit 500 ms",
    ],
    [
      "only few have a latency",
      { window: { ...served(522, 0, 1_888), p95Base: { requests: 10, gaveUp: 0, isLeast: false } }, newest: null },
      "up",
      null,
    ],
    ["few that are slow begin nothing", { window: served(4_000, 0, 90), newest: served(60, 0, 1_800) }, "up", null],
    [
      "slow",
      { window: served(1_000, 0, 1_200), newest: served(200, 0, 900) },
      "degraded",
      "p95 1\u00a0200 ms over 1\u00a0000 requests in 5 min, limit 500 ms",
    ],
    [
      "some hang",
      { late: { count: 12, limitMs: 2_000, isAll: false } },
      "degraded",
      "12 requests wait for longer than 2 s",
    ],
    [
      "all hang",
      { newest: served(0, 0, null), late: { count: 12, limitMs: 500, isAll: true } },
      "failing",
      "12 requests wait for longer than 500 ms, and none was answered in the last minute",
    ],
    ["slow on few requests", { window: served(15, 0, 1_200), newest: served(5, 0, 900) }, "up", null],
    ["its check fails", { probe: { state: "down", message: "refused" } }, "down", "refused"],
    [
      "the worst of both",
      { probe: { state: "degraded", message: "slow" }, window: served(100, 50), newest: served(20, 10) },
      "failing",
      "50 % of 100 requests failed in 5 min",
    ],
    [
      "maintenance was announced",
      { probe: { state: "maintenance", message: null }, window: served(100, 50) },
      "maintenance",
      null,
    ],
    ["the platform is silent", { platform: "it does not answer" }, "down", "it does not answer"],
    ["a decision waits", { waiting: "2.5.0 waits for a decision" }, "waiting", "2.5.0 waits for a decision"],
    ["never checked", { probe: { state: "unknown", message: null } }, "unknown", "its check says unknown"],
    [
      "nobody checks, nobody counts",
      { probe: null, window: null, newest: null },
      "unknown",
      "no requests were told of in 5 min",
    ],
    ["nobody checks, it served", { probe: null }, "up", null],
    [
      "nobody checks, it served nothing",
      { probe: null, window: served(0, 0, null) },
      "unknown",
      "no requests were told of in 5 min",
    ],
    ["up and nobody asks for it", { window: served(0, 0, null), newest: served(0, 0, null) }, "up", null],
    [
      "nearly all is not all",
      { window: served(1_000, 999), newest: null },
      "failing",
      "99.9 % of 1\u00a0000 requests failed in 5 min",
    ],
  ])("%s", (_name, change, state, first) => {
    const status = judgeService(facts(change), LIMITS);
    expect(status.state).toBe(state);
    if (state !== "maintenance") expect(status.reasons[0]?.message ?? null).toBe(first);
  });

  it("takes its limits from sloConfig, and from the service's own slo", () => {
    const config = testConfig({ sloConfig: { latencyP95Ms: 2_000, errorRatePercent: 20 } });
    for (const service of config.services) if (service.name === "payments") service.slo = { latencyP95Ms: 900 };
    const state = (name: string, failed: number) =>
      judgeService(facts({ window: served(100, failed, 1_500), newest: null }), limitsOf(config, name)).state;
    expect([state("checkout", 15), state("checkout", 25)]).toEqual(["up", "failing"]);
    expect(state("payments", 15)).toBe("degraded");
    expect(limitsOf(testConfig(), "checkout")).toEqual(LIMITS);
  });

  it.each([
    ["too few requests", served(15, 0, 1_200), served(5, 0, 900), "latency", /^p95 1\s200 ms of 15 requests, too few/],
    [
      "slow no more",
      served(1_000, 0, 1_200),
      served(200, 0, 90),
      "latency",
      /^recovered: p95 90 ms in the last 60 s; p95 1\s200 ms over 5 min$/,
    ],
    ["too few failed", served(12, 2), served(12, 2), "errors", "2 of 12 failed, too few to judge by"],
    [
      "failing no more",
      served(1_240, 600),
      served(240, 0),
      "errors",
      /^recovered: 0 of 240 failed in the last 60 s; 48 % over 5 min$/,
    ],
  ] as const)("says of a figure beyond its limit that it is not judged: %s", (_name, window, newest, kind, message) => {
    const { state, unjudged } = judgeService(facts({ window, newest }), LIMITS);
    const why = /too few/.test(unjudged[0]?.message ?? "") ? "few" : "over";
    expect([state, unjudged]).toEqual(["up", [{ kind, why, message: expect.stringMatching(message) }]]);
  });

  it("marks nothing that is judged or within its limit", () => {
    for (const window of [served(1_000, 300, 1_200), served(1_000, 0, 20), served(5, 0, 20)])
      expect(judgeService(facts({ window, newest: null }), LIMITS).unjudged).toEqual([]);
  });

  it("takes the worst of several, unknown for none", () => {
    expect(worstState(["up", "failing", "degraded"])).toBe("failing");
    expect(worstState([])).toBe("unknown");
  });
});

describe("worstFirst", () => {
  const row = (service: string, health: HealthState, rate: number, errorPercent: number): ServiceRow => {
    const observed = observedRow(
      {
        service,
        lastRequestsMs: null,
        lastSeen: "2026-03-01T12:00:00.000Z",
        window: served(300 * rate, 3 * rate * errorPercent),
        newest: null,
      },
      LIMITS,
      NOW,
    );
    return { ...observed, health };
  };
  const order = (...rows: ServiceRow[]) => rows.toSorted(worstFirst(["production"])).map(({ service }) => service);

  it("puts whose users are hurt most first, not the alphabet", () => {
    expect(usersHurt(row("x", "failing", 100, 50))).toBe(150);
    expect(usersHurt(row("x", "up", 100, 0.5))).toBe(0);
    expect(
      order(
        row("a", "up", 900, 0.1),
        row("b", "degraded", 1, 2),
        row("c", "failing", 1, 50),
        row("d", "failing", 100, 91),
        row("e", "down", 0, 0),
      ),
    ).toEqual(["d", "c", "b", "e", "a"]);
  });

  it("puts a slow service of many before a failing one of few", () => {
    const slow = observedRow(
      {
        ...{ service: "slow", lastRequestsMs: null, lastSeen: "2026-03-01T12:00:00.000Z", newest: null },
        window: served(300_000, 0, 20_000),
      },
      LIMITS,
      NOW,
    );
    expect([slow.health, usersHurt(slow)]).toEqual(["degraded", 50]);
    expect(order(row("demo", "degraded", 1 / 3, 3), slow)).toEqual(["slow", "demo"]);
    expect(usersHurt({ ...slow, traffic: { ...slow.traffic, errorPercent: 100 } }), "nobody is hurt twice").toBe(1_000);
  });

  it("counts what fails while too little was measured for a rate", () => {
    const { traffic } = row("x", "failing", 1, 100);
    expect(usersHurt({ health: "failing", reasons: [], traffic: { ...traffic, requestsPerSecond: null } })).toBe(3);
  });

  it("takes a moment's spans for no rate", () => {
    const observed = { service: "x", lastRequestsMs: null, lastSeen: "2026-03-01T12:00:00.000Z", newest: null };
    const { traffic } = observedRow({ ...observed, window: served(20, 20), servedSeconds: 0.05 }, LIMITS, NOW);
    expect([traffic.requestsPerSecond, traffic.overSeconds]).toEqual([2, 10]);
  });

  it("puts an open incident before what so few requests tell nothing of", () => {
    const incident = { id: "inc_1", label: "INC-1", severity: "low", status: "open", openedAt: "2026-03-01T12:00:00Z" };
    const mine = { ...row("shop", "up", 0, 0), origin: "configured", openIncident: incident } as ServiceRow;
    const quiet = { ...row("quiet", "up", 1, 0), origin: "configured" } as ServiceRow;
    expect(order(row("once", "unknown", 1 / 300, 0), row("one", "up", 1 / 300, 0), quiet, mine)).toEqual([
      "shop",
      "quiet",
      "once",
      "one",
    ]);
  });

  it("keeps rows in their place while a rate moves a little", () => {
    const [a, b] = [row("a", "failing", 10, 50), row("b", "failing", 10.5, 50)];
    expect(order(b, a)).toEqual(["a", "b"]);
  });
});
