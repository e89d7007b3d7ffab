import { describe, expect, it } from "vitest";
import { testConfig } from "#server/testing/context.ts";
import { quantileMs } from "../telemetry/histogram.ts";
import { judgeFlapping, stateChanges } from "./check/flapping.ts";
import { addCodes, decodeLatencies, encodeLatencies } from "./check/latency-codes.ts";
import { type HealthMemory, type HealthRule, nextHealth, type Outcome } from "./check/next-health.ts";
import { SlotHeap } from "./check/slot-heap.ts";
import { latestStartMs, nextSlot, phaseOf } from "./check/slots.ts";
import { type DiskFolders, planTargets, publicUrl } from "./check/targets.ts";
import { type CauseNode, causeOf } from "./read/caused-by.ts";
import { overallState, shownState, summarize, unknownOf } from "./read/shown-health.ts";
import { uptimeOf } from "./read/uptime.ts";
import type { HealthState } from "./schema.ts";

describe("nextHealth", () => {
  const rule: HealthRule = { failureThreshold: 3, successThreshold: 2, maintenance: false };
  const memory = (state: HealthState, failures = 0, successes = 0): HealthMemory => ({
    state,
    consecutiveFailures: failures,
    consecutiveSuccesses: successes,
    recent: "",
    flapping: false,
    flappingReason: null,
  });
  it.each<[HealthState, number, number, Outcome, Partial<HealthRule>, HealthState, number, number]>([
    // before, failures, successes, outcome, rule → state, failures, successes
    ["unknown", 0, 0, "up", {}, "up", 0, 1],
    ["unknown", 0, 0, "degraded", {}, "degraded", 0, 1],
    ["unknown", 0, 0, "down", {}, "pending", 1, 0],
    ["up", 0, 9, "up", {}, "up", 0, 10],
    ["up", 0, 9, "degraded", {}, "degraded", 0, 10],
    ["up", 0, 9, "down", {}, "pending", 1, 0],
    ["up", 0, 9, "down", { failureThreshold: 1 }, "down", 1, 0],
    ["degraded", 0, 1, "up", {}, "up", 0, 2],
    ["degraded", 0, 1, "down", {}, "pending", 1, 0],
    ["pending", 1, 0, "down", {}, "pending", 2, 0],
    ["pending", 2, 0, "down", {}, "down", 3, 0],
    ["pending", 2, 0, "up", {}, "up", 0, 1],
    ["pending", 2, 0, "degraded", {}, "degraded", 0, 1],
    ["down", 5, 0, "down", {}, "down", 6, 0],
    ["down", 5, 0, "up", {}, "down", 0, 1],
    ["down", 0, 1, "up", {}, "up", 0, 2],
    ["down", 0, 1, "degraded", {}, "degraded", 0, 2],
    ["down", 0, 1, "down", {}, "down", 1, 0],
    ["down", 5, 0, "up", { successThreshold: 1 }, "up", 0, 1],
    ["up", 0, 1, "down", { maintenance: true }, "maintenance", 1, 0],
    ["down", 7, 0, "up", { maintenance: true }, "maintenance", 0, 1],
    ["maintenance", 9, 0, "down", {}, "pending", 1, 0],
    ["maintenance", 0, 9, "up", {}, "up", 0, 1],
  ])("%s (%i failed, %i ok) + %s %o → %s", (state, failures, successes, outcome, given, to, f, s) => {
    const after = nextHealth(memory(state, failures, successes), outcome, { ...rule, ...given });
    expect([after.state, after.consecutiveFailures, after.consecutiveSuccesses]).toEqual([to, f, s]);
  });
});

describe("flapping", () => {
  it.each([
    [".....................", 0, 0],
    ["xxxxxxxxxxxxxxxxxxxxx", 0, 0],
    [".x.x.x.x.x.x.x.x.x.x.", 20, 100],
    ["....................x", 1, 6],
    [".xxxxxxxxxxxxxxxxxxxx", 1, 4],
    ["", 0, 0],
  ])("%s: %i changes weigh %f %%", (recent, changes, percent) => {
    const found = stateChanges(recent);
    expect(found.changes).toBe(changes);
    expect(found.percent).toBeCloseTo(percent, 5);
  });

  it("is set late and cleared late, with the rule in words", () => {
    const set = "...............x.x.x."; // 6 recent changes: about 34 %
    const between = ".....x.x.x..........."; // 6 older ones: between the thresholds
    expect(judgeFlapping(set, false)).toEqual({
      flapping: true,
      flappingReason: expect.stringMatching(/^6 changes between ok and failed in the last 21 checks, weighted 3\d %/),
    });
    expect(stateChanges(between).percent).toBeGreaterThan(25);
    expect(stateChanges(between).percent).toBeLessThan(30);
    expect(judgeFlapping(between, false).flapping).toBe(false);
    expect(judgeFlapping(between, true).flapping).toBe(true);
    expect(judgeFlapping(".....................", true)).toEqual({ flapping: false, flappingReason: null });
  });
});

describe("causeOf", () => {
  const now = 1_000_000;
  type Given = [id: string, state: "up" | "pending" | "down", dependsOn: string[], more?: Partial<CauseNode>];
  const graph = (...nodes: Given[]) =>
    new Map(
      nodes.map(([id, state, dependsOn, more]): [string, CauseNode] => [
        id,
        {
          id,
          failing: state !== "up",
          down: state === "down",
          dependsOn,
          stateSinceMs: 0,
          intervalMs: 10_000,
          failureThreshold: 3,
          causedBy: null,
          ...more,
        },
      ]),
    );
  it.each<[string, Given[], string, string | null]>([
    [
      "not failing",
      [
        ["a", "up", ["b"]],
        ["b", "down", []],
      ],
      "a",
      null,
    ],
    [
      "nothing else fails",
      [
        ["a", "down", ["b"]],
        ["b", "up", []],
      ],
      "a",
      null,
    ],
    [
      "the dependency fails",
      [
        ["a", "down", ["b"]],
        ["b", "down", []],
      ],
      "a",
      "b",
    ],
    [
      "not yet confirmed is enough",
      [
        ["a", "down", ["b"]],
        ["b", "pending", []],
      ],
      "a",
      "b",
    ],
    [
      "the root, not the next",
      [
        ["a", "down", ["b"]],
        ["b", "down", ["c"]],
        ["c", "down", []],
      ],
      "a",
      "c",
    ],
    [
      "through a healthy one there is no way",
      [
        ["a", "down", ["b"]],
        ["b", "up", ["c"]],
        ["c", "down", []],
      ],
      "a",
      null,
    ],
    [
      "a confirmed root before a pending one",
      [
        ["a", "down", ["b", "c"]],
        ["b", "pending", []],
        ["c", "down", []],
      ],
      "a",
      "c",
    ],
    [
      "the order of the configuration",
      [
        ["a", "down", ["c", "b"]],
        ["b", "down", []],
        ["c", "down", []],
      ],
      "a",
      "c",
    ],
    [
      "a circle explains nobody in it",
      [
        ["a", "down", ["b"]],
        ["b", "down", ["a"]],
      ],
      "a",
      null,
    ],
    [
      "a circle explains who depends on it",
      [
        ["a", "down", ["b"]],
        ["b", "down", ["c"]],
        ["c", "down", ["b"]],
      ],
      "a",
      "b",
    ],
    [
      "a root beside a circle",
      [
        ["a", "down", ["b"]],
        ["b", "down", ["a", "c"]],
        ["c", "down", []],
      ],
      "a",
      "c",
    ],
    ["unknown dependency", [["a", "down", ["gone"]]], "a", null],
    [
      "a root that just recovered",
      [
        ["a", "down", [], { causedBy: "b" }],
        ["b", "up", [], { stateSinceMs: now - 29_000 }],
      ],
      "a",
      "b",
    ],
    [
      "a root that recovered long ago",
      [
        ["a", "down", [], { causedBy: "b" }],
        ["b", "up", [], { stateSinceMs: now - 31_000 }],
      ],
      "a",
      null,
    ],
  ])("%s", (_, nodes, id, expected) => {
    expect(causeOf(id, graph(...nodes), now)).toBe(expected);
  });
});

describe("what is shown", () => {
  const now = new Date("2026-01-01T12:00:00Z");
  const ago = (ms: number) => new Date(now.getTime() - ms);
  const row = {
    name: "a",
    state: "up",
    maintenanceUntil: null,
    lastCheckedAt: ago(1_000),
    intervalMs: 10_000,
    timeoutMs: 5_000,
  };
  it.each([
    [{}, "up"],
    [{ lastCheckedAt: null }, "unknown"],
    [{ lastCheckedAt: ago(34_000) }, "up"],
    [{ lastCheckedAt: ago(36_000) }, "unknown"],
    [{ state: "down", lastCheckedAt: ago(36_000) }, "unknown"],
    [{ maintenanceUntil: new Date(now.getTime() + 1), lastCheckedAt: null }, "maintenance"],
    [{ maintenanceUntil: ago(1), state: "maintenance" }, "unknown"],
    [{ maintenanceUntil: ago(1), state: "down" }, "down"],
  ])("%o → %s", (given, expected) => {
    expect(shownState({ ...row, ...given }, now)).toBe(expected);
  });

  it("takes the worst of what is not muted", () => {
    const of = (...states: [HealthState, boolean?][]) =>
      overallState(states.map(([state, muted = false]) => ({ state, muted })));
    expect(of(["up"], ["degraded"], ["pending"])).toBe("degraded");
    expect(of(["up"], ["down", true])).toBe("up");
    expect(of(["up"], ["unknown"])).toBe("unknown");
    expect(of()).toBe("unknown");
    expect(of(["up", true], ["up", true])).toBe("up");
    expect(of(["up", true], ["down", true])).toBe("unknown");
  });

  it("names what counts and is unknown, wherever the overall state is", () => {
    const of = (...states: [string, HealthState, boolean?][]) =>
      unknownOf(states.map(([name, state, muted = false]) => ({ name, environment: null, state, muted })));
    expect(of(["a", "up"], ["b", "unknown"], ["c", "unknown", true])).toEqual(["b"]);
    expect(of(["a", "up"], ["c", "unknown", true])).toEqual([]);
    expect(of(["a", "up", true])).toEqual([]);
    expect(of(["a", "down", true])).toEqual(["all that matches is muted"]);
    expect(of()).toEqual(["no service and no health endpoint matches"]);
    const many = Array.from({ length: 25 }, (_, i): [string, HealthState] => [`s${i}`, "unknown"]);
    expect(of(...many).slice(-2)).toEqual(["s19", "5 more"]);
  });

  it("says in one sentence what is down and what is only a consequence", () => {
    const target = (name: string, state: HealthState, causedBy: string | null = null, muted = false) => ({
      name,
      environment: "production",
      state,
      muted,
      causedBy,
      reason: state === "degraded" ? "p95 900 ms over 1,240 requests in 5 min, limit 250 ms" : null,
    });
    expect(summarize([target("a", "degraded"), target("b", "up")])).toBe(
      "Degraded: a (production): p95 900 ms over 1,240 requests in 5 min, limit 250 ms.",
    );
    expect(summarize([target("a", "degraded"), target("b", "degraded")])).toBe(
      "Degraded: a (production), b (production).",
    );
    expect(summarize([target("a", "up"), target("b", "down", null, true)])).toBe(
      "The only checked target answers. 1 muted.",
    );
    expect(summarize([target("payments", "down"), target("checkout", "down", "payments"), target("c", "up")])).toBe(
      "Down: payments (production). Down as a consequence: checkout (production) (caused by payments).",
    );
  });
});

describe("slots", () => {
  it("come at a fixed phase, strictly later, one interval apart", () => {
    const first = nextSlot("hlt_1", 30_000, 1_700_000_000_000);
    expect(first).toBeGreaterThan(1_700_000_000_000);
    expect(first % 30_000).toBe(phaseOf("hlt_1", 30_000));
    expect(nextSlot("hlt_1", 30_000, first)).toBe(first + 30_000);
    expect(nextSlot("hlt_1", 30_000, first - 1)).toBe(first);
  });

  it("spread evenly: no herd", () => {
    const perSecond = new Array<number>(30).fill(0);
    const endpoints = Array.from(
      { length: 5_000 },
      (_, i) => ({ type: "http", name: `e${i}`, url: "http://a.test/" }) as const,
    );
    for (const { id } of planTargets(testConfig({ services: [], monitoringConfig: { healthEndpoints: endpoints } }))) {
      const second = Math.floor(phaseOf(id, 30_000) / 1_000);
      perSecond[second] = (perSecond[second] ?? 0) + 1;
    }
    expect(Math.max(...perSecond)).toBeLessThan(230); // even would be 167
    expect(Math.min(...perSecond)).toBeGreaterThan(110);
  });

  it("are skipped when they cannot be met", () => {
    expect(latestStartMs(1_000, 1_000)).toBe(1_500);
    expect(latestStartMs(1_000, 600_000)).toBe(6_000);
  });

  it("leave the heap in order", () => {
    const heap = new SlotHeap<{ atMs: number }>();
    const times = Array.from({ length: 500 }, (_, i) => (i * 7919) % 1009);
    for (const atMs of times) heap.push({ atMs });
    const out = Array.from({ length: heap.size }, () => heap.pop()?.atMs);
    expect(out).toEqual(times.toSorted((a, b) => a - b));
    expect(heap.pop()).toBeUndefined();
  });
});

describe("targets", () => {
  const config = testConfig({
    monitoringConfig: {
      checkIntervalMs: 20_000,
      failureThreshold: 4,
      healthEndpoints: [
        {
          type: "http",
          name: "front",
          url: "https://user:pass@shop.test/a?token=secret#x",
          headers: { authorization: "Bearer secret" },
          timeoutMs: 60_000,
          dependsOn: ["checkout", "db"],
          successThreshold: 5,
        },
        { type: "tcp", name: "db", host: "db.test", port: 5432, environment: "staging", dependsOn: ["payments"] },
      ],
    },
  });
  const plan = planTargets(config);
  const find = (name: string, environment: string | null) =>
    plan.find((target) => target.name === name && target.environment === environment)!;

  it("are made of endpoints and of services in each environment, under stable ids", () => {
    expect(plan.map(({ name, environment }) => `${name}/${environment}`).toSorted()).toEqual([
      "checkout/production",
      "checkout/staging",
      "db/staging",
      "front/null",
      "payments/production",
      "payments/staging",
    ]);
    expect(new Set(plan.map(({ id }) => id)).size).toBe(6);
    expect(planTargets(config).map(({ id }) => id)).toEqual(plan.map(({ id }) => id));
  });

  it("depend within their environment; endpoints on the last environment or their own", () => {
    expect(find("checkout", "staging").dependsOn).toEqual([find("payments", "staging").id]);
    expect(find("front", null).dependsOn).toEqual([find("checkout", "production").id, find("db", "staging").id]);
    expect(find("db", "staging").dependsOn).toEqual([find("payments", "staging").id]);
  });

  it("show no secret, and never outlast their interval", () => {
    const { probe: _, ...stored } = find("front", null);
    expect(JSON.stringify(stored)).not.toContain("secret");
    expect(stored).toMatchObject({
      address: "https://shop.test/a?token=…",
      timeoutMs: 20_000,
      failureThreshold: 4,
      successThreshold: 5,
    });
    expect(publicUrl("http://a.test/x")).toBe("http://a.test/x");
  });
});

describe("rollup arithmetic", () => {
  it("keeps latencies through encoding, and adds them", () => {
    const latencies = [0.05, 1, 1, 12, 12.1, 4_000, 100_000];
    const codes = encodeLatencies(latencies);
    const twice = decodeLatencies(codes);
    addCodes(twice, codes);
    expect(twice.reduce((sum, count) => sum + count, 0)).toBe(2 * latencies.length);
    expect(quantileMs(twice, 0.5)).toBeCloseTo(12, -1);
  });

  it("counts degraded as up, and cuts rather than rounds", () => {
    const rollups = [{ up: 99_998, degraded: 1, down: 1, latency: [] }];
    expect(uptimeOf(rollups)).toMatchObject({ checks: 100_000, uptimePercent: 99.999, latencyP95Ms: null });
    expect(uptimeOf([{ up: 9_999_999, degraded: 0, down: 1, latency: [] }]).uptimePercent).toBe(99.999);
    expect(uptimeOf([]).uptimePercent).toBeNull();
  });
});

it("watches the disk of the embedded database, or that of the data directory where the database is elsewhere", () => {
  const disks = (folders: DiskFolders) =>
    planTargets(testConfig(), folders).flatMap(({ kind, address, probe }) =>
      kind === "disk" ? [{ address, probe }] : [],
    );
  const of = (path: string) => ({ spec: expect.objectContaining({ type: "disk", path }) });
  expect(disks({ databaseDir: "/d/postgres", dataDir: "/d" })).toEqual([
    { address: "the disk of the database", probe: of("/d/postgres") },
  ]);
  expect(disks({ databaseDir: undefined, dataDir: "/d" })).toEqual([
    { address: "the disk of the data directory", probe: of("/d") },
  ]);
  expect(disks({})).toEqual([]);
});
