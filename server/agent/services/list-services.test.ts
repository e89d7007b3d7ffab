import { describe, expect, it } from "vitest";
import { readiness } from "../../telemetry/readiness.ts";
import { actor, testContext } from "../../testing/context.ts";
import { useDatabase } from "../../testing/database.ts";
import { deployApplication } from "../deploy/index.ts";
import { syncTargets } from "../health/check/sync-targets.ts";
import { planTargets } from "../health/check/targets.ts";
import { listIncidents, manageIncident } from "../incidents/index.ts";
import { diskOf } from "../kernel/storage/disk.ts";
import { watchDisk } from "../kernel/storage/storage-failure.ts";
import { noOutcomes } from "../telemetry/outcomes.ts";
import { getService, instanceLogs } from "./get-service.ts";
import { listServices, summarise } from "./list-services.ts";
import { monitorHealth } from "./monitor-health.ts";
import { worstFirst } from "./rank.ts";
import type { ServiceRow } from "./schema.ts";

const row = (service: string, environment: string, change: Partial<ServiceRow> = {}): ServiceRow => ({
  service,
  environment,
  origin: "configured",
  lastSeen: null,
  owner: "",
  reasons: [],
  unjudged: [],
  health: "up",
  healthSince: null,
  healthAtLeastSince: null,
  healthMessage: null,
  notice: null,
  overloaded: null,
  causedBy: null,
  currentVersion: "1",
  versions: [],
  instancesReady: 1,
  instancesWanted: 1,
  openIncident: null,
  activeDeployment: null,
  traffic: {
    requestsPerSecond: 0,
    overSeconds: null,
    errorPercent: null,
    p95Ms: null,
    requests: 0,
    seconds: 60,
    p95Series: [],
  },
  ...change,
});

const deploying = (weight: number | null, waiting = false) => ({
  ...{ id: "d", version: "2", summary: "", weight, waiting },
});

describe("summarise", () => {
  const a = row("a", "production");
  const b = row("b", "staging");
  const down = (name: string) => row(name, "production", { health: "down" });
  const message = "91 % of 1,240 requests failed in 5 min";
  const failing = (name: string) =>
    row(name, "production", { health: "failing", reasons: [{ kind: "errors", state: "failing", message }] });
  it.each([
    [[], true, "No services are configured yet"],
    [[a, b], true, "All 2 services are up in production and staging"],
    [[a], true, "The service is up in production"],
    [[down("a"), b], true, "a (production) down"],
    [["a", "b", "c", "d"].map(down), true, "4 of 4 services down"],
    [[failing("a"), b], true, "a (production) failing: 91 % of 1,240 requests failed in 5 min"],
    [
      [failing("a"), failing("b")],
      true,
      "a (production) and b (production) failing, worst a (production): 91 % of 1,240 requests failed in 5 min",
    ],
    [
      [row("a", "production", { activeDeployment: deploying(null) })],
      true,
      "The service is up in production · 1 deployment running",
    ],
    [
      [row("a", "production", { activeDeployment: deploying(25) })],
      true,
      "The service is up in production · 1 deployment at 25 %",
    ],
    [
      [
        row("a", "production", { activeDeployment: deploying(5, true) }),
        row("b", "production", { activeDeployment: deploying(0) }),
      ],
      true,
      "All 2 services are up in production · 1 deployment at 0 % · 1 deployment waits for a decision",
    ],
    [[a], false, "The local platform does not answer"],
  ])("%#", (rows, reachable, words) => {
    expect(summarise(rows as ServiceRow[], reachable ? null : "The local platform does not answer", 0)).toBe(words);
  });

  it("never says that all is up while few requests fail, and names them", () => {
    const few = (name: string, message: string, change: Partial<ServiceRow> = {}) =>
      row(name, "production", { unjudged: [{ kind: "errors", why: "few", message }], ...change });
    const pay = few("pay", "9 of 9 failed, too few to judge by");
    expect(summarise([pay], null, 0)).toBe("pay (production): 9 of 9 failed, too few to judge by");
    expect(summarise([down("a"), pay, b], null, 0)).toBe(
      "a (production) down · pay (production): 9 of 9 failed, too few to judge by",
    );
    expect(
      summarise(
        ["a", "b", "c", "d"].map((name) => few(name, "1 of 1 failed")),
        null,
        0,
      ),
    ).toBe("4 of 4 services beyond a limit, on too few requests to judge by");
    expect(summarise([few("a", "1 of 9 failed", { health: "down" })], null, 0)).toBe("a (production) down");
    const over = { kind: "errors", why: "over", message: "over by now" } as const;
    expect(summarise([row("a", "production", { unjudged: [over] })], null, 0)).toBe("The service is up in production");
  });

  it("counts the incidents it is told of, whatever stands in the rows", () => {
    const open = { id: "i", label: "INC-2", severity: "high", status: "open", openedAt: "" } as const;
    expect(summarise([row("a", "production", { openIncident: open })], null, 2)).toMatch(/^2 open incidents · /);
    expect(summarise([a], null, 1)).toBe("1 open incident · The service is up in production");
    expect(summarise([], null, 3)).toBe("3 open incidents · No services are configured yet");
  });
});

describe("Operate's own row", () => {
  const slow = "p95 1,692 ms over 24 requests in 5 min, limit 250 ms";
  const own = (health: ServiceRow["health"]): ServiceRow => ({
    ...row("operate", "", { origin: "observed", health }),
    environment: null,
    reasons: health === "degraded" ? [{ kind: "latency", state: "degraded", message: slow }] : [],
  });
  const a = row("a", "production");
  const failing = row("b", "production", { health: "failing" });

  it("is said last, behind what users meet and what is open", () => {
    expect(summarise([failing, a, own("degraded")], null, 1)).toBe(
      `b (production) failing · 1 open incident · operate degraded: ${slow}`,
    );
    expect(summarise([a, own("degraded")], null, 1)).toBe(
      `1 open incident · The service is up in production · operate degraded: ${slow}`,
    );
  });

  it("is none of the services that are counted", () => {
    expect(summarise([own("up")], null, 0)).toBe("No services are configured yet");
    expect(summarise([own("unknown")], null, 0)).toBe("No services are configured yet");
    expect(summarise([a, own("up")], null, 0)).toBe("The service is up in production");
  });

  it("stands last, unless it is down", () => {
    const order = (...rows: ServiceRow[]) => rows.toSorted(worstFirst(["production"])).map(({ service }) => service);
    expect(order(own("degraded"), a, failing)).toEqual(["b", "a", "operate"]);
    expect(order(a, own("down"))).toEqual(["operate", "a"]);
  });
});

describe("services", () => {
  const database = useDatabase();

  it("shows unknown, never up, before anything was checked, and what runs", async () => {
    const ctx = testContext(database);
    const { rows, overall, platformReachable } = await listServices(ctx, {});
    expect(rows.map((one) => [one.service, one.environment, one.instancesReady, one.instancesWanted])).toEqual([
      ["checkout", "production", 3, 3],
      ["payments", "production", 3, 3],
      ["checkout", "staging", 1, 1],
      ["payments", "staging", 1, 1],
    ]);
    expect([overall, platformReachable]).toEqual(["unknown", true]);
    // no check of them stands in the database yet: since when at least is told all the same
    for (const row of rows) expect(row.healthSince ?? row.healthAtLeastSince).not.toBeNull();
  });

  it("still answers when the platform is away, and says so", async () => {
    const ctx = testContext(database);
    ctx.platform.unreachable = true;
    const { rows, platformReachable, summary, overall } = await listServices(ctx, { environment: "production" });
    expect(platformReachable).toBe(false);
    expect(summary).toContain("does not answer");
    expect(overall).not.toBe("up");
    expect(rows.map((one) => [one.instancesReady, one.instancesWanted])).toEqual([
      [null, 3],
      [null, 3],
    ]);
  });

  it("answers with what was last known and says since when the platform is silent, and that it is down", async () => {
    const ctx = testContext(database);
    await listServices(ctx, {});
    ctx.platform.unreachable = true;
    const began = ctx.now();
    const sentence = `The local platform does not answer since ${began.toISOString()}: instances and traffic are as last known`;
    const at = (seconds: number) => ({ ...ctx, now: () => new Date(began.getTime() + seconds * 1_000) });
    const first = await listServices(at(0), { environment: "production" });
    expect(first.summary.startsWith(sentence)).toBe(true);
    expect(first.rows.map((one) => [one.instancesReady, one.health, one.notice])).toEqual([
      [3, "unknown", sentence],
      [3, "unknown", sentence],
    ]);
    const later = await listServices(at(6), { environment: "production" });
    expect(later.rows.map((one) => [one.health, one.healthMessage])).toEqual([
      ["down", expect.stringContaining(sentence)],
      ["down", expect.stringContaining(sentence)],
    ]);
    expect(later.overall).toBe("down");
    const health = await monitorHealth(at(6), { limit: 50, offset: 0 });
    expect(health).toMatchObject({
      overall: "down",
      summary: expect.stringMatching(/^The local platform does not answer since /),
    });
    ctx.platform.unreachable = false;
    expect((await listServices(at(7), {})).summary).not.toContain("does not answer");
  });

  it("says of a full disk that it is full, in health and readiness at once, and begins no deployment", async () => {
    const ctx = testContext(database);
    const blocks = { bsize: 4_096, blocks: 1_000_000 };
    watchDisk(() => diskOf({ ...blocks, bfree: 0, bavail: 0 }));
    try {
      const [databaseCheck] = (await readiness(() => ({ ...ctx, dataDir: "/nowhere" }))).filter(
        ({ name }) => name === "database",
      );
      expect(databaseCheck).toEqual({
        name: "database",
        ok: false,
        message:
          "the disk of the data directory is full (0 bytes free): free some space; everything goes on by itself then",
      });
      const asked = { service: "checkout", environment: "production", version: "1.1.0", reason: "try it" };
      await expect(deployApplication(ctx, { ...asked, dryRun: false } as never)).rejects.toMatchObject({
        code: "UPSTREAM_UNAVAILABLE",
        message: expect.stringContaining("is full (0 bytes free)"),
      });
      const { plan } = await deployApplication(ctx, { ...asked, dryRun: true } as never);
      expect(plan.warnings).toContainEqual(expect.objectContaining({ kind: "disk_full", severity: "critical" }));
      await syncTargets(ctx, planTargets(ctx.config, { databaseDir: "/data/postgres", dataDir: "/data" }));
      const { targets, overall } = await monitorHealth(ctx, { limit: 50, offset: 0 });
      expect(targets.find(({ kind }) => kind === "disk")).toMatchObject({
        state: "down",
        message: expect.stringContaining("is full (0 bytes free)"),
      });
      expect(overall).toBe("down");
    } finally {
      watchDisk(() => null);
    }
  });

  it("puts the service with an open incident first and lists it among the changes", async () => {
    const ctx = testContext(database);
    await manageIncident(ctx, {
      action: "create",
      title: "Payments are slow",
      service: "payments",
      environment: "staging",
    });
    const { rows, changes } = await listServices(ctx, {});
    expect(rows[0]).toMatchObject({ service: "payments", environment: "staging", openIncident: { status: "open" } });
    expect(changes[0]).toMatchObject({ kind: "incident", service: "payments" });
  });

  it("counts every incident that is not resolved, as the list of incidents does", async () => {
    const ctx = testContext(database);
    const count = async (environment?: string) =>
      Number(/(\d+) open incident/.exec((await listServices(ctx, { environment })).summary)?.[1] ?? 0);
    const stored = async () => (await listIncidents(ctx, { limit: 1 })).unresolved;
    const [before, staging] = [await stored(), await count("staging")];
    const create = { action: "create", title: "Orders fail" } as const;
    // two of one service, one of a service that is gone, one of none
    await manageIncident(ctx, { ...create, service: "checkout", environment: "production" });
    await manageIncident(ctx, { ...create, service: "checkout", environment: "production" });
    await manageIncident(ctx, create);
    const { incident: ofGone } = await manageIncident(ctx, {
      ...create,
      service: "payments",
      environment: "production",
    });
    await database.db.incident.update({ where: { id: ofGone.id }, data: { service: "retired" } });
    expect(await stored()).toBe(before + 4);
    expect(await count()).toBe(before + 4);
    expect(await count("staging")).toBe(staging + 1);
    await manageIncident(ctx, { action: "update", incidentId: ofGone.id, status: "acknowledged" });
    expect(await count()).toBe(before + 4);
  });

  it("shows the worst incident of each service, however many others are open", async () => {
    const ctx = testContext(database);
    const { incident } = await manageIncident(ctx, {
      ...{ action: "create", title: "Stock is wrong", severity: "critical" },
      ...{ service: "payments", environment: "production" },
    });
    const { label: _label, allowedStatuses: _allowed, ...like } = incident;
    const others = Array.from({ length: 150 }, (_, i) => ({
      ...{
        ...like,
        id: `inc_zz_${i}`,
        number: like.number + 1 + i,
        severity: "low",
        service: i < 10 ? "payments" : "checkout",
        environment: "staging",
      },
      environment: i < 10 ? "production" : "staging",
      openedAt: new Date(Date.parse(incident.openedAt) + 1_000 + i),
    }));
    await database.db.incident.createMany({ data: others });
    const { rows } = await listServices(ctx, {});
    const of = (service: string, environment: string) =>
      rows.find((one) => one.service === service && one.environment === environment)?.openIncident?.id;
    expect([of("payments", "production"), of("checkout", "staging")]).toEqual([incident.id, "inc_zz_149"]);
    await database.db.incident.deleteMany({ where: { id: { in: [incident.id, ...others.map(({ id }) => id)] } } });
  });

  it("says that requests are not counted only when there are some", async () => {
    const ctx = testContext(database);
    const bucketAt = new Date(ctx.now().getTime() - 300_000).toISOString();
    const place = { service: "checkout", environment: "production", version: "1.0.0", bucketAt, requests: 5 };
    const usage = { cpuMs: null, memoryBytes: null, instances: null, inFlight: null, errorLines: null };
    const idle = await listServices(ctx, { environment: "production" });
    expect(idle.summary).not.toContain("not counted");
    expect(idle.rows[0]?.traffic.requestsPerSecond).toBe(0);
    ctx.platform.counts = [{ ...noOutcomes(), ...place, latency: [], usage }];
    const broken = await listServices(ctx, { environment: "production" });
    expect(broken.summary).toContain(`Requests are not counted since ${bucketAt}: errors and latency are unknown`);
    expect(broken.rows[0]?.traffic.requestsPerSecond).toBeNull();
  });

  it("names what exists when asked for what does not", async () => {
    const ctx = testContext(database);
    await expect(listServices(ctx, { environment: "moon" })).rejects.toMatchObject({
      code: "INVALID",
      details: { allowed: ["staging", "production"] },
    });
    await expect(getService(ctx, { service: "nope", environment: "staging", range: "1h" })).rejects.toMatchObject({
      code: "NOT_FOUND",
      details: { allowed: ["payments", "checkout"] },
    });
    await expect(getService(ctx, { service: "checkout", environment: "moon", range: "1h" })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    await expect(
      instanceLogs(ctx, { service: "checkout", environment: "staging", instanceId: "ins_999", lines: 10 }),
    ).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("gives a service in depth, with a gap for every bucket nothing was counted in", async () => {
    const ctx = testContext(database, { actor: actor({ role: "viewer" }) });
    const found = await getService(ctx, { service: "payments", environment: "production", range: "15m" });
    expect(found).toMatchObject({ usedBy: ["checkout"], dependsOn: [], stepSeconds: 10 });
    expect(found.series).toHaveLength(90);
    expect(found.series.every((point) => point.requestsPerSecond === null)).toBe(true);
    expect(found.versions.filter((entry) => entry.running).map((entry) => entry.version)).toEqual(["1.0.0"]);
  });
});
