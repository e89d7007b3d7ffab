import { describe, expect, it } from "vitest";
import { mergeRules, type RolloutRulesInput } from "../config.ts";
import { planView } from "./plan-view.ts";
import type { Planned, Situation } from "./planned.ts";
import { stepsOf } from "./planned-steps.ts";
import type { DependencyState } from "./service-context.ts";

const made = (rollout: RolloutRulesInput = {}, change: Partial<Planned> = {}): Planned => {
  const rules = mergeRules(rollout);
  const planned = {
    service: "checkout",
    environment: "production",
    kind: "deploy",
    strategy: "canary",
    version: "1.1.0",
    previousVersion: "1.0.0",
    options: {
      rollbackOnFailure: true,
      healthCheckTimeoutSeconds: 60,
      timeoutSeconds: 600,
      instances: 4,
      maxSurge: 1,
      maxUnavailable: 0,
      rules,
    },
    ...change,
  } as const;
  const { strategy, version, previousVersion, options } = planned;
  return { ...planned, steps: stepsOf({ strategy, version, previousVersion, instances: options.instances, rules }) };
};
const now: Situation = {
  at: new Date("2026-11-27T12:00:00Z"),
  instances: 4,
  ready: 4,
  requestsPerSecond: 1_000,
  affects: ["gateway"],
  nextFreeze: null,
  disk: null,
  surroundings: {
    ...{ service: null, dependencies: [], windowSeconds: 120 },
    ofNoService: { incidents: [], moreIncidents: 0 },
  },
  overridden: [],
  notes: [],
};
const warnings = (planned: Planned, change: Partial<Situation> = {}) =>
  planView(planned, { ...now, ...change }).warnings.map((one) => one.message);

it("of a canary with traffic enough: its steps, how long, what then, and nothing to warn of", () => {
  const planned = made();
  const plan = planView(planned, now);
  expect(plan).toMatchObject({
    summary: "checkout in production: from 4 instances of 1.0.0 to 4 instances of 1.1.0.",
    strategy: "canary",
    affects: ["gateway"],
    warnings: [],
    undo: "While it runs: abort it, and 1.0.0 serves everything again. Afterwards: roll production back to 1.0.0.",
  });
  expect(plan.steps.map((step) => step.title)).toEqual(planned.steps.map((step) => step.title));
  expect(plan.expectedSeconds).toBe(plan.steps.reduce((sum, step) => sum + step.seconds, 0));
  expect(plan.expectedSeconds).toBeGreaterThan(180);
});

it.each([
  ["canary", 4, "1.0.0", "Open connections, as WebSockets, may add up to 45 s before 1.0.0 is stopped."],
  ["rolling", 4, "1.0.0", "Open connections, as WebSockets, may add up to 45 s for each instance that is stopped."],
  ["rolling", 1, "1.0.0", "Open connections, as WebSockets, may add up to 45 s."],
  ["rolling", 0, null, null],
] as const)("%s over %i instances says what open connections may add", (strategy, instances, previousVersion, said) => {
  const planned = made({ drainSeconds: 45 }, { strategy, previousVersion });
  expect(planView(planned, { ...now, instances }).openConnections).toBe(said);
});

describe("how long the judge takes follows from the traffic", () => {
  // 200 requests of the new version wanted, at least 60 s, at most 900 s
  it.each([
    [1_000, [60, 60, 60], false],
    [40, [100, 60, 60], false],
    [4, [900, 200, 100], true],
    [0, [900, 900, 900], true],
    [null, [60, 60, 60], false],
  ])("at %s requests a second: %j, and whether it will ask: %s", (requestsPerSecond, seconds, asks) => {
    const { steps, asksPeople } = planView(made(), { ...now, requestsPerSecond });
    expect(steps.filter((step) => step.title.startsWith("Compare")).map((step) => step.seconds)).toEqual(seconds);
    expect(asksPeople).toBe(asks);
  });

  it.each([
    [
      40,
      ["At 40 requests a second, 5 % of them reach 200 requests, the least that the judge compares, only after 100 s."],
    ],
    [
      4,
      [
        "At 4.0 requests a second, 5 % of them reach 200 requests, the least that the judge compares, only after 16 min 40 s; after 15 min the judge asks you.",
      ],
    ],
    [
      0,
      [
        "No requests in the last minutes: the judge will have nothing to compare and will ask you after 15 min of each step.",
      ],
    ],
    [null, ["How many requests come in is not known: the judge may have too little to compare, and would ask you."]],
  ])("and is said at %s", (requestsPerSecond, expected) =>
    expect(warnings(made(), { requestsPerSecond })).toEqual(expected),
  );

  it("is no matter of a rolling one", () =>
    expect(warnings(made({}, { strategy: "rolling" }), { requestsPerSecond: 0 })).toEqual([]));
});

describe("warns of", () => {
  const freeze = (from: string) => ({
    nextFreeze: {
      name: "weekend",
      environments: [],
      services: [],
      from: new Date(from),
      until: new Date("2026-11-30T07:00:00Z"),
    },
  });
  it.each([
    [made({}, { previousVersion: null }), {}, "canary comes down to rolling"],
    [made(), { ready: 3 }, "1 of 4 instances are not ready now."],
    [made({ canary: { sticky: { by: "cookie", name: "who" } } }), {}, "(cookie who)"],
    [made({}, { options: { ...made().options, rollbackOnFailure: false } }), {}, "Rollback on failure is off"],
    [
      made(),
      freeze("2026-11-27T13:00:00Z"),
      "weekend begins in 1 h. What runs goes on; a fix would have to wait until 2026-11-30 07:00 UTC",
    ],
    [
      made({ hooks: { before: [{ name: "migrate", type: "command", command: ["x"] } as never] } }),
      {},
      "It runs 1 hook: before migrate.",
    ],
    [made(), { overridden: ["It is locked."] }, "Set aside by you: It is locked."],
    [made(), { notes: ["1.1.0 is still being watched in staging."] }, "still being watched in staging"],
  ] as const)("case %#", (planned, change, text) =>
    expect(warnings(planned, change as Partial<Situation>).join("\n")).toContain(text),
  );

  const neighbour = (change: Partial<DependencyState>): DependencyState => ({
    ...{ service: "payments", health: { state: "up", message: null }, instances: { ready: 2, all: 2 } },
    ...{
      incidents: [],
      moreIncidents: 0,
      deployment: null,
      traffic: { failed: 1, requests: 1_000 },
      late: null,
      errorLimitPercent: 1,
      ...change,
    },
  });
  const incident = { label: "INC-7", title: "orders fail" };
  it.each([
    [{ health: { state: "down", message: "connection refused" } }, "down", "is down now: connection refused"],
    [{ health: { state: "degraded", message: null } }, "down", "is degraded now."],
    [
      { health: null, instances: { ready: 0, all: 2 } },
      "down",
      "does not serve now: none of its 2 instances is ready.",
    ],
    [{ health: null, instances: { ready: 0, all: 0 } }, "down", "does not serve now: nothing of it runs."],
    [{ incidents: [incident] }, "incident", "INC-7 is open for payments"],
    [{ moreIncidents: 17 }, "incident", "17 more incidents are open for payments"],
    [
      { health: { state: "pending", message: "connection refused" } },
      "down",
      "fails its check now, which is not confirmed yet: connection refused",
    ],
    [{ late: { count: 12, limitMs: 2_000, isAll: true } }, "error", "lets 12 requests wait for longer than 2 s now."],
    [
      { traffic: { failed: 600, requests: 1_000 } },
      "error",
      "fails 60 % (600 of 1\u00a0000 requests of the last 120 s); its limit is 1 %.",
    ],
    [{ traffic: { failed: 3, requests: 1_000 }, errorLimitPercent: 0.1 }, "error", "its limit is 0.1 %."],
  ] as const)("what is wrong with it or with what it depends on, case %#", (change, kind, text) => {
    const base = { ...now.surroundings, service: neighbour({ service: "checkout" }) };
    const own = planView(made(), { ...now, surroundings: { ...base, service: neighbour(change as never) } }).warnings;
    expect(own).toEqual([expect.objectContaining({ message: expect.stringContaining(text) })]);
    expect(own[0]?.kind).toContain(kind);
    const other = planView(made(), { ...now, surroundings: { ...base, dependencies: [neighbour(change as never)] } });
    expect(other.warnings).toEqual([expect.objectContaining({ message: expect.stringContaining(text) })]);
    expect(other.warnings[0]).toMatchObject({ kind: expect.stringMatching(/^dependency_/) });
    expect(other.warnings[0]?.message).toContain("payments, which checkout depends on");
  });

  it("an incident that names no service", () => {
    const ofNoService = { incidents: [incident], moreIncidents: 1 };
    expect(warnings(made(), { surroundings: { ...now.surroundings, service: neighbour({}), ofNoService } })).toEqual([
      "INC-7 is open for no service in particular: orders fail",
      "1 more incident is open for no service in particular.",
    ]);
  });

  it("a dependency that is being deployed, and not of itself", () => {
    const deployment = { id: "dep_1", version: "3.0.0" };
    const surroundings = { ...now.surroundings, service: neighbour({}), dependencies: [neighbour({ deployment })] };
    expect(warnings(made(), { surroundings })).toEqual([
      "payments, which checkout depends on, is being deployed: dep_1 to 3.0.0. A difference could come from there.",
    ]);
  });

  it("nothing where all is well, nor of a single failure, nor of what a rollback puts right", () => {
    const well = { ...now.surroundings, service: neighbour({}), dependencies: [neighbour({ service: "ledger" })] };
    expect(warnings(made(), { surroundings: well })).toEqual([]);
    const once = { ...well, service: neighbour({ traffic: { failed: 1, requests: 5 } }) };
    expect(warnings(made(), { surroundings: once })).toEqual([]);
    const allowed = { ...well, service: neighbour({ traffic: { failed: 40, requests: 1_000 }, errorLimitPercent: 5 }) };
    expect(warnings(made(), { surroundings: allowed })).toEqual([]);
    const down = { ...well, service: neighbour({ health: { state: "down", message: null } }) };
    expect(warnings(made({}, { kind: "rollback", strategy: "restore" }), { surroundings: down })).toEqual([]);
  });

  it("the worst first", () => {
    const dependencies = [
      neighbour({ incidents: [incident] }),
      neighbour({ health: { state: "down", message: null } }),
    ];
    const { warnings: found } = planView(made(), {
      ...now,
      ...{ notes: ["a note"], surroundings: { ...now.surroundings, dependencies } },
    });
    expect(found.map((one) => one.severity)).toEqual(["critical", "warning", "info"]);
  });

  it("no freeze that is hours away, and none to a rollback", () => {
    expect(warnings(made(), freeze("2026-11-27T18:00:00Z"))).toEqual([]);
    expect(warnings(made({}, { kind: "rollback", strategy: "restore" }), freeze("2026-11-27T12:10:00Z"))).toEqual([]);
  });
});

it.each([
  [made(), "all requests go to 1.0.0 at once"],
  [made({}, { strategy: "rolling" }), "1.0.0 is started again where it is missing"],
  [made({}, { previousVersion: null }), "Nothing else runs that it could go back to"],
  [
    made({}, { options: { ...made().options, rollbackOnFailure: false } }),
    "waits 30 min for somebody to promote, retry, roll back or abort",
  ],
])("says what happens when it fails, case %#", (planned, text) =>
  expect(planView(planned, now).onFailure).toContain(text),
);

const judgedOf = (change: Partial<Planned>, options: { watchSeconds?: number; rollbackOnFailure?: boolean } = {}) => {
  const planned = made({}, change);
  const { watchSeconds = 600, rollbackOnFailure = true } = options;
  const rules = { ...planned.options.rules, watchSeconds };
  return planView({ ...planned, options: { ...planned.options, rollbackOnFailure, rules } }, now);
};

it("says of a rolling deployment that only the watch judges it, for how long and what it does, and warns of nothing", () => {
  const plan = judgedOf({ strategy: "rolling" });
  expect(plan.judged).toBe(
    "Not while it is carried out: instances only have to become ready, whatever they answer. Afterwards it is watched for 10 min: its requests are compared with those to 1.0.0 before, and when two comparisons in a row fail it is rolled back.",
  );
  expect(plan.warnings).toEqual([]);
});

it.each([
  [{ strategy: "rolling" as const }, { rollbackOnFailure: false }, /fail somebody is asked\.$/],
  [{ strategy: "rolling" as const }, { watchSeconds: 0 }, /whatever they answer\. The watch afterwards is off\.$/],
  [{}, { watchSeconds: 90 }, /^Compared with 1\.0\.0 on the way\. Afterwards it is watched for 90 s/],
  [{ previousVersion: null }, {}, /^Nothing runs that 1\.1\.0 could be compared with/],
])("says when %j with %j is judged", (change, options, text) => expect(judgedOf(change, options).judged).toMatch(text));

it("where nothing runs there is nothing to come from or go back to", () => {
  const plan = planView(made({}, { previousVersion: null }), { ...now, instances: 0, ready: 0 });
  expect(plan).toMatchObject({
    summary: "checkout in production: from nothing to 4 instances of 1.1.0.",
    strategy: "rolling",
    undo: "There is no version before it. Deploy another version.",
  });
});
