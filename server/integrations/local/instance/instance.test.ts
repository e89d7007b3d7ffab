import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
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

// Real processes on a machine that may be busy with everything else.
vi.setConfig({ testTimeout: 360_000, hookTimeout: 360_000 });

const folder = mkdtempSync(join(tmpdir(), "operate-instance-"));
/** ends with an error the first time, and never listens the second time */
const ONCE = `cd '${folder}'; test -e began && exec sleep 600; touch began; echo 'boom: no prices' >&2; exit 3`;

/** Every test has a service of its own under one daemon. */
let daemon: TestDaemon;

const ref = (service: string) => ({ service, environment: "staging" });
const instances = async (service: string): Promise<PlatformInstance[]> =>
  (await daemon.platform.workloads.getService(ref(service))).instances;
const start = (service: string, version: string) =>
  daemon.platform.workloads.instances.start({ ...ref(service), version, key: version });
const stop = (instanceId: string, drainTimeoutMs: number) =>
  daemon.platform.workloads.instances.stop({ instanceId, drainTimeoutMs });
const ask = async <T = { instance: string; pid: number; version: string; child: number }>(
  service: string,
  path = "/",
): Promise<T> => {
  const { url } = await daemon.platform.workloads.getService(ref(service));
  return (await fetch(url + path)).json() as Promise<T>;
};

beforeAll(async () => {
  const env = { NEXT_URL: "${url:next}/v1", MODE: "test" };
  const missing = { command: ["no-such-program-{version}"], versions: [{ version: "1.0.0" }] };
  daemon = createTestDaemon([
    sampleService("settings", { environments: { staging: { instances: 1, initialVersion: "1.0.0", env } } }),
    ...["next", "crashing", "looping", "draining", "stubborn", "forking"].map((name) => sampleService(name)),
    sampleService("unready", {}, 2),
    sampleService("missing", { local: missing }),
    sampleService("once", { local: { command: ["sh", "-c", ONCE], versions: [{ version: "1.0.0" }] } }, 1),
  ]);
  await daemon.start({ DATABASE_URL: "postgres://secret", OPERATE_SECRET_KEY: "s", MY_TOKEN: "t", NODE_OPTIONS: "" });
  for (const name of ["settings", "crashing", "draining", "unready"]) await allReady(daemon.platform, ref(name));
});
afterAll(async () => {
  await daemon.dispose();
  rmSync(folder, { recursive: true });
});

it("sees its own settings, the addresses of others, and none of Operate's secrets", async () => {
  const [instance] = await instances("settings");
  const { url } = await daemon.platform.workloads.getService(ref("next"));
  const env = await ask<Record<string, string>>("settings", "/env");
  expect(env).toMatchObject({
    ...{ SERVICE_NAME: "settings", SERVICE_VERSION: "1.0.0", SERVICE_ENVIRONMENT: "staging", MODE: "test" },
    ...{ INSTANCE_ID: instance?.id, PORT: String(instance?.port), NEXT_URL: `${url}/v1` },
    OPERATE_DATA_DIR: daemon.dataDir,
  });
  for (const name of ["DATABASE_URL", "OPERATE_SECRET_KEY", "OPERATE_CONFIG", "MY_TOKEN", "NODE_OPTIONS"])
    expect(env).not.toHaveProperty(name);
});

it("is measured", async () => {
  const found = await eventually(async () => (await instances("settings")).find((one) => one.memoryBytes !== null));
  expect(found.memoryBytes).toBeGreaterThan(10_000_000);
  expect(found.cpuPercent).toBeGreaterThanOrEqual(0);
});

it("comes back after a crash and keeps its id", async () => {
  const [before] = await instances("crashing");
  await ask("crashing", "/exit?code=7").catch(() => null);
  const after = await eventually(async () =>
    (await instances("crashing")).find((one) => one.restarts === 1 && one.state === "ready"),
  );
  expect(after).toMatchObject({ id: before?.id, createdAt: before?.createdAt, reason: null });
  expect(after.pid).not.toBe(before?.pid);
});

it("is crash-looping after five crashes, with the reason, and can be stopped; its log stays", async () => {
  const { id } = await start("looping", "crash");
  const looping = await inState(daemon.platform, ref("looping"), id, "crash-looping");
  expect(looping).toMatchObject({ restarts: 4, pid: null });
  expect(looping.reason).toMatch(/^exited with code 3 after .* boom: no configuration$/);
  expect(await daemon.platform.logs.tailLogs({ instanceId: id, lines: 9 })).toMatchObject(
    Array.from({ length: 5 }, () => ({ stream: "stderr", text: "boom: no configuration" })),
  );
  await stop(id, 0);
  expect((await instances("looping")).map((one) => one.version)).toEqual(["1.0.0"]);
  expect(await daemon.platform.logs.tailLogs({ instanceId: id, lines: 1 })).toHaveLength(1);
});

it("says while it is started again why it ended before", async () => {
  const again = await eventually(async () =>
    (await instances("once")).find((one) => one.restarts === 1 && one.reason?.includes("nothing listens")),
  );
  expect(again.state).toBe("starting");
  expect(again.reason).toMatch(
    /^exited with code 3 after [\d.]+ s: boom: no prices; it was started again, and nothing listens on port \d+ yet$/,
  );
});

it("says that its command was not found, while the others go on", async () => {
  const missing = await eventually(async () => (await instances("missing")).find((one) => one.reason !== null));
  expect(missing).toMatchObject({ pid: null, reason: "command not found: no-such-program-1.0.0" });
  expect(["restarting", "crash-looping"]).toContain(missing.state);
});

it("leaves the rotation while its readiness check fails", async () => {
  const { instance } = await ask("unready", "/unready");
  const unready = await inState(daemon.platform, ref("unready"), instance, "unready");
  expect(unready.reason).toBe("/readyz answered 503");
  for (let i = 0; i < 6; i++) expect((await ask("unready")).instance).not.toBe(instance);
});

it("drains within its bound while a slow request is in flight, which still ends well", async () => {
  const [instance] = await instances("draining");
  const instanceId = instance?.id ?? "";
  const slow = ask("draining", "/slow?ms=8000");
  await eventually(async () => (await instances("draining"))[0]?.inFlight === 1);
  const startedAt = performance.now();
  expect(await daemon.platform.workloads.instances.drain({ instanceId, timeoutMs: 200 })).toEqual({ remaining: 1 });
  expect(performance.now() - startedAt).toBeLessThan(7_000);
  expect(await daemon.platform.workloads.instances.drain({ instanceId, timeoutMs: 30_000 })).toEqual({ remaining: 0 });
  expect((await slow).instance).toBe(instanceId);
});

it("lets a request in flight end before SIGTERM, and is killed when it ignores that", async () => {
  const { id } = await start("stubborn", "stubborn");
  await inState(daemon.platform, ref("stubborn"), id, "ready");
  await daemon.platform.traffic.setWeights({ ...ref("stubborn"), weights: { stubborn: 100 } });
  const slow = ask("stubborn", "/slow?ms=700");
  const busy = await eventually(async () => (await instances("stubborn")).find((one) => one.inFlight === 1));
  await stop(id, 10_000);
  expect((await slow).version).toBe("stubborn");
  expect(isAlive(busy.pid ?? 0)).toBe(false);
});

it("takes what it forked with it", async () => {
  const { id } = await start("forking", "forking");
  await inState(daemon.platform, ref("forking"), id, "ready");
  await daemon.platform.traffic.setWeights({ ...ref("forking"), weights: { forking: 100 } });
  const { child } = await ask("forking");
  expect(isAlive(child)).toBe(true);
  await stop(id, 0);
  await eventually(async () => !isAlive(child));
});
