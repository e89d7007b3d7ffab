import { beforeEach, describe, expect, it, vi } from "vitest";
import { type TestContext, testConfig, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { drainIncidents } from "#server/testing/deploy/drain-incidents.ts";
import { type Clock, decide, type Script, scriptedEffects, Tape } from "#server/testing/deploy/rehearsal.ts";
import { getDeploymentRow } from "../record/store.ts";
import { listDecisions } from "../record/store-decisions.ts";
import { listSteps } from "../record/store-steps.ts";
import { deployApplication } from "../request/deploy-application.ts";
import type { DeployApplicationInput } from "../schema.ts";
import { runDeployment } from "./workflow.ts";

vi.setConfig({ testTimeout: 600_000 }); // each case carries dozens of deployments out
const database = useDatabase();
const clock: Clock = { ms: 0 };
let ctx: TestContext;
const hook = (name: string) => ({ name, type: "command" as const, command: ["true"] });
const config = testConfig({
  services: [
    {
      name: "checkout",
      owner: "shop",
      local: { command: ["node", "x.mjs", "{version}"], versions: [{ version: "1.0.0" }, { version: "1.1.0" }] },
      environments: { staging: { instances: 2, initialVersion: "1.0.0" } },
    },
  ],
  deploymentConfig: {
    rollout: {
      canary: { weights: [50], keepOldSeconds: 5 },
      hooks: { between: [hook("smoke")] },
      decisionTimeoutSeconds: 30,
    },
  },
});

async function reset() {
  await database.db.deployment.deleteMany();
  await database.db.incident.deleteMany();
  clock.ms = Date.parse("2026-03-01T10:00:00Z");
  ctx = testContext(database, { now: () => new Date(clock.ms), config });
}
beforeEach(reset);

interface Scenario {
  input: Partial<DeployApplicationInput>;
  script?: Script;
  neverReady?: boolean;
  /** what people do, before the n-th remembered step of a name */
  people?: Record<string, (id: string) => Promise<void>>;
}

async function play({ input, script, neverReady = false, people = {} }: Scenario, crashes: number[] = []) {
  await reset();
  if (neverReady) ctx.platform.neverReady.add("1.1.0");
  const wish = { service: "checkout", environment: "staging", version: "1.1.0" };
  const { deployment } = await deployApplication(ctx, { ...wish, ...input });
  const { id } = deployment!;
  const done = new Set<string>();
  const tape = new Tape(clock, crashes, async (name, count) => {
    const key = `${name} ${count}`;
    if (done.has(key)) return;
    done.add(key);
    await people[key]?.(id);
  });
  await tape.play((durable) => runDeployment(durable, scriptedEffects(ctx, script), id));
  return { tape, end: await endOf(id) };
}

/** All that must be the same, however often it died on the way. */
async function endOf(id: string) {
  const { db } = database;
  await drainIncidents(ctx);
  const row = await getDeploymentRow(db, id);
  const events = await db.deploymentEvent.findMany({ where: { deploymentId: id }, orderBy: { seq: "asc" } });
  const service = ctx.platform.services.get("checkout/staging")!;
  const steps = await listSteps(db, id);
  return {
    status: row.status,
    summary: row.summary,
    waiting: row.waiting,
    watchState: row.watchState,
    steps: steps.map(({ status, attempt, note }) => ({ status, attempt, note })),
    events: events.map(({ key }) => key),
    decisions: (await listDecisions(db, id)).map(({ decision }) => decision),
    audit: await db.auditEntry.count({ where: { action: "deployment.finish", targetId: id } }),
    incidents: await db.incident.count({ where: { deploymentId: id } }),
    instances: service.instances.map(({ id: instance, version, state }) => `${instance} ${version} ${state}`),
    weights: service.weights,
    calls: ctx.platform.calls,
  };
}

const fails: Script = ({ step }) =>
  step.kind === "analysis"
    ? { kind: "failed", reason: "5 % errors", instance: null }
    : { kind: "passed", note: "good" };
const failsOnce: Script = (one) => (one.attempt === 1 ? fails(one) : { kind: "passed", note: "good" });
const takesTime: Script = ({ round }) => (round < 2 ? null : { kind: "passed", note: "good" });

const SCENARIOS: [string, Scenario, object][] = [
  ["rolling", { input: { strategy: "rolling" } }, { status: "succeeded" }],
  [
    "rolling that goes back",
    { input: { strategy: "rolling", healthCheckTimeout: 1 }, neverReady: true },
    { status: "rolled_back", incidents: 1 },
  ],
  ["blue-green", { input: { strategy: "blue-green" } }, { status: "succeeded", watchState: "watching" }],
  [
    "blue-green that is cancelled while the old set is kept",
    { input: { strategy: "blue-green" }, script: takesTime, people: { "inspect 5": (id) => decide(ctx, id, "abort") } },
    { status: "cancelled", incidents: 0 },
  ],
  ["canary", { input: { strategy: "canary" }, script: takesTime }, { status: "succeeded" }],
  [
    "canary that the judge refuses",
    { input: { strategy: "canary" }, script: fails },
    { status: "rolled_back", incidents: 1 },
  ],
  [
    "canary that is tried again by a person",
    {
      input: { strategy: "canary", rollbackOnFailure: false },
      script: failsOnce,
      people: { "hear 3": (id) => decide(ctx, id, "retry") },
    },
    { status: "succeeded", incidents: 1, decisions: ["retry"] },
  ],
  [
    "canary nobody decides about",
    { input: { strategy: "canary", rollbackOnFailure: false }, script: fails },
    { status: "rolled_back", incidents: 1, decisions: [] },
  ],
];

/** Each effect is repeated in one of so many deployments, never right after a repeated one. */
const TURNS = 4;

describe("a worker that dies after any effect, before it is remembered", () => {
  it.each(SCENARIOS)("changes nothing about the end of a deployment: %s", async (_, scenario, expected) => {
    const { tape, end } = await play(scenario);
    expect(end).toMatchObject({ ...expected, audit: 1, weights: null, waiting: null });
    expect(new Set(end.events).size).toBe(end.events.length);
    for (let turn = 0; turn < TURNS; turn++) {
      const crashes = tape.names.map((_name, index) => index).filter((index) => index % TURNS === turn);
      const again = await play(scenario, crashes);
      expect(again.end, `died after ${crashes.map((index) => `${index} ${tape.names[index]}`).join(", ")}`).toEqual(
        end,
      );
    }
  });
});
