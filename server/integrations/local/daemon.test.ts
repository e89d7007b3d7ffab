import { fork } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { PlatformInstance } from "#server/agent/ports/workloads.ts";
import {
  allReady,
  createTestDaemon,
  ENTRY,
  eventually,
  inState,
  isAlive,
  sampleService,
  type TestDaemon,
} from "#server/testing/local-platform/daemon.ts";
import { localPaths } from "./state/paths.ts";

// Real processes on a machine that may be busy with everything else.
vi.setConfig({ testTimeout: 360_000, hookTimeout: 360_000 });

const WEB = { service: "web", environment: "staging" };
let daemon: TestDaemon;

const begin = async (...args: Parameters<typeof createTestDaemon>) => {
  daemon = createTestDaemon(...args);
  await daemon.start();
};
afterEach(() => daemon.dispose());

const start = (version: string, key: string = version) =>
  daemon.platform.workloads.instances.start({ ...WEB, version, key });
const instances = async (): Promise<PlatformInstance[]> => (await daemon.platform.workloads.getService(WEB)).instances;
const ask = async <T = { instance: string; pid: number; version: string; child: number }>(path = "/"): Promise<T> =>
  (await fetch((await daemon.platform.workloads.getService(WEB)).url + path)).json() as Promise<T>;
const running = async () => (await instances()).map((one) => `${one.id} ${one.pid}`).sort();

describe("the daemon", () => {
  it("killed with -9 leaves its instances serving; the next one takes over the same processes and ports", async () => {
    await begin([sampleService("web", {}, 2)]);
    await allReady(daemon.platform, WEB);
    const extra = await start("1.1.0");
    await inState(daemon.platform, WEB, extra.id, "ready");
    await daemon.platform.workloads.instances.drain({ instanceId: extra.id, timeoutMs: 1_000 });
    await daemon.platform.traffic.setWeights({ ...WEB, weights: { "1.0.0": 100, "1.1.0": 0 } });
    const before = await daemon.platform.workloads.getService(WEB);
    const pidsBefore = await running();
    await daemon.end("SIGKILL");
    for (const { port } of before.instances) expect((await fetch(`http://127.0.0.1:${port}`)).status).toBe(200);
    await expect(daemon.platform.workloads.listServices()).rejects.toMatchObject({ code: "UPSTREAM_UNAVAILABLE" });

    await daemon.start();
    const after = await daemon.platform.workloads.getService(WEB);
    expect(after.url, daemon.output()).toBe(before.url);
    expect((await ask()).version).toBe("1.0.0");
    expect(await running()).toEqual(pidsBefore);
    expect(after).toMatchObject({ url: before.url, weights: before.weights, currentVersion: "1.0.0" });
    expect(after.instances.map((one) => one.state)).toEqual(["ready", "ready", "draining"]);
    expect((await start("1.1.0")).id).toBe(extra.id);

    const [adopted] = after.instances;
    process.kill(adopted?.pid ?? 0, "SIGKILL");
    await eventually(async () => (await instances()).find((one) => one.id === adopted?.id && one.restarts === 1));
    await inState(daemon.platform, WEB, adopted?.id ?? "", "ready");
    await daemon.platform.workloads.instances.stop({ instanceId: after.instances[1]?.id ?? "", drainTimeoutMs: 1_000 });
    expect(isAlive(after.instances[1]?.pid ?? 0)).toBe(false);
  });

  it("killed with -9 keeps weights, candidate and every caller's version, and what instances forked", async () => {
    const sticky = { by: "cookie" as const, name: "caller" };
    await begin([sampleService("web", { deployment: { canary: { sticky } } }, 1)]);
    await allReady(daemon.platform, WEB);
    const { id } = await start("daemonizing");
    await inState(daemon.platform, WEB, id, "ready");
    const weights = { "1.0.0": 50, daemonizing: 50 };
    await daemon.platform.traffic.setWeights({ ...WEB, weights, candidate: "daemonizing" });
    const callers = Array.from({ length: 40 }, (_, i) => `caller=c${i}`);
    const given = async () => {
      const { url } = await daemon.platform.workloads.getService(WEB);
      const answers = callers.map((cookie) => fetch(url, { headers: { cookie } }).then((one) => one.json()));
      return ((await Promise.all(answers)) as { version: string; child?: number }[]) ?? [];
    };
    const before = await given();
    expect(new Set(before.map((one) => one.version))).toEqual(new Set(Object.keys(weights)));
    const child = before.find((one) => one.child)?.child ?? 0;
    await daemon.end("SIGKILL");
    await daemon.start();
    const since = new Date();
    expect((await daemon.platform.workloads.getService(WEB)).weights).toEqual(weights);
    expect((await given()).map((one) => one.version)).toEqual(before.map((one) => one.version));
    expect(isAlive(child)).toBe(true);
    const measured = await eventually(async () => {
      const rows = await daemon.platform.traffic.samplesSince({ ...WEB, since });
      return rows.find((row) => row.version === "daemonizing" && row.usage.memoryBytes !== null);
    });
    expect(measured.usage).toMatchObject({ instances: 1, errorLines: 0 });
    await daemon.platform.traffic.setWeights({
      ...WEB,
      weights: { ...weights, daemonizing: 100 },
      candidate: "daemonizing",
    });
    const after = await given();
    for (const [i, { version }] of before.entries())
      if (version === "daemonizing") expect(after[i]?.version).toBe(version);
    // the next rollout deals anew: nobody knows beforehand who is given the candidate
    await daemon.platform.traffic.setWeights({ ...WEB, weights: null });
    await daemon.platform.traffic.setWeights({ ...WEB, weights, candidate: "daemonizing" });
    expect((await given()).map((one) => one.version)).not.toEqual(before.map((one) => one.version));
  });

  it("finishes a stop that it died in, and starts again what died meanwhile", async () => {
    await begin([sampleService("web", {}, 2)]);
    const [first, second] = await allReady(daemon.platform, WEB);
    const slow = ask("/slow?ms=5000").catch(() => "cut");
    const busy = await eventually(async () => (await instances()).find((one) => one.inFlight === 1));
    // told while it waits, not once it has ended
    await eventually(async () => (await daemon.platform.workloads.getService(WEB)).pending?.includes(1));
    const other = busy.id === first?.id ? second : first;
    const stopping = daemon.platform.workloads.instances
      .stop({ instanceId: busy.id, drainTimeoutMs: 8_000 })
      .catch(() => "cut");
    await inState(daemon.platform, WEB, busy.id, "draining");
    await daemon.end("SIGKILL");
    expect([await slow, await stopping]).toEqual(["cut", "cut"]);
    process.kill(other?.pid ?? 0, "SIGKILL");
    await daemon.start();
    const [left] = await eventually(async () => {
      const list = await instances();
      return list.length === 1 && list[0]?.state === "ready" && list;
    });
    expect(left?.id).toBe(other?.id);
    expect(isAlive(busy.pid ?? 0)).toBe(false);
  });

  it("takes over instances that its state file does not know", async () => {
    await begin([sampleService("web")]);
    const [stray] = await allReady(daemon.platform, WEB);
    await daemon.end("SIGKILL");
    writeFileSync(localPaths(daemon.dataDir).state, '{"format":1,"services":[]}');
    await daemon.start();
    expect((await allReady(daemon.platform, WEB)).map((one) => [one.id, one.pid])).toEqual([[stray?.id, stray?.pid]]);
  });

  it("stops everything on SIGTERM and restores versions, weights and ports from cold", async () => {
    await begin([sampleService("web", {}, 2)]);
    await allReady(daemon.platform, WEB);
    for (const { id } of await instances()) {
      await start("1.1.0", `replaces ${id}`);
      await daemon.platform.workloads.instances.stop({ instanceId: id, drainTimeoutMs: 500 });
    }
    const before = await daemon.platform.workloads.getService(WEB);
    expect(await daemon.end("SIGTERM")).toBe(0);
    for (const { pid } of before.instances) expect(isAlive(pid ?? 0)).toBe(false);
    await expect(fetch(before.url)).rejects.toThrow();
    await daemon.start();
    const after = await allReady(daemon.platform, WEB);
    expect(after.map((one) => [one.id, one.version])).toEqual(before.instances.map((one) => [one.id, "1.1.0"]));
    expect((await daemon.platform.workloads.getService(WEB)).url).toBe(before.url);
  });

  it("waits no longer once it is asked a second time", async () => {
    const patient = sampleService("web", {});
    await begin([{ ...patient, local: { ...patient.local, stopTimeoutMs: 60_000 } }]);
    const { id } = await start("stubborn");
    const { pid } = await inState(daemon.platform, WEB, id, "ready");
    daemon.child.kill("SIGTERM");
    await eventually(async () => daemon.output().includes("stopping the instances"));
    expect(await daemon.end("SIGINT")).toBe(0);
    expect(isAlive(pid ?? 0)).toBe(false);
  });

  it("goes on when its parent, its terminal and the readers of its output are gone", async () => {
    await begin([sampleService("web")]);
    const [instance] = await allReady(daemon.platform, WEB);
    const { stdout, stderr } = daemon.child;
    daemon.child.disconnect();
    stdout?.destroy();
    stderr?.destroy();
    daemon.child.kill("SIGHUP");
    const extra = await start("1.1.0"); // which makes it write to its log
    await inState(daemon.platform, WEB, extra.id, "ready");
    await expect(start("none")).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect((await instances()).find((one) => one.id === instance?.id)?.pid).toBe(instance?.pid);
    expect(daemon.child.exitCode).toBeNull();
  });

  it("refuses to run twice on one data directory", async () => {
    await begin([sampleService("web")]);
    const env = { ...process.env, OPERATE_DATA_DIR: daemon.dataDir, OPERATE_CONFIG: daemon.configFile };
    const second = fork(ENTRY, { env, silent: true });
    let output = "";
    second.stdout?.on("data", (chunk) => {
      output += chunk;
    });
    const [code] = await once(second, "exit");
    expect(code).toBe(1);
    expect(output).toContain(`already runs on ${daemon.dataDir}`);
    await allReady(daemon.platform, WEB);
  });

  it("keeps services that left the configuration, stops those that it says are removed, starts those that came", async () => {
    await begin([sampleService("web"), sampleService("old")]);
    const [old] = await allReady(daemon.platform, { ...WEB, service: "old" });
    const [web] = await allReady(daemon.platform, WEB);
    await daemon.end("SIGKILL");
    daemon.writeConfig([sampleService("web"), sampleService("new")]);
    await daemon.start();
    const kept = await daemon.platform.workloads.getService({ ...WEB, service: "old" });
    expect(kept).toMatchObject({ configured: false, instances: [{ pid: old?.pid, configured: false }] });
    // started again as it was recorded, also from cold, behind the same address
    await daemon.end("SIGTERM");
    const restartMs = Date.now();
    await daemon.start();
    const [again] = await allReady(daemon.platform, { ...WEB, service: "old" });
    const { countedSince } = await daemon.platform.workloads.getService({ ...WEB, service: "old" });
    expect(Date.parse(countedSince ?? ""), "it counts anew").toBeGreaterThanOrEqual(restartMs);
    expect(again).toMatchObject({ id: old?.id, version: "1.0.0", configured: false });
    expect((await daemon.platform.workloads.getService({ ...WEB, service: "old" })).url).toBe(kept.url);
    const [stillWeb] = await allReady(daemon.platform, WEB);
    await daemon.end("SIGKILL");
    daemon.writeConfig([sampleService("web"), sampleService("new")], { removedServices: ["old"] });
    await daemon.start();
    await allReady(daemon.platform, { ...WEB, service: "new" });
    await eventually(async () => !isAlive(again?.pid ?? 0));
    expect((await instances()).map((one) => [one.id, one.pid])).toEqual([[web?.id, stillWeb?.pid]]);
    expect((await daemon.platform.workloads.listServices()).map((one) => one.service)).toEqual(["web", "new"]);
  });

  const withVersions = (...versions: string[]) => {
    const { local, ...service } = sampleService("web", { environments: { staging: SECRET_SETTINGS } });
    return { ...service, local: { ...local, versions: versions.map((version) => ({ version })) } };
  };
  const SECRET_SETTINGS = { instances: 1, initialVersion: "1.0.0", env: { KEY: "${env:CANARY_KEY}" } };

  it("goes on with a version that left the configuration, through crashes and cold starts", async () => {
    process.env.CANARY_KEY = "a value that stands in no file";
    await begin([withVersions("1.0.0", "1.1.0")]);
    const [initial] = await allReady(daemon.platform, WEB);
    const { id } = await start("1.1.0");
    await inState(daemon.platform, WEB, id, "ready");
    await daemon.platform.workloads.instances.stop({ instanceId: initial?.id ?? "", drainTimeoutMs: 0 });
    await daemon.platform.traffic.setWeights({ ...WEB, weights: { "1.1.0": 100 } });
    await daemon.end("SIGTERM");
    daemon.writeConfig([withVersions("1.0.0")]);
    await daemon.start();
    const [kept] = await allReady(daemon.platform, WEB);
    expect(kept).toMatchObject({ id, version: "1.1.0", configured: false });
    expect((await daemon.platform.workloads.getService(WEB)).weights).toEqual({ "1.1.0": 100 });
    expect(daemon.output()).toContain("no longer configured");
    process.kill(kept?.pid ?? 0, "SIGKILL");
    const again = await eventually(async () =>
      (await instances()).find((one) => one.state === "ready" && one.pid !== kept?.pid),
    );
    expect(again.version).toBe("1.1.0");
    expect(await ask("/env")).toMatchObject({ KEY: process.env.CANARY_KEY, SERVICE_VERSION: "1.1.0" });
    const state = readFileSync(localPaths(daemon.dataDir).state, "utf8");
    expect(state).toContain("${env:CANARY_KEY}");
    expect(state).not.toContain(process.env.CANARY_KEY);
    delete process.env.CANARY_KEY;
  });

  it("starts no other version for one that cannot be started again, and says why", async () => {
    process.env.CANARY_KEY = "secret";
    await begin([withVersions("1.0.0", "1.1.0")]);
    const [initial] = await allReady(daemon.platform, WEB);
    const { id } = await start("1.1.0");
    await daemon.platform.workloads.instances.stop({ instanceId: initial?.id ?? "", drainTimeoutMs: 0 });
    await inState(daemon.platform, WEB, id, "ready");
    await daemon.end("SIGTERM");
    delete process.env.CANARY_KEY;
    const { environments: _, ...plain } = withVersions("1.0.0");
    daemon.writeConfig([{ ...plain, environments: { staging: { instances: 1, initialVersion: "1.0.0" } } }]);
    await daemon.start();
    const lost = await inState(daemon.platform, WEB, id, "crash-looping");
    expect(lost).toMatchObject({ version: "1.1.0", configured: false });
    expect(lost.reason).toMatch(/needs the environment variable CANARY_KEY, which is not set/);
    expect(await instances()).toHaveLength(1);
  });

  it("takes the initial version for the very first start alone", async () => {
    await begin([sampleService("web")]);
    const [first] = await allReady(daemon.platform, WEB);
    await daemon.platform.workloads.instances.stop({ instanceId: first?.id ?? "", drainTimeoutMs: 0 });
    await daemon.end("SIGTERM");
    await daemon.start();
    expect(await instances()).toEqual([]);
  });

  it("explains a broken state file, keeps it, and goes on with the one before it", async () => {
    await begin([sampleService("web")]);
    await daemon.end("SIGTERM");
    const { state, dir } = localPaths(daemon.dataDir);
    writeFileSync(state, "{ broken");
    await daemon.start();
    expect(daemon.output()).toContain("is not JSON; what was written before it is used");
    const kept = readdirSync(dir).find((name) => name.includes("broken")) ?? "";
    expect(readFileSync(`${dir}/${kept}`, "utf8")).toBe("{ broken");
    await allReady(daemon.platform, WEB);
  });

  it("explains an address that leads nowhere", async () => {
    await begin([]);
    await daemon.end("SIGTERM");
    const environments = { staging: { initialVersion: "1.0.0", env: { X: "${url:nobody}" } } };
    daemon.writeConfig([sampleService("web", { environments })]);
    await expect(daemon.start()).rejects.toThrow(/environments\.staging\.env\.X: \$\{url:nobody\} names no service/);
    daemon.writeConfig([]);
  });
});

/** Visits 300 times a second, 20 ms each, while `work` is done. */
async function underLoad(work: () => Promise<void>) {
  const { url } = await daemon.platform.workloads.getService(WEB);
  const visitors = new Pool(url, { connections: 100 });
  const outcomes: (number | string)[] = [];
  const versions = new Set<string>();
  const visits: Promise<void>[] = [];
  let over = false;
  const visit = async () => {
    try {
      const response = await visitors.request({ path: "/slow?ms=20", method: "GET" });
      versions.add(((await response.body.json()) as { version: string }).version);
      outcomes.push(response.statusCode);
    } catch (error) {
      outcomes.push(String(error));
    }
  };
  const load = (async () => {
    const startedAt = performance.now();
    for (let sent = 0; !over; await sleep(2))
      for (; sent < (performance.now() - startedAt) * 0.3; sent++) visits.push(visit());
  })();
  await work().finally(() => {
    over = true;
  });
  await load;
  await Promise.all(visits);
  await visitors.close();
  return { outcomes, versions };
}

describe("a good version at 300 requests a second", () => {
  const bothVersions = new Set(["1.0.0", "1.1.0"]);
  const letGo = async (ids: readonly string[]) => {
    await Promise.all(
      ids.map((instanceId) => daemon.platform.workloads.instances.drain({ instanceId, timeoutMs: 5_000 })),
    );
    await Promise.all(
      ids.map((instanceId) => daemon.platform.workloads.instances.stop({ instanceId, drainTimeoutMs: 0 })),
    );
  };

  it("takes over one by one without a lost request", async () => {
    await begin([sampleService("web", {}, 3)]);
    const old = await allReady(daemon.platform, WEB);
    const { outcomes, versions } = await underLoad(async () => {
      for (const { id } of old) {
        const fresh = await start("1.1.0", `replaces ${id}`);
        await inState(daemon.platform, WEB, fresh.id, "ready");
        await daemon.platform.workloads.instances.stop({ instanceId: id, drainTimeoutMs: 5_000 });
      }
    });
    expect(outcomes.filter((outcome) => outcome !== 200)).toEqual([]);
    expect(outcomes.length).toBeGreaterThan(150);
    expect(versions).toEqual(bothVersions);
    expect((await daemon.platform.workloads.getService(WEB)).currentVersion).toBe("1.1.0");
  });

  it("takes over by weights and in one switch, and is left again, without a lost request", async () => {
    await begin([sampleService("web", {}, 2)]);
    const old = (await allReady(daemon.platform, WEB)).map((one) => one.id);
    const share = (weights: Record<string, number> | null) =>
      daemon.platform.traffic.setWeights({ ...WEB, weights, candidate: "1.1.0" });
    const answering = async () =>
      new Set(await Promise.all(Array.from({ length: 40 }, async () => (await ask()).version)));
    const { outcomes, versions } = await underLoad(async () => {
      await share({ "1.0.0": 100 });
      const fresh = await Promise.all(["a", "b"].map((key) => start("1.1.0", key)));
      for (const { id } of fresh) await inState(daemon.platform, WEB, id, "ready");
      expect(await answering()).toEqual(new Set(["1.0.0"]));
      for (const weight of [5, 25, 50]) {
        await share({ "1.0.0": 100 - weight, "1.1.0": weight });
        const answered = await answering();
        // Of 40 in a row among others' requests, a share of 5 % may fall to the others alone.
        if (weight >= 25) expect(answered).toEqual(bothVersions);
      }
      await share({ "1.0.0": 0, "1.1.0": 100 });
      expect(await answering()).toEqual(new Set(["1.1.0"]));
      await share({ "1.0.0": 100, "1.1.0": 0 });
      expect(await answering()).toEqual(new Set(["1.0.0"]));
      await share({ "1.0.0": 0, "1.1.0": 100 });
      await letGo(old);
      await share(null);
      expect(await answering()).toEqual(new Set(["1.1.0"]));
    });
    expect(outcomes.filter((outcome) => outcome !== 200)).toEqual([]);
    expect(versions).toEqual(bothVersions);
  });
});
