import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  allReady,
  createTestDaemon,
  eventually,
  inState,
  isAlive,
  sampleService,
  type TestDaemon,
} from "#server/testing/local-platform/daemon.ts";
import { anyInstanceRuns, endInstances } from "../running-daemon.ts";
import { localPaths } from "./paths.ts";

// A state file that is gone or wrong costs no instance and brings no replaced version back.
vi.setConfig({ testTimeout: 360_000, hookTimeout: 360_000 });

const WEB = { service: "web", environment: "staging" };
const API = { service: "api", environment: "staging" };
let daemon: TestDaemon;
afterEach(() => daemon.dispose());

const look = async () => {
  const [web, api] = await Promise.all([allReady(daemon.platform, WEB), allReady(daemon.platform, API)]);
  return [...web, ...api].map(({ id, version, pid, restarts }) => ({ id, version, pid, restarts }));
};

/** Serves with 1.1.0 while the configuration would begin with 1.0.0; the state of 1.0.0 lies at `old`. */
async function beginReplaced(old: string): Promise<string> {
  daemon = createTestDaemon([sampleService("web", {}), sampleService("api", {})]);
  await daemon.start();
  const [first] = await allReady(daemon.platform, WEB);
  const state = localPaths(daemon.dataDir).state;
  copyFileSync(state, `${daemon.dataDir}/${old}`);
  const { id } = await daemon.platform.workloads.instances.start({ ...WEB, version: "1.1.0", key: "next" });
  await inState(daemon.platform, WEB, id, "ready");
  await daemon.platform.workloads.instances.stop({ instanceId: first?.id ?? "", drainTimeoutMs: 0 });
  return state;
}

describe.runIf(process.platform === "linux")("a daemon whose state does not tell what runs", () => {
  it("takes over the same processes behind the same addresses, and says so", async () => {
    const state = await beginReplaced("old.json");
    const before = await look();
    const urlOf = async () => (await daemon.platform.workloads.getService(WEB)).url;
    const url = await urlOf();
    const damage: Record<string, () => void> = {
      "a half file": () => writeFileSync(state, readFileSync(state, "utf8").slice(0, 100)),
      "no file": () => rmSync(state),
      "no file and no copy": () => execFileSync("sh", ["-c", `rm ${state}*`]),
      "two broken files": () => execFileSync("sh", ["-c", `echo > ${state}; echo '[]' > ${state}.previous`]),
      "the state of another time": () => copyFileSync(`${daemon.dataDir}/old.json`, state),
      "that state and no copy": () =>
        execFileSync("sh", ["-c", `rm ${state}*; cp ${daemon.dataDir}/old.json ${state}`]),
    };
    for (const [name, break_] of Object.entries(damage)) {
      await daemon.end("SIGKILL");
      break_();
      expect(anyInstanceRuns(daemon.dataDir), name).toBe(true);
      await daemon.start();
      expect(await look(), name).toEqual(before);
      expect(await urlOf(), name).toBe(url);
      expect((await (await fetch(url)).json()).version, name).toBe("1.1.0");
    }
    const said = daemon.output();
    expect(said).toMatch(/state\.json is not JSON; what was written before it is used/);
    expect(said).toMatch(/the state file is gone; what runs is taken over/);
    expect(said).toMatch(/does not tell what runs of web\/staging: 1\.1\.0 is taken over as it runs/);
    const [web] = before;
    process.kill(web?.pid ?? 0, "SIGKILL");
    const again = await eventually(async () => (await look()).find((one) => one.id === web?.id && one.restarts === 1));
    expect(again.version).toBe("1.1.0");
  });

  it("ends nothing that serves for an older state that names an instance that lives on", async () => {
    daemon = createTestDaemon([sampleService("web", {}, 2)]);
    await daemon.start();
    const [first, second] = await allReady(daemon.platform, WEB);
    const state = localPaths(daemon.dataDir).state;
    copyFileSync(state, `${daemon.dataDir}/old.json`);
    await daemon.platform.traffic.setWeights({ ...WEB, weights: { "1.0.0": 95, "1.1.0": 5 }, candidate: "1.1.0" });
    const { id } = await daemon.platform.workloads.instances.start({ ...WEB, version: "1.1.0", key: "next" });
    process.kill(first?.pid ?? 0, "SIGKILL");
    await inState(daemon.platform, WEB, id, "ready");
    await eventually(async () => (await allReady(daemon.platform, WEB)).find((one) => one.restarts === 1));
    const before = await allReady(daemon.platform, WEB);
    expect(before.map((one) => one.id)).toEqual([first?.id, second?.id, id]);
    await daemon.end("SIGKILL");
    execFileSync("sh", ["-c", `rm ${state}*; cp ${daemon.dataDir}/old.json ${state}`]);
    await daemon.start();
    const after = await allReady(daemon.platform, WEB);
    const pidsOf = (list: typeof before) => list.map((one) => [one.id, one.pid]).sort();
    expect(pidsOf(after)).toEqual(pidsOf(before));
    const { weights, notice } = await daemon.platform.workloads.getService(WEB);
    expect(weights).toEqual({ "1.0.0": 100, "1.1.0": 0 });
    expect(notice).toContain("is older than what runs: all requests go to 1.0.0");
    expect(daemon.output()).toContain(notice);
    const restart = async () => {
      await daemon.end("SIGKILL");
      await daemon.start();
      return daemon.platform.workloads.getService(WEB);
    };
    expect(await restart()).toMatchObject({ notice, weights: { "1.0.0": 100, "1.1.0": 0 } });
    await daemon.platform.traffic.setWeights({ ...WEB, weights: { "1.0.0": 95, "1.1.0": 5 }, candidate: "1.1.0" });
    expect((await daemon.platform.workloads.getService(WEB)).notice).toBeNull();
    expect(await restart()).toMatchObject({ notice: null, weights: { "1.0.0": 95, "1.1.0": 5 } });
  });

  it("begins nothing anew for a service of which nothing is known while others run, and stops in order what runs", async () => {
    const state = await beginReplaced("old.json");
    const [web, api] = await look();
    await daemon.end("SIGKILL");
    process.kill(api?.pid ?? 0, "SIGKILL");
    execFileSync("sh", ["-c", `rm ${state}*`]);
    await eventually(async () => !isAlive(api?.pid ?? 0));
    await daemon.start();
    expect((await allReady(daemon.platform, WEB)).map((one) => one.pid)).toEqual([web?.pid]);
    expect((await daemon.platform.workloads.getService(API)).instances).toEqual([]);
    expect(daemon.output()).toMatch(/what ran of api\/staging is not known any more; deploy a version/);
    await daemon.platform.workloads.instances.start({ ...API, version: "1.1.0", key: "again" });
    expect(await allReady(daemon.platform, API)).toMatchObject([{ version: "1.1.0" }]);
    const before = await look();
    await daemon.end("SIGKILL");
    execFileSync("sh", ["-c", `rm ${state}*`]);
    await endInstances(daemon.dataDir, 2_000);
    expect(before.map(({ pid }) => isAlive(pid ?? 0))).toEqual([false, false]);
    expect(anyInstanceRuns(daemon.dataDir)).toBe(false);
  });
});
