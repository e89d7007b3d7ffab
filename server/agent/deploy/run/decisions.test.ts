import { beforeEach, describe, expect, it } from "vitest";
import { type TestContext, testConfig, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { drainIncidents } from "#server/testing/deploy/drain-incidents.ts";
import {
  type Before,
  type Clock,
  decide,
  type Inspected,
  rehearsal,
  type Script,
  scriptedEffects,
} from "#server/testing/deploy/rehearsal.ts";
import { getDeploymentRow, listEvents } from "../record/store.ts";
import { listSteps } from "../record/store-steps.ts";
import { deployApplication } from "../request/deploy-application.ts";
import type { StepOutcome } from "./procedure.ts";
import { runDeployment } from "./workflow.ts";

const database = useDatabase();
const clock: Clock = { ms: 0 };
let ctx: TestContext;
beforeEach(async () => {
  await database.db.deployment.deleteMany();
  await database.db.incident.deleteMany();
  clock.ms = Date.parse("2026-03-01T10:00:00Z");
  ctx = testContext(database, {
    now: () => new Date(clock.ms),
    config: testConfig({
      deploymentConfig: {
        rollout: {
          canary: { weights: [10, 50], keepOldSeconds: 30 },
          verification: [{ name: "home", path: "/" }],
          hooks: { between: [{ name: "smoke", type: "command", command: ["true"] }] },
          decisionTimeoutSeconds: 600,
          pauseTimeoutSeconds: 3_600,
        },
      },
    }),
  });
});

/** bring_up 0 · verify 1 · weight 2 · analysis 3 · hook 4 · bring_up 5 · weight 6 · analysis 7 · hook 8 · bring_up 9 · weight 10 · hold 11 · retire 12 */
const CANARY = { strategy: "canary", rollbackOnFailure: false } as const;
const service = () => ctx.platform.services.get("checkout/production")!;
const versions = () => [...new Set(service().instances.map((one) => one.version))];

type Act = (id: string) => Promise<void>;
interface Play {
  /** what each inspection comes to; passes when there is nothing */
  script?: Script;
  /** called once for the n-th durable step of a name */
  at?: Record<string, Act>;
  extra?: object;
}

async function play({ script = passes, at = {}, extra = {} }: Play) {
  const { deployment } = await deployApplication(ctx, {
    ...{ service: "checkout", environment: "production", version: "1.1.0" },
    ...CANARY,
    ...extra,
  });
  const { id } = deployment!;
  const ahead = new Map(Object.entries(at));
  const before: Before = async (step, count) => {
    const act = ahead.get(`${step} ${count}`);
    ahead.delete(`${step} ${count}`);
    await act?.(id);
  };
  const durable = rehearsal(clock, before);
  await runDeployment(durable, scriptedEffects(ctx, script), id);
  expect([...ahead.keys()]).toEqual([]); // none of them was missed
  await drainIncidents(ctx);
  const events = (await listEvents(database.db, id)).map((event) => event.message);
  const row = await getDeploymentRow(database.db, id);
  return { row, events, steps: await listSteps(database.db, id), durable };
}

const passed: StepOutcome = { kind: "passed", note: "good" };
const passes: Script = () => passed;
const failsOnce =
  (index: number): Script =>
  ({ step, attempt }: Inspected) =>
    step.index === index && attempt === 1 ? { kind: "failed", reason: "5 % errors", instance: null } : passed;
const undecidedOnce =
  (index: number): Script =>
  ({ step, attempt }: Inspected) =>
    step.index === index && attempt === 1 ? { kind: "undecided", reason: "too little traffic" } : passed;
/** An analysis that would take for ever. */
const staysAt =
  (...indexes: number[]): Script =>
  ({ step, attempt, round }: Inspected) =>
    indexes.includes(step.index) && attempt === 1 && round < 5_000 ? null : passed;

const waiting = async (id: string) => (await getDeploymentRow(database.db, id)).waiting;
const servedByOld = () => expect(service().weights).toMatchObject({ "1.0.0": 100 });

describe("a step that failed, with rollback off", () => {
  it("keeps the users on the version before and asks, with an incident", async () => {
    const seen: unknown[] = [];
    const { row } = await play({
      script: failsOnce(3),
      at: {
        "hear 2": async (id) => {
          servedByOld();
          const now = await getDeploymentRow(database.db, id);
          seen.push(now.status, now.waiting);
          await drainIncidents(ctx);
          expect(await database.db.incident.count({ where: { deploymentId: id } })).toBe(1);
          const [analysis] = (await listSteps(database.db, id)).filter((step) => step.status === "waiting");
          expect(analysis).toMatchObject({ index: 3, note: "5 % errors" });
          await decide(ctx, id, "rollback");
        },
      },
    });
    expect(seen).toEqual([
      "paused",
      {
        id: `${row.id}:0`,
        kind: "failed",
        reason: "5 % errors",
        stepIndex: 3,
        options: ["promote", "retry", "rollback", "abort"],
        since: expect.any(String),
        expiresAt: expect.any(String),
      },
    ]);
    expect(row).toMatchObject({ status: "rolled_back", waiting: null });
    expect(row.summary).toBe("Rolled back: 5 % errors; Ada called it back. 1.0.0 serves again with 3 of 3 instances.");
    expect([versions(), service().weights]).toEqual([["1.0.0"], null]);
  });

  it("goes back by itself when nobody decides, and counts the wait as no time", async () => {
    const { row, events } = await play({ script: failsOnce(3) });
    expect(row).toMatchObject({ status: "rolled_back", waiting: null });
    expect(row.summary).toContain("5 % errors; nobody decided within 10 min");
    expect(events).toContain("Nobody decided in time");
    expect(events).toContain(
      "Waits for a person to promote, retry, roll back or abort within 10 min, else it goes back to 1.0.0",
    );
    expect([versions(), service().weights]).toEqual([["1.0.0"], null]);
  });

  it.each([
    ["forward", 3_600_000],
    ["back", -3_600_000],
  ])("leaves a person the whole time when the clock is set %s by an hour", async (_, setMs) => {
    let lived = 0;
    const ticks = { last: clock.ms };
    // moves as the clock of the test does, but for the hour
    ctx.steadyMs = () => {
      const moved = clock.ms - ticks.last;
      ticks.last = clock.ms;
      lived += Math.abs(moved) >= 3_000_000 ? 0 : moved;
      return lived;
    };
    let askedMs = 0;
    const { row, durable } = await play({
      script: failsOnce(3),
      at: {
        "hear 1": async () => {
          ctx.steadyMs?.();
          askedMs = lived;
        },
        "hear 3": async () => {
          ctx.steadyMs?.();
          clock.ms += setMs;
          ctx.steadyMs?.();
        },
      },
    });
    expect(row.status).toBe("rolled_back");
    expect(durable.steps).toContain("expire");
    expect(lived - askedMs).toBeGreaterThanOrEqual(600_000);
    expect(lived - askedMs).toBeLessThan(1_200_000);
  });

  it("is tried again with the share it had", async () => {
    const { row, steps } = await play({
      script: failsOnce(3),
      at: {
        "hear 2": (id) => decide(ctx, id, "retry"),
        "inspect 3": async () => expect(service().weights).toEqual({ "1.0.0": 90, "1.1.0": 10 }),
      },
    });
    expect(row.status).toBe("succeeded");
    expect(steps[3]).toMatchObject({ attempt: 2, status: "passed", note: "good" });
  });

  it("is tried again with new instances for those that keep crashing", async () => {
    const { row, steps } = await play({
      script: staysAt(3),
      at: {
        "inspect 4": async () =>
          void Object.assign(service().instances.at(-1)!, { state: "crash-looping", reason: "exit code 1" }),
        "hear 2": (id) => decide(ctx, id, "retry"),
        "inspect 5": async () => {
          expect(service().instances.map((one) => `${one.version} ${one.state}`)).toEqual([
            ...Array(3).fill("1.0.0 ready"),
            "1.1.0 ready",
          ]);
          expect(service().weights).toEqual({ "1.0.0": 90, "1.1.0": 10 });
        },
      },
    });
    expect(row.status).toBe("succeeded");
    expect(steps[3]).toMatchObject({ attempt: 2, status: "passed" });
  });

  it("is accepted by whoever promotes it", async () => {
    const { row, steps } = await play({ script: failsOnce(3), at: { "hear 2": (id) => decide(ctx, id, "promote") } });
    expect(row.status).toBe("succeeded");
    expect(steps[3]).toMatchObject({ attempt: 1, status: "passed", note: "Promoted by Ada, although 5 % errors" });
    expect(await database.db.incidentEvent.count({ where: { key: `deployment-succeeded:${row.id}` } })).toBe(1);
  });

  it("is cancelled by whoever aborts it", async () => {
    const { row, steps } = await play({ script: failsOnce(7), at: { "hear 2": (id) => decide(ctx, id, "abort") } });
    expect(row).toMatchObject({ status: "cancelled", summary: "Cancelled. 1.0.0 serves again with 3 of 3 instances." });
    expect(steps.map((step) => step.status)).toEqual([
      ...Array(7).fill("passed"),
      "failed",
      ...Array(5).fill("skipped"),
    ]);
    expect([versions(), service().weights]).toEqual([["1.0.0"], null]);
  });

  it("of instances that do not come up cannot be promoted, and is tried again without them", async () => {
    ctx.platform.neverReady.add("1.1.0");
    const { row, steps } = await play({
      extra: { healthCheckTimeout: 5 },
      at: {
        "hear 1": async (id) => {
          expect((await waiting(id))?.options).toEqual(["retry", "rollback", "abort"]);
          ctx.platform.neverReady.delete("1.1.0");
          await decide(ctx, id, "retry");
        },
      },
    });
    expect(row.status).toBe("succeeded");
    expect(steps[0]).toMatchObject({ attempt: 2, status: "passed" });
    expect(service().instances).toHaveLength(3);
  });

  it("in a rolling deployment leaves what serves, and can be tried again", async () => {
    const { row } = await play({
      extra: { strategy: "rolling", healthCheckTimeout: 5 },
      at: {
        "start 2": async () => void ctx.platform.neverReady.add("1.1.0"),
        "hear 1": async (id) => {
          expect(service().weights).toBeNull();
          expect(service().instances.map((one) => `${one.version} ${one.state}`)).toEqual([
            "1.0.0 ready",
            "1.0.0 ready",
            "1.1.0 ready",
            "1.1.0 starting",
          ]);
          ctx.platform.neverReady.clear();
          await decide(ctx, id, "retry");
        },
      },
    });
    expect(row.status).toBe("succeeded");
    expect(service().instances.map((one) => one.version)).toEqual(["1.1.0", "1.1.0", "1.1.0"]);
  });

  it("without a version before it ends as it is when nobody decides", async () => {
    service().instances = [];
    ctx.platform.neverReady.add("1.1.0");
    const { row } = await play({
      extra: { healthCheckTimeout: 5 },
      at: { "hear 1": async (id) => expect((await waiting(id))?.options).toEqual(["retry", "abort"]) },
    });
    expect(row.status).toBe("failed");
    expect(row.summary).toMatch(/nobody decided within 10 min\. Left as it is, because nothing ran before it/);
    // the incident of the question also tells how it ended
    expect(await database.db.incidentEvent.count({ where: { key: `deployment-ended-badly:${row.id}` } })).toBe(1);
  });
});

describe("a hook after everything that refuses", () => {
  const after = { type: "command" as const, name: "tell", command: ["false"] };
  const refusesOnce: Script = ({ step, attempt }) =>
    step.phase === "after" && attempt === 1 ? { kind: "failed", reason: "exit code 1", instance: null } : passed;
  beforeEach(() => {
    const config = testConfig({
      deploymentConfig: { rollout: { hooks: { after: [after] }, blueGreen: { keepOldSeconds: 0 } } },
    });
    ctx = testContext(database, { now: () => new Date(clock.ms), config });
  });

  it("brings the old version, which is gone by then, back before it gets a request", async () => {
    const at = {
      "drain 2": async () => {
        // nothing was turned to instances that had not started
        expect(service().weights).toBeNull();
        expect(
          service()
            .instances.map((one) => one.version)
            .sort(),
        ).toEqual([...Array(3).fill("1.0.0"), ...Array(3).fill("1.1.0")]);
      },
    };
    const extra = { strategy: "blue-green", rollbackOnFailure: true };
    const { row } = await play({ script: refusesOnce, extra, at });
    expect(row.status).toBe("rolled_back");
    expect([versions(), service().weights]).toEqual([["1.0.0"], null]);
  });

  it.each(["retry", "promote"] as const)("leaves no weights behind when somebody decides to %s", async (decision) => {
    const at = { "hear 3": (id: string) => decide(ctx, id, decision) };
    const { row } = await play({ script: refusesOnce, extra: { strategy: "blue-green" }, at });
    expect(row.status).toBe("succeeded");
    expect([versions(), service().weights]).toEqual([["1.1.0"], null]);
  });
});

describe("an analysis that cannot say", () => {
  it("hands what it had to the next try, and a step after it nothing", async () => {
    const given = new Map<string, unknown>();
    const script: Script = ({ step, attempt, ...more }) => {
      if (step.kind === "analysis")
        given.set(`${step.index}, try ${attempt}`, "since" in more ? more.since : undefined);
      return step.index === 3 && attempt === 1 ? { kind: "undecided", reason: "few requests", since: 77 } : passed;
    };
    await play({ script, at: { "hear 2": (id) => decide(ctx, id, "retry") } });
    expect(Object.fromEntries(given)).toEqual({ "3, try 1": undefined, "3, try 2": 77, "7, try 1": undefined });
  });

  it("asks with the share it has, and goes on when promoted", async () => {
    const { row, steps } = await play({
      script: undecidedOnce(7),
      extra: { rollbackOnFailure: true },
      at: {
        "hear 3": async (id) => {
          expect(service().weights).toEqual({ "1.0.0": 50, "1.1.0": 50 });
          expect(await waiting(id)).toMatchObject({ kind: "undecided", stepIndex: 7 });
          await decide(ctx, id, "promote");
        },
      },
    });
    expect(row.status).toBe("succeeded");
    expect(steps[7]).toMatchObject({ note: "Promoted by Ada, although too little traffic" });
    expect(await database.db.incident.count({ where: { deploymentId: row.id } })).toBe(0);
  });

  it("goes back when nobody says anything", async () => {
    const { row } = await play({ script: undecidedOnce(3) });
    expect(row.status).toBe("rolled_back");
    expect([versions(), service().weights]).toEqual([["1.0.0"], null]);
  });
});

describe("somebody who steps in unasked", () => {
  it("promotes what the judge still compares", async () => {
    const { row, steps } = await play({
      script: staysAt(3),
      at: { "inspect 4": (id) => decide(ctx, id, "promote") },
    });
    expect(row.status).toBe("succeeded");
    expect(steps[3]).toMatchObject({ status: "passed", note: "Promoted by Ada" });
    expect(steps[7]).toMatchObject({ status: "passed", note: "good" });
  });

  it("promotes it all the way: no judge, no hold, no shares in between, but every hook", async () => {
    const { row, steps } = await play({
      script: staysAt(3),
      at: { "inspect 4": (id) => decide(ctx, id, "promote", "all") },
    });
    expect(row.status).toBe("succeeded");
    const skipped = steps.filter((step) => step.status === "skipped").map((step) => `${step.kind} ${step.index}`);
    expect(skipped).toEqual(["bring_up 5", "weight 6", "analysis 7", "hold 11"]);
    expect(steps[11]?.note).toBe("Skipped: Ada promoted it all the way");
    expect(service().instances.map((one) => one.version)).toEqual(["1.1.0", "1.1.0", "1.1.0"]);
  });

  it("promotes a step that has passed meanwhile, and the next one is judged all the same", async () => {
    const { steps } = await play({ script: passes, at: { "inspect 2": (id) => decide(ctx, id, "promote") } });
    expect(steps[7]).toMatchObject({ note: "good" });
  });

  it("pauses an analysis at once, which begins anew when resumed", async () => {
    const { row, steps } = await play({
      script: staysAt(3),
      at: {
        "inspect 4": (id) => decide(ctx, id, "pause"),
        "hear 5": async (id) => {
          const now = await getDeploymentRow(database.db, id);
          expect(now).toMatchObject({ status: "paused", waiting: { kind: "paused", reason: "Paused by Ada" } });
          expect(now.waiting?.options).toEqual(["resume", "promote", "rollback", "abort"]);
          await decide(ctx, id, "resume");
        },
      },
    });
    expect(row.status).toBe("succeeded");
    expect(steps[3]).toMatchObject({ attempt: 2, status: "passed", note: "good" });
  });

  it("pauses a rolling deployment between two instances", async () => {
    let atPause = 0;
    const { row, steps } = await play({
      extra: { strategy: "rolling" },
      at: {
        "drain 1": (id) => decide(ctx, id, "pause"),
        "hear 3": async (id) => {
          atPause = service().instances.filter((one) => one.version === "1.1.0").length;
          await decide(ctx, id, "resume");
        },
      },
    });
    expect([row.status, atPause]).toEqual(["succeeded", 1]);
    expect(steps[0]).toMatchObject({ attempt: 1, status: "passed" });
  });

  it("pauses other steps when they end; an earlier resume takes that back", async () => {
    const asked: unknown[] = [];
    const script = staysAt(-1);
    const paused = await play({
      script,
      at: {
        "share 1": (id) => decide(ctx, id, "pause"),
        "hear 1": async (id) => {
          asked.push((await waiting(id))?.stepIndex, (await listSteps(database.db, id)).map((step) => step.status)[1]);
          await decide(ctx, id, "resume");
        },
      },
    });
    expect([paused.row.status, ...asked]).toEqual(["succeeded", 1, "pending"]);
    service().instances = service().instances.map((one) => ({ ...one, version: "1.0.0" }));
    const taken = await play({
      at: {
        "share 1": async (id) => {
          await decide(ctx, id, "pause");
          await decide(ctx, id, "resume");
        },
      },
    });
    expect(taken.durable.steps).not.toContain("ask");
  });

  it("pauses and forgets it: it goes back when the time is up, without an incident", async () => {
    const { row } = await play({ script: staysAt(3), at: { "inspect 4": (id) => decide(ctx, id, "pause") } });
    expect(row.status).toBe("rolled_back");
    expect(row.summary).toContain("Paused by Ada, and nobody resumed it within 1 h");
    expect(await database.db.incident.count({ where: { deploymentId: row.id } })).toBe(0);
    expect([versions(), service().weights]).toEqual([["1.0.0"], null]);
  });

  it("calls it back in the middle of an analysis", async () => {
    const { row, steps } = await play({ script: staysAt(3), at: { "inspect 4": (id) => decide(ctx, id, "rollback") } });
    expect(row).toMatchObject({
      status: "rolled_back",
      summary: "Rolled back: Ada called it back. 1.0.0 serves again with 3 of 3 instances.",
    });
    expect(steps[3]).toMatchObject({ status: "failed", note: "Ended by the way back: Ada called it back" });
    expect([versions(), service().weights]).toEqual([["1.0.0"], null]);
  });

  it("calls it back while the old set drains: what drained takes requests again, and nothing is started", async () => {
    ctx.platform.workloads.instances.drain = async ({ instanceId }) => {
      const one = service().instances.find((instance) => instance.id === instanceId);
      if (one) one.state = "draining";
      return { remaining: one?.version === "1.0.0" ? 2 : 0 };
    };
    const before = service().instances.map((one) => one.id);
    const { row } = await play({
      extra: { strategy: "blue-green" },
      at: { "drain 2": (id) => decide(ctx, id, "rollback") },
    });
    expect(row.status).toBe("rolled_back");
    expect(service().instances.map((one) => [one.id, one.state])).toEqual(before.map((id) => [id, "ready"]));
  });

  it("cancels a drain that would take for ever within a second or so", async () => {
    ctx.platform.workloads.instances.drain = async ({
      instanceId,
      timeoutMs,
    }: {
      instanceId: string;
      timeoutMs: number;
    }) => {
      const one = service().instances.find((instance) => instance.id === instanceId);
      if (one) one.state = "draining";
      expect(timeoutMs).toBeLessThanOrEqual(1_000);
      if (one?.version !== "1.0.0") return { remaining: 0 };
      clock.ms += timeoutMs / 2; // each effect runs twice
      return { remaining: 1 };
    };
    let askedAtMs = 0;
    const { row, events } = await play({
      extra: { strategy: "rolling" },
      at: {
        "drain 3": async (id) => {
          askedAtMs = clock.ms;
          await decide(ctx, id, "abort");
        },
        "turn back 1": async () => expect(clock.ms - askedAtMs).toBeLessThanOrEqual(1_000),
      },
    });
    expect([row.status, askedAtMs > 0]).toEqual(["cancelled", true]);
    expect(events.filter((event) => event.startsWith("Drained and stopped"))).toHaveLength(1); // the new one
  });

  it("decides at the very moment a question expires: the decision counts", async () => {
    const { row } = await play({
      script: failsOnce(3),
      at: { "expire 1": (id) => decide(ctx, id, "promote") },
    });
    expect(row.status).toBe("succeeded");
  });

  it("cancels at the very moment it ends well: the cancel counts", async () => {
    const { row } = await play({ at: { "succeed 1": (id) => decide(ctx, id, "abort") } });
    expect(row.status).toBe("cancelled");
    expect([versions(), service().weights]).toEqual([["1.0.0"], null]);
  });
});

it("gives up a first deployment that somebody aborts, and leaves what it has", async () => {
  service().instances = [];
  const { row } = await play({ at: { "start 2": (id) => decide(ctx, id, "abort") } });
  expect(row.status).toBe("cancelled");
  expect(row.summary).toMatch(/^Cancelled\. Left as it is, because nothing ran before it/);
});
