import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { actor, testContext } from "../testing/context.ts";
import { useDatabase } from "../testing/database.ts";
import type { OperateAgentConfigInput } from "./config.ts";
import { OperateAgent } from "./operate-agent.ts";

const database = useDatabase();
const dir = mkdtempSync(join(tmpdir(), "operate-agent-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const config: OperateAgentConfigInput = {
  services: [
    {
      name: "checkout",
      local: { command: ["node", "{version}"], versions: [{ version: "1.0.0" }, { version: "1.1.0" }] },
      environments: { staging: { instances: 1, initialVersion: "1.0.0" } },
    },
  ],
};

describe("on a runtime that was given", () => {
  it("deploys, and shows what it started", async () => {
    const runtime = testContext(database);
    const agent = new OperateAgent(config, { runtime });
    const { deployment } = await agent.deployApplication({ environment: "staging", version: "1.1.0" });
    expect(deployment).toMatchObject({
      service: "checkout",
      status: "queued",
      requestedBy: { kind: "job", id: "script" },
    });
    expect(runtime.started).toEqual([`deployment:${deployment?.id}`]);
    const { items } = await agent.listDeployments();
    expect(items.map(({ id }) => id)).toEqual([deployment?.id]);
    const followed = await agent.getDeployment({ deploymentId: deployment?.id ?? "" });
    expect(followed.deployment).toEqual(deployment);
  });

  it("follows it, decides about it, and compares its versions", async () => {
    const runtime = testContext(database);
    const agent = new OperateAgent(config, { runtime });
    const [running] = (await agent.listDeployments()).items;
    const deploymentId = running?.id ?? "";
    const { deployment } = await agent.decideDeployment({ deploymentId, decision: "abort", reason: "wrong version" });
    expect(deployment.cancelRequested).toBe(true);
    const followed = await agent.getDeployment({ deploymentId, followSeconds: 1 });
    expect(followed.decisions).toMatchObject([{ decision: "abort", via: "script", by: { kind: "job", id: "script" } }]);
    const compared = await agent.compareVersions({ service: "checkout", environment: "staging", candidate: "1.1.0" });
    expect(compared).toMatchObject({ service: "checkout", environment: "staging" });
  });

  it("keeps an incident from its opening to its end, audited as a script", async () => {
    const agent = new OperateAgent(config, { runtime: testContext(database) });
    const { incident } = await agent.manageIncident({ action: "create", title: "Checkout is slow" });
    await agent.manageIncident({ action: "resolve", incidentId: incident.id, resolution: "more memory" });
    expect((await agent.getIncident({ incidentId: incident.label })).incident.status).toBe("resolved");
    expect((await agent.listIncidents({ status: ["resolved"] })).items.map(({ id }) => id)).toContain(incident.id);
    const audited = await database.db.auditEntry.findMany({ where: { targetId: incident.id } });
    expect(audited.map(({ via, actorKind, actorId }) => [via, actorKind, actorId])).toEqual([
      ["script", "job", "script"],
      ["script", "job", "script"],
    ]);
  });

  it("reads services and health", async () => {
    const agent = new OperateAgent(config, { runtime: testContext(database) });
    expect((await agent.listServices()).rows).toMatchObject([{ service: "checkout", environment: "staging" }]);
    expect(await agent.getService({ service: "checkout", environment: "staging" })).toMatchObject({
      row: { service: "checkout" },
    });
    expect(await agent.monitorHealth()).toMatchObject({ targets: expect.any(Array) });
  });

  it("acts as whom it is told to, and is refused and audited as such", async () => {
    const viewer = actor({ role: "viewer", id: "usr_viewer" });
    const agent = new OperateAgent(config, { runtime: testContext(database), actor: viewer });
    await expect(agent.manageIncident({ action: "create", title: "x" })).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(await database.db.auditEntry.findMany({ where: { actorId: "usr_viewer" } })).toMatchObject([
      { outcome: "refused", errorCode: "FORBIDDEN", via: "script" },
    ]);
  });

  it("leaves the runtime open when it closes", async () => {
    const runtime = testContext(database);
    const agent = new OperateAgent(config, { runtime });
    await agent.close();
    expect(await runtime.db.incident.count()).toBeGreaterThanOrEqual(0);
    await expect(agent.listIncidents()).rejects.toMatchObject({ code: "PRECONDITION" });
  });
});

describe("input", () => {
  const agent = new OperateAgent(config, { runtime: {} as never }); // bad input is refused before anything is touched
  it("is refused with the field and what it needs", async () => {
    await expect(agent.manageIncident({ action: "resolve" })).rejects.toMatchObject({
      code: "INVALID",
      message: expect.stringContaining("resolution: resolve needs resolution"),
      details: { issues: [{ path: "incidentId" }, { path: "resolution" }] },
    });
  });

  it("may not hold a misspelt key", async () => {
    const input = { environment: "staging", version: "1.1.0", dryrun: true };
    await expect(agent.deployApplication(input)).rejects.toThrow('Unrecognized key: "dryrun"');
  });
});

describe("a configuration", () => {
  it("as an object is checked with readable lines", () => {
    expect(() => new OperateAgent({ services: [{ name: "Bad Name" }] } as never)).toThrow(
      /^The configuration is not valid:\n[\s\S]*services\[0\]\.name: found `Bad Name`; lower-case letters/,
    );
  });

  it("as an object is checked as its file would be: references, own port, allowed names, fifty problems", () => {
    const service = (name: string, settings: object, more = {}) => ({
      ...{ name, local: { command: ["x"], versions: [{ version: "1" }] }, ...more },
      environments: { staging: { initialVersion: "1", ...settings } },
    });
    const message = (given: object): string => {
      try {
        new OperateAgent(given);
        return "";
      } catch (error) {
        return (error as Error).message;
      }
    };
    const wrong = { port: 4310, env: { A: "${env:OPERATE_NOT_SET}", B: "${url:}", C: "${secret:x" } };
    const text = message({ services: [service("a", wrong)], sloConfigs: {} });
    expect(text).toContain("sloConfigs: no such key here; did you mean sloConfig? allowed: ");
    expect(text).toContain("environments.staging.env.B: ${url:} is no reference here");
    expect(text).toContain("environments.staging.env.C: ${secret:x is no reference");
    expect(text).toContain("needs the environment variable OPERATE_NOT_SET, which is not set");
    expect(message({ services: [service("a", { port: 4310 })] })).toContain("is the port of Operate's own console");
    const many = Array.from({ length: 300 }, (_, i) => service(`s${i}`, {}, { dependsOn: ["zzz"] }));
    const lines = message({ services: many }).split("\n");
    expect(lines).toHaveLength(52);
    expect(lines[1]).toMatch(
      /^services\[0\]\.dependsOn\[0\]: no other service is named zzz; allowed: s1, .* and 279 more$/,
    );
    expect(lines.at(-1)).toContain("and 250 more");
    expect(message({ services: many }).length).toBeLessThan(15_000);
    const circle: Record<string, unknown> = {};
    circle.circle = circle;
    expect(message({ costConfig: circle })).toContain("give plain data");
    expect(message(undefined as never)).toContain("found `undefined`; a block of keys is needed");
  });

  it("as an object has its references replaced", () => {
    vi.stubEnv("OPERATE_TEST_CENTER", "engineering");
    const { config: loaded } = new OperateAgent({ costConfig: { costCenter: "${env:OPERATE_TEST_CENTER}" } });
    expect(loaded.costConfig.costCenter).toBe("engineering");
    vi.unstubAllEnvs();
  });

  it("as a file is read, and its errors name file and line", () => {
    const file = join(dir, "operate.config.yaml");
    writeFileSync(file, "deploymentConfig:\n  timeoutSeconds: soon\n");
    expect(() => new OperateAgent(file)).toThrow(`${file}:2:`);
    writeFileSync(file, "deploymentConfig:\n  timeoutSeconds: 60\n");
    expect(new OperateAgent(file).config.deploymentConfig.timeoutSeconds).toBe(60);
  });
});

describe("on its own", () => {
  it("opens one runtime on the database it is told, and closes it", async () => {
    const agent = new OperateAgent(config, { databaseUrl: database.url, dataDir: dir });
    const [services, incidents] = await Promise.all([agent.listServices(), agent.listIncidents()]);
    expect(services).toMatchObject({ platformReachable: false, sample: false }); // no platform runs on this directory
    expect(incidents.items).toEqual(expect.any(Array));
    const connections = () =>
      database.db.$queryRaw<
        { n: number }[]
      >`select count(*)::int as n from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`;
    const before = (await connections())[0]?.n ?? 0;
    await agent.close();
    await agent.close();
    await expect.poll(async () => (await connections())[0]?.n, { timeout: 10_000 }).toBeLessThan(before);
    await expect(agent.listIncidents()).rejects.toMatchObject({ code: "PRECONDITION" });
  });

  it("acts on no database of another installation than its data directory's", async () => {
    await database.db.installation.create({ data: { id: "22222222-theirs", host: "h", dataDir: "/d" } });
    const other = mkdtempSync(join(tmpdir(), "operate-other-"));
    writeFileSync(join(other, "installation.json"), '{"id":"11111111-ours"}');
    const agent = new OperateAgent(config, { databaseUrl: database.url, dataDir: other });
    await expect(agent.listIncidents()).rejects.toThrow(/belongs to another installation/);
    await database.db.installation.deleteMany();
    expect((await agent.listIncidents()).items).toEqual(expect.any(Array));
    await agent.close();
    rmSync(other, { recursive: true });
  });

  it("says how to start Operate when none runs there", async () => {
    vi.stubEnv("DATABASE_URL", undefined);
    const agent = new OperateAgent(config, { dataDir: dir });
    await expect(agent.listServices()).rejects.toMatchObject({
      code: "PRECONDITION",
      message: expect.stringMatching(/No Operate runs on .*npm start.*OPERATE_DATA_DIR/),
    });
    vi.unstubAllEnvs();
  });
});
