import { once } from "node:events";
import { mkdirSync, readFileSync, rmdirSync, rmSync, symlinkSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { PlatformInstance } from "#server/agent/ports/workloads.ts";
import {
  allReady,
  createTestDaemon,
  eventually,
  inState,
  isAlive,
  sampleService,
  type TestDaemon,
} from "#server/testing/local-platform/daemon.ts";
import { freePort } from "./instance/free-port.ts";
import { localPaths } from "./state/paths.ts";

// Real processes on a machine that may be busy with everything else.
vi.setConfig({ testTimeout: 360_000, hookTimeout: 360_000 });

let daemon: TestDaemon;
const ref = (service: string) => ({ service, environment: "staging" });
const start = (service: string, version: string, key: string = version) =>
  daemon.platform.workloads.instances.start({ ...ref(service), version, key });
const stop = (instanceId: string, drainTimeoutMs: number) =>
  daemon.platform.workloads.instances.stop({ instanceId, drainTimeoutMs });
const instances = async (service: string): Promise<PlatformInstance[]> =>
  (await daemon.platform.workloads.getService(ref(service))).instances;
const listen = async (port: number): Promise<Server> => {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
};

describe("an instance that cannot run or will not end", () => {
  let holder: Server;
  let takenPort: number;
  const portOf = (address: ReturnType<Server["address"]>) =>
    typeof address === "object" && address !== null ? address.port : 0;
  beforeAll(async () => {
    holder = await listen(0);
    takenPort = portOf(holder.address());
    const env = { TAKEN_PORT: String(takenPort) };
    const missing = { command: ["no-such-program-{version}"], versions: [{ version: "1.0.0" }] };
    daemon = createTestDaemon([
      sampleService("taken", { environments: { staging: { instances: 1, initialVersion: "1.0.0", env } } }),
      ...["stubborn", "daemonizing", "busy", "many"].map((name) => sampleService(name)),
      sampleService("missing", { local: missing }),
    ]);
    await daemon.start();
    for (const name of ["taken", "stubborn", "daemonizing", "busy", "many"]) await allReady(daemon.platform, ref(name));
  });
  afterAll(async () => {
    holder.close();
    await daemon.dispose();
  });

  it("says in its own words that its port is taken", async () => {
    const { id } = await start("taken", "taken");
    const { reason } = await inState(daemon.platform, ref("taken"), id, "crash-looping");
    expect(reason).toMatch(/^exited with code 1 after \d+\.\d s: Error: listen EADDRINUSE: address already in use/);
    expect(reason).toContain(String(takenPort));
    expect(await stop(id, 0)).toEqual({ note: null });
  });

  it("does not start again and again a command that is not there", async () => {
    const found = await eventually(async () => (await instances("missing")).find((one) => one.reason !== null));
    expect(found).toMatchObject({
      ...{ state: "crash-looping", restarts: 0, pid: null },
      reason: "command not found: no-such-program-1.0.0",
    });
    expect(await stop(found.id, 1_000)).toEqual({ note: null });
    expect(await instances("missing")).toEqual([]);
  });

  it("is killed when it ignores SIGTERM, and that is told to everyone who waits", async () => {
    const { id } = await start("stubborn", "stubborn");
    const { pid } = await inState(daemon.platform, ref("stubborn"), id, "ready");
    const notes = await Promise.all([stop(id, 0), stop(id, 0)]);
    const note = "it did not end within 1.5 s of SIGTERM and was killed";
    expect(notes).toEqual([{ note }, { note }]);
    expect(isAlive(pid ?? 0)).toBe(false);
  });

  it("takes a child with it that went into a session of its own", async () => {
    const { id } = await start("daemonizing", "daemonizing");
    await inState(daemon.platform, ref("daemonizing"), id, "ready");
    const answers = await daemon.platform.traffic.sendTo({
      ...ref("daemonizing"),
      ...{ version: "daemonizing", method: "GET", path: "/", headers: {}, body: null, timeoutMs: 5_000 },
    });
    const { child } = JSON.parse(answers[0]?.body ?? "{}") as { child: number };
    expect(isAlive(child)).toBe(true);
    await stop(id, 0);
    await eventually(async () => !isAlive(child));
  });

  it("is waited for up to the time to drain; idle connections do not count, and what is left is told", async () => {
    const [busy] = await instances("busy");
    const instanceId = busy?.id ?? "";
    const { url } = await daemon.platform.workloads.getService(ref("busy"));
    await (await fetch(url)).arrayBuffer(); // leaves a connection kept alive
    const slow = fetch(`${url}/slow?ms=10000`).then(
      (response) => response.status,
      () => "cut",
    );
    await eventually(async () => (await instances("busy"))[0]?.inFlight === 1);
    expect(await daemon.platform.workloads.instances.drain({ instanceId, timeoutMs: 300 })).toEqual({ remaining: 1 });
    expect(await stop(instanceId, 200)).toEqual({
      note: "1 request or connection was still open after the time to drain; it did not end within 1.5 s of SIGTERM and was killed",
    });
    expect([502, "cut"]).toContain(await slow);
    expect(isAlive(busy?.pid ?? 0)).toBe(false);
  });

  it("starts, drains and stops many at once, each key once", async () => {
    const keys = ["a", "b", "c", "d", "a", "b", "c", "d"];
    const started = await Promise.all(keys.map((key) => start("many", "1.1.0", key)));
    expect(started.map((one) => one.key)).toEqual(keys);
    const ids = [...new Set(started.map((one) => one.id))];
    expect(ids).toHaveLength(4);
    for (const id of ids) await inState(daemon.platform, ref("many"), id, "ready");
    const running = (await instances("many")).filter((one) => ids.includes(one.id));
    expect(new Set(running.map((one) => one.pid)).size).toBe(4);
    const drained = await Promise.all(
      [...ids, ...ids].map((instanceId) => daemon.platform.workloads.instances.drain({ instanceId, timeoutMs: 5_000 })),
    );
    expect(drained).toEqual(drained.map(() => ({ remaining: 0 })));
    await Promise.all([...ids, ...ids].map((id) => stop(id, 1_000)));
    expect((await instances("many")).map((one) => one.version)).toEqual(["1.0.0"]);
    for (const { pid } of running) expect(isAlive(pid ?? 0)).toBe(false);
  });
});

describe("what the daemon itself cannot have", () => {
  afterEach(() => daemon.dispose());

  it("a state file: nothing new is started, and why is said; going back and stopping still work", async () => {
    daemon = createTestDaemon([sampleService("web", {}, 2)]);
    await daemon.start();
    const [first] = await allReady(daemon.platform, ref("web"));
    const { state } = localPaths(daemon.dataDir);
    // a full disk would not do it: the spare has room for the next write
    rmSync(`${state}.spare`, { force: true });
    mkdirSync(`${state}.spare`);
    await expect(start("web", "1.1.0")).rejects.toMatchObject({
      code: "PRECONDITION",
      message: expect.stringMatching(
        /state\.json cannot be written: .*EISDIR\. Look after that folder, then try again\./,
      ),
    });
    expect(await instances("web")).toHaveLength(2);
    await daemon.platform.traffic.setWeights({ ...ref("web"), weights: { "1.0.0": 100, "1.1.0": 0 } });
    await stop(first?.id ?? "", 1_000);
    expect(await instances("web")).toHaveLength(1);
    expect(readFileSync(state, "utf8")).toContain(first?.id);

    rmdirSync(`${state}.spare`);
    await eventually(async () => !readFileSync(state, "utf8").includes(first?.id ?? ""));
    expect(JSON.parse(readFileSync(state, "utf8"))).toMatchObject({ services: [{ weights: { "1.1.0": 0 } }] });
    expect(await start("web", "1.1.0")).toMatchObject({ version: "1.1.0" });
  });

  it("a log folder: the instance says which file cannot be written", async () => {
    daemon = createTestDaemon([sampleService("web")]);
    await daemon.start();
    await allReady(daemon.platform, ref("web"));
    const { logs } = localPaths(daemon.dataDir);
    rmSync(logs, { recursive: true });
    symlinkSync("/dev/full", logs);
    const { id } = await start("web", "1.1.0");
    const { reason } = await inState(daemon.platform, ref("web"), id, "crash-looping");
    expect(reason).toBe(
      `${logs}/${id}.origin.json cannot be written: ENOTDIR. Look after that folder, then try again.`,
    );
  });

  it("a balancer's port: that service says so and opens when the port is free, the others go on", async () => {
    const port = await freePort();
    const holder = await listen(port);
    const environments = { staging: { instances: 1, initialVersion: "1.0.0", port } };
    daemon = createTestDaemon([sampleService("web", { environments }), sampleService("other")]);
    await daemon.start();
    await allReady(daemon.platform, ref("other"));
    const why = new RegExp(
      `^port ${port} (is held by process ${process.pid} \\(.+\\)|cannot be opened): the balancer of web in staging cannot listen there. Free it, or give the service another port.$`,
    );
    await expect(start("web", "1.1.0")).rejects.toMatchObject({
      code: "PRECONDITION",
      message: expect.stringMatching(why),
    });
    const [waiting] = await allReady(daemon.platform, ref("web"));
    expect(waiting?.reason).toMatch(why);

    holder.close();
    await eventually(async () => (await instances("web"))[0]?.reason === null);
    const { url } = await daemon.platform.workloads.getService(ref("web"));
    expect(url).toBe(`http://127.0.0.1:${port}`);
    expect((await fetch(url)).status).toBe(200);
    expect(await start("web", "1.1.0")).toMatchObject({ version: "1.1.0" });
  });
});
