import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { stringify } from "yaml";
import { createLocalPlatform } from "../integrations/local/index.ts";
import { askDaemon, findDaemon } from "../integrations/local/running-daemon.ts";
import { localPaths } from "../integrations/local/state/paths.ts";
import { allReady, ENTRY, eventually, sampleService } from "../testing/local-platform/daemon.ts";
import { superviseDaemon } from "./supervised-daemon.ts";

vi.setConfig({ testTimeout: 360_000 });
const root = realpathSync(mkdtempSync(join(tmpdir(), "operate-supervised-")));
afterEach(() => rmSync(root, { recursive: true }));

it("lets a daemon with other settings end once it has written its state, and its instances serve on", async () => {
  const dataDir = join(root, "replaced");
  const config = join(root, "replaced.yaml");
  writeFileSync(config, stringify({ services: [sampleService("web")] }));
  const notices: string[] = [];
  const supervise = (settings: string) =>
    superviseDaemon(
      { name: "daemon", file: ENTRY, stopTimeoutMs: 12_000, forcedStopTimeoutMs: 3_000 },
      {
        ...{ cwd: process.cwd(), dataDir, settings, force: new AbortController().signal },
        env: { ...process.env, OPERATE_DATA_DIR: dataDir, OPERATE_CONFIG: config },
        notice: (line) => notices.push(line),
      },
    );
  const platform = createLocalPlatform({ dataDir });
  const { state } = localPaths(dataDir);
  mkdirSync(join(dataDir, "logs"), { recursive: true });
  let daemon = supervise("one");
  try {
    await daemon.ready;
    const ref = { service: "web", environment: "staging" };
    const before = await allReady(platform, ref);
    // what could not be written: the daemon alone knows the weights
    for (const name of [`${state}.spare`, `${state}.previous.tmp`]) rmSync(name, { force: true });
    mkdirSync(`${state}.spare`);
    await platform.traffic.setWeights({ ...ref, weights: { "1.0.0": 90, "1.1.0": 10 }, candidate: "1.1.0" });
    expect(readFileSync(state, "utf8")).not.toContain('"1.1.0": 10');
    await daemon.leave();
    const pid = findDaemon(dataDir)?.pid;
    daemon = supervise("two");
    await daemon.ready;
    expect(findDaemon(dataDir)?.pid).toBe(pid);
    expect((await platform.workloads.getService(ref)).weights).toEqual({ "1.0.0": 90, "1.1.0": 10 });
    await platform.traffic.setWeights({ ...ref, weights: { "1.0.0": 80, "1.1.0": 20 }, candidate: "1.1.0" });
    const said = () => notices.filter((line) => line.includes("goes on with it for now"));
    expect(said()).toEqual([expect.stringContaining("state.json cannot be written")]);
    expect(notices.join("\n")).not.toContain("a new one takes over its instances");
    rmSync(`${state}.spare`, { recursive: true });
    await eventually(async () => ![undefined, pid].includes((await askDaemon(dataDir))?.pid), 20_000);
    expect(said()).toHaveLength(1);
    expect((await allReady(platform, ref)).map(({ pid }) => pid)).toEqual(before.map(({ pid }) => pid));
    expect((await platform.workloads.getService(ref)).weights).toEqual({ "1.0.0": 80, "1.1.0": 20 });
    expect(notices.join("\n")).toContain("was started with another configuration; a new one takes over");
    expect(readFileSync(join(dataDir, "logs/daemon.log"), "utf8")).toContain("left the instances to the next daemon");
  } finally {
    await daemon.stop();
    await platform.close();
  }
});

it("starts a daemon whose log cannot be opened", async () => {
  const dataDir = join(root, "data");
  mkdirSync(join(dataDir, "logs/daemon.log"), { recursive: true }); // nobody can write to a folder, root neither
  const config = join(root, "operate.config.yaml");
  writeFileSync(config, stringify({ services: [sampleService("web")] }));
  const notices: string[] = [];
  const daemon = superviseDaemon(
    { name: "daemon", file: ENTRY, stopTimeoutMs: 12_000, forcedStopTimeoutMs: 3_000 },
    {
      ...{ cwd: process.cwd(), dataDir, settings: "", force: new AbortController().signal },
      env: { ...process.env, OPERATE_DATA_DIR: dataDir, OPERATE_CONFIG: config },
      notice: (line) => notices.push(line),
    },
  );
  const platform = createLocalPlatform({ dataDir });
  try {
    await Promise.race([daemon.ready, daemon.troubled.then((why) => Promise.reject(new Error(why)))]);
    expect(await allReady(platform, { service: "web", environment: "staging" })).toHaveLength(1);
    expect(notices.join("\n")).not.toContain("no longer watched");
  } finally {
    await daemon.stop();
    await platform.close();
  }
});
