import { beforeEach, describe, expect, it } from "vitest";
import { actor, type TestContext, testConfig, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { getDeployment } from "#server/testing/deploy/get-deployment.ts";
import { manageIncident } from "../../incidents/index.ts";
import { AppError } from "../../kernel/errors.ts";
import { noOutcomes } from "../../telemetry/outcomes.ts";
import { listDeployments } from "../read/list-deployments.ts";
import { end } from "../record/record.ts";
import { deployApplication } from "./deploy-application.ts";

const database = useDatabase();
let ctx: TestContext;
beforeEach(async () => {
  await database.db.deployment.deleteMany();
  await database.db.auditEntry.deleteMany();
  ctx = testContext(database);
});
const wish = { service: "checkout", environment: "production", version: "1.1.0" };
const audit = () => database.db.auditEntry.findMany({ orderBy: { id: "asc" } });

describe("starting", () => {
  it("records it with its first event, audit entry and hints, and starts the workflow", async () => {
    const { deployment, plan, dryRun } = await deployApplication(ctx, { ...wish, reason: "faster checkout" });
    expect(dryRun).toBe(false);
    expect(plan.summary).toBe("checkout in production: from 3 instances of 1.0.0 to 3 instances of 1.1.0.");
    expect(deployment).toMatchObject({ ...wish, status: "queued", previousVersion: "1.0.0", strategy: "rolling" });
    expect(ctx.started).toEqual([`deployment:${deployment!.id}`]);
    const seen = await getDeployment(ctx, { deploymentId: deployment!.id });
    expect(seen.events.map((event) => event.message)).toEqual([
      "Ada asked for checkout 1.1.0 in production, from 1.0.0: faster checkout",
    ]);
    expect(seen.progress).toEqual({ onNewVersion: 0, wanted: 3 });
    expect(seen.instances).toHaveLength(3);
    expect(await audit()).toMatchObject([
      {
        action: "deployment.start",
        outcome: "done",
        actorName: "Ada",
        targetId: deployment!.id,
        before: { version: "1.0.0" },
      },
    ]);
    expect(ctx.published).toEqual([
      { topic: "deployment", subjectId: deployment!.id },
      { topic: "service", subjectId: "checkout/production" },
    ]);
  });

  it("a dry run returns the plan and writes nothing", async () => {
    const result = await deployApplication(ctx, { ...wish, strategy: "canary", dryRun: true });
    expect(result).toMatchObject({ dryRun: true, deployment: null, plan: { strategy: "canary", affects: [] } });
    expect([await database.db.deployment.count(), (await audit()).length, ctx.published, ctx.started]).toEqual([
      0,
      0,
      [],
      [],
    ]);
  });

  it("a dry run during an outage says what is wrong here and in what it depends on, and the start keeps it", async () => {
    const config = testConfig();
    config.services.find((one) => one.name === "checkout")!.dependsOn = ["payments"];
    config.sloConfig.errorRatePercent = 2;
    ctx = testContext(database, { config });
    const bucketAt = new Date(Date.now() - 30_000).toISOString();
    const usage = { cpuMs: null, memoryBytes: null, instances: null, inFlight: null, errorLines: null };
    ctx.platform.counts = ["checkout", "payments"].map((service) => ({
      ...{ ...noOutcomes(), service, environment: "production", version: "1.0.0", bucketAt, usage },
      ...(service === "payments" ? { requests: 100, status5xx: 60, status2xx: 40 } : { requests: 100, status2xx: 100 }),
    }));
    for (const one of ctx.platform.services.get("payments/production")!.instances) one.state = "starting";
    await manageIncident(ctx, {
      action: "create",
      title: "Orders fail",
      severity: "critical",
      service: "checkout",
      environment: "production",
    });
    const { plan } = await deployApplication(ctx, { ...wish, dryRun: true });
    expect(plan.warnings).toEqual([
      {
        kind: "dependency_down",
        severity: "critical",
        message: expect.stringMatching(/^payments, which checkout depends on, does not serve/),
      },
      {
        kind: "dependency_errors",
        severity: "critical",
        message: expect.stringMatching(/fails 60 % \(60 of 100 requests of the last 120 s\); its limit is 2 %/),
      },
      {
        kind: "open_incident",
        severity: "warning",
        message: expect.stringMatching(/^INC-\d+ is open for checkout: Orders fail$/),
      },
    ]);
    const { deployment } = await deployApplication(ctx, wish);
    const { events } = await getDeployment(ctx, { deploymentId: deployment!.id });
    expect(events[0]?.detail).toMatchObject({ warnings: plan.warnings });
    await database.db.incident.deleteMany();
  });

  it("warns of the worst incidents of each service and of none, and says how many more there are", async () => {
    const open = { action: "create", title: "Orders fail", environment: "production" } as const;
    const { incident: worst } = await manageIncident(ctx, { ...open, service: "checkout", severity: "critical" });
    for (let i = 0; i < 7; i++) await manageIncident(ctx, { ...open, service: "checkout", severity: "low" });
    const { incident: needed } = await manageIncident(ctx, { ...open, service: "payments", severity: "low" });
    const { incident: ofNone } = await manageIncident(ctx, { action: "create", title: "DNS fails", severity: "high" });
    await manageIncident(ctx, { ...open, service: "checkout", environment: "staging", severity: "critical" });
    const { plan } = await deployApplication(ctx, { ...wish, dryRun: true });
    const told = plan.warnings.filter(({ kind }) => kind.endsWith("incident")).map(({ message }) => message);
    expect(told).toHaveLength(8);
    expect(told).toContain("3 more incidents are open for checkout.");
    expect(told).toContain(`${worst.label} is open for checkout: Orders fail`);
    expect(told).toContain(`${needed.label} is open for payments, which checkout depends on: Orders fail`);
    expect(told).toContain(`${ofNone.label} is open for no service in particular: DNS fails`);
    await database.db.incident.deleteMany();
  });

  it.each(["rolling", "blue-green", "canary"] as const)(
    "what a dry run of %s shows is what is written",
    async (strategy) => {
      const asked = { ...wish, strategy };
      const dry = await deployApplication(ctx, { ...asked, dryRun: true });
      const { deployment, plan } = await deployApplication(ctx, asked);
      const { steps } = await getDeployment(ctx, { deploymentId: deployment!.id });
      expect(steps.length).toBeGreaterThan(0);
      expect(steps.map((step) => step.title)).toEqual(dry.plan.steps.map((step) => step.title));
      expect(plan).toEqual(dry.plan);
      expect(steps.every((step) => step.status === "pending")).toBe(true);
      expect(deployment!.strategy).toBe(strategy);
    },
  );

  it("takes strategy and rules of that moment from the configuration, and the commit's time", async () => {
    const config = testConfig({
      deploymentConfig: { rolloutStrategy: "canary", rollout: { canary: { weights: [20] }, watchSeconds: 5 } },
    });
    const version = config.services.find((one) => one.name === "checkout")!.local.versions[1]!;
    version.committedAt = "2026-11-20T10:00:00+01:00";
    const { deployment } = await deployApplication(testContext(database, { config }), wish);
    const row = await database.db.deployment.findUniqueOrThrow({ where: { id: deployment!.id } });
    expect(row).toMatchObject({ strategy: "canary", committedAt: new Date("2026-11-20T09:00:00Z") });
    expect(row.options).toMatchObject({ rules: { watchSeconds: 5, canary: { weights: [20, 100] } } });
  });

  it("comes down to rolling where nothing runs yet, and says so", async () => {
    ctx.platform.services.get("checkout/production")!.instances = [];
    const { deployment, plan } = await deployApplication(ctx, { ...wish, strategy: "blue-green" });
    expect(deployment).toMatchObject({ strategy: "rolling", previousVersion: null });
    expect(plan.warnings.map((one) => one.message).join()).toContain("blue-green comes down to rolling");
  });

  it("reckons with the requests of the last two minutes", async () => {
    const bucketAt = new Date(Date.now() - 60_000).toISOString();
    const usage = { cpuMs: null, memoryBytes: null, instances: null, inFlight: null, errorLines: null };
    const counts = { ...noOutcomes(), status2xx: 240, usage };
    ctx.platform.counts = ["checkout", "payments"].map((service) => ({
      ...{ service, environment: "production", version: "1.0.0", bucketAt, ...counts, requests: 240 },
    }));
    Object.assign(ctx.platform.services.get("checkout/production")!, { countedSince: "2026-01-01T00:00:00.000Z" });
    const { plan } = await deployApplication(ctx, { ...wish, strategy: "canary", dryRun: true });
    expect(plan.warnings.map((one) => one.message)).toEqual([
      expect.stringMatching(
        /^At 2\.0 requests a second, 5 % of them reach 200 requests, the least that the judge compares, only/,
      ),
    ]);
  });

  it("warns of failures beyond each service's own limit", async () => {
    const bucketAt = new Date(Date.now() - 60_000).toISOString();
    const usage = { cpuMs: null, memoryBytes: null, instances: null, inFlight: null, errorLines: null };
    const row = { environment: "production", version: "1.0.0", bucketAt, ...noOutcomes(), usage };
    ctx.platform.counts = [
      { ...row, service: "checkout", requests: 10_000, status2xx: 9_960, status5xx: 40 },
      { ...row, service: "payments", requests: 10_000, status2xx: 9_700, status5xx: 300 },
    ];
    const warned = async (limits: Record<string, number>) => {
      const { services } = testConfig();
      for (const one of services) Object.assign(one, { slo: { errorRatePercent: limits[one.name] } });
      ctx.config = { ...ctx.config, services };
      const { plan } = await deployApplication(ctx, { ...wish, dryRun: true });
      return plan.warnings.filter((one) => /error/.test(one.kind)).map((one) => one.message);
    };
    expect(await warned({ checkout: 0.1, payments: 5 })).toEqual([
      expect.stringMatching(/^checkout.*its limit is 0\.1 %/),
    ]);
    expect(await warned({ checkout: 0.5, payments: 2 })).toEqual([
      expect.stringMatching(/^payments.*its limit is 2 %/),
    ]);
  });

  it("of many at once lets one through and names it to the others", async () => {
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => deployApplication(ctx, wish)));
    const won = results.filter((one) => one.status === "fulfilled");
    expect(won).toHaveLength(1);
    const id = won[0]!.value.deployment!.id;
    for (const one of results)
      if (one.status === "rejected")
        expect(one.reason).toMatchObject({ code: "CONFLICT", details: { deploymentId: id } });
    expect(await database.db.deployment.count()).toBe(1);
    expect((await audit()).map((entry) => entry.outcome).sort()).toEqual(["done", ...Array(5).fill("refused")]);
  });

  it("lets another environment through, and the same one again when the first has ended", async () => {
    const first = await deployApplication(ctx, wish);
    await deployApplication(ctx, { ...wish, environment: "staging" });
    await expect(deployApplication(ctx, { ...wish, dryRun: true })).rejects.toMatchObject({ code: "CONFLICT" });
    await end(ctx, first.deployment!.id, "failed", "broken");
    expect((await deployApplication(ctx, wish)).deployment?.status).toBe("queued");
  });

  it.each([
    [{ version: "9.9.9" }, "NOT_FOUND"],
    [{ environment: "qa" }, "NOT_FOUND"],
    [{ service: undefined }, "INVALID"],
    [{ version: "1.0.0" }, "PRECONDITION"],
  ])("refuses %o, records the refusal and stores nothing", async (change, code) => {
    await expect(deployApplication(ctx, { ...wish, ...change })).rejects.toMatchObject({ code });
    expect(await audit()).toMatchObject([{ action: "deployment.start", outcome: "refused", errorCode: code }]);
    expect(await database.db.deployment.count()).toBe(0);
  });

  it("is refused while the platform is away", async () => {
    ctx.platform.unreachable = true;
    await expect(deployApplication(ctx, wish)).rejects.toMatchObject({ code: "UPSTREAM_UNAVAILABLE" });
  });

  it("stands when only the queue is away: a worker finds it", async () => {
    ctx.workflows = { ...ctx.workflows, start: () => Promise.reject(new AppError("UPSTREAM_UNAVAILABLE", "away")) };
    expect((await deployApplication(ctx, wish)).deployment?.status).toBe("queued");
  });

  it("leaves nothing when its audit entry cannot be written", async () => {
    const broken = testContext(database, { audit: { record: () => Promise.reject(new Error("disk full")) } });
    await expect(deployApplication(broken, wish)).rejects.toMatchObject({ code: "INTERNAL" });
    const left = [database.db.deployment, database.db.deploymentEvent, database.db.deploymentStep] as const;
    expect(await Promise.all([left[0].count(), left[1].count(), left[2].count()])).toEqual([0, 0, 0]);
    expect(broken.started).toEqual([]);
  });
});

it.each(["viewer", "responder"] as const)("a %s may not start one, and the refusal is recorded", async (role) => {
  const denied = testContext(database, { actor: actor({ role, name: "Eve" }) });
  await expect(deployApplication(denied, wish)).rejects.toMatchObject({ code: "FORBIDDEN" });
  await expect(deployApplication(denied, { ...wish, dryRun: true })).rejects.toMatchObject({ code: "FORBIDDEN" });
  expect((await audit()).map((entry) => [entry.action, entry.outcome, entry.actorName])).toEqual([
    ["deployment.start", "refused", "Eve"],
  ]);
});

it("lists page by page, newest first, filtered", async () => {
  const ids: string[] = [];
  for (const version of ["1.1.0", "1.2.0", "1.1.0"]) {
    const { deployment } = await deployApplication(ctx, {
      ...wish,
      version,
      strategy: version === "1.2.0" ? "canary" : "rolling",
    });
    ids.unshift(deployment!.id);
    await end(ctx, deployment!.id, version === "1.2.0" ? "failed" : "succeeded", "over");
  }
  const first = await listDeployments(ctx, { limit: 2 });
  expect(first.items.map((one) => one.id)).toEqual(ids.slice(0, 2));
  const second = await listDeployments(ctx, { limit: 2, cursor: first.nextCursor! });
  expect(second).toMatchObject({ items: [{ id: ids[2] }], nextCursor: null });
  const found = async (filter: Partial<Parameters<typeof listDeployments>[1]>) =>
    (await listDeployments(ctx, { limit: 9, ...filter })).items.map((one) => one.id);
  expect(await found({ status: ["failed"] })).toEqual([ids[1]]);
  expect(await found({ strategy: ["canary"] })).toEqual([ids[1]]);
  expect(await found({ kind: "rollback" })).toEqual([]);
  expect(await found({ service: "payments" })).toEqual([]);
});
