import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import {
  allReady,
  createTestDaemon,
  eventually,
  isAlive,
  sampleService,
  type TestDaemon,
} from "#server/testing/local-platform/daemon.ts";
import { claimLock, dropSilentLock, lockOwner, takeLock } from "../daemon-lock.ts";
import { endLeftovers } from "../instance/orphans.ts";
import { endInstances, findDaemon } from "../running-daemon.ts";
import { localPaths } from "./paths.ts";
import { StateFile } from "./state-file.ts";

vi.setConfig({ testTimeout: 360_000, hookTimeout: 360_000 });
const REF = { service: "web", environment: "staging" };

describe("a copy of a data directory on which a daemon runs", () => {
  let daemon: TestDaemon;
  let copy: string;
  beforeAll(async () => {
    daemon = createTestDaemon([sampleService("web")]);
    await daemon.start();
    copy = `${daemon.dataDir}-copy`;
    await allReady(daemon.platform, REF);
    cpSync(daemon.dataDir, copy, { recursive: true, filter: (path) => !path.endsWith(".sock") });
  });
  afterAll(() => daemon.dispose());

  it("has no daemon and no process, and keeps what is wanted", async () => {
    const [instance] = await allReady(daemon.platform, REF);
    expect(findDaemon(daemon.dataDir)?.pid).toBe(daemon.child.pid);
    expect(findDaemon(copy)).toBeNull();
    const processes = (dataDir: string) =>
      new StateFile(localPaths(dataDir).state)
        .load()
        .services.flatMap(({ instances }) => instances.map(({ id, process }) => [id, process?.pid]));
    expect(processes(daemon.dataDir)).toEqual([[instance?.id, instance?.pid]]);
    expect(processes(copy)).toEqual([[instance?.id, undefined]]);
  });

  it("leaves the original's instances alone when it stops, and when an instance of the same id ends", async () => {
    const [instance] = await allReady(daemon.platform, REF);
    await endInstances(copy, 500);
    await endLeftovers(instance?.id ?? "", copy);
    expect(isAlive(instance?.pid ?? 0)).toBe(true);
    expect(await allReady(daemon.platform, REF)).toMatchObject([{ pid: instance?.pid, restarts: 0 }]);
  });

  it("is free for a daemon of its own", () => {
    const lock = takeLock(localPaths(copy).lock, copy);
    expect(findDaemon(copy)?.pid).toBe(process.pid);
    lock.release();
  });
});

describe("a data directory that is moved or removed while a daemon runs on it", () => {
  let daemon: TestDaemon;
  beforeEach(async () => {
    daemon = createTestDaemon([sampleService("web")]);
    await daemon.start();
  });
  afterEach(() => daemon.dispose());

  it("is left by it; moved back, the next one takes over the instances", async () => {
    const before = await allReady(daemon.platform, REF);
    const moved = `${daemon.dataDir}-moved`;
    renameSync(daemon.dataDir, moved);
    await eventually(async () => daemon.child.exitCode === 0, 20_000);
    expect(isAlive(before[0]?.pid ?? 0)).toBe(true);
    const { services } = new StateFile(localPaths(moved).state).load();
    expect(services[0]?.instances[0]?.process?.pid).toBe(before[0]?.pid);
    renameSync(moved, daemon.dataDir);
    await daemon.start();
    expect(await allReady(daemon.platform, REF)).toMatchObject([{ pid: before[0]?.pid, restarts: 0 }]);
  });

  it.runIf(process.platform === "linux")("has one daemon after a new start: ports and instances stay", async () => {
    const before = await allReady(daemon.platform, REF);
    const { url } = await daemon.platform.workloads.getService(REF);
    const first = daemon.child;
    rmSync(daemon.dataDir, { recursive: true });
    await daemon.start();
    expect([first.exitCode, first.signalCode]).toEqual([0, null]);
    expect(await allReady(daemon.platform, REF)).toMatchObject([{ pid: before[0]?.pid, restarts: 0 }]);
    expect((await daemon.platform.workloads.getService(REF)).url).toBe(url);
    expect((await fetch(url)).status).toBe(200);
  });
});

describe("the lock of a daemon", () => {
  let dataDir: string;
  let path: string;
  beforeEach(() => {
    dataDir = realpathSync(mkdtempSync(join(tmpdir(), "operate-lock-")));
    path = localPaths(dataDir).lock;
    mkdirSync(localPaths(dataDir).dir);
  });
  afterEach(() => rmSync(dataDir, { recursive: true }));

  it("is not held any more once it names another, whose lock stays", () => {
    const one = takeLock(path, dataDir);
    expect(one.isHeld()).toBe(true);
    rmSync(path);
    expect(one.isHeld()).toBe(false);
    cpSync(import.meta.filename, path);
    one.release();
    expect([one.isHeld(), existsSync(path)]).toEqual([false, true]);
    expect(lockOwner(path)).toBeNull();
  });

  it("of an earlier release still names its owner", () => {
    const lock = takeLock(path, dataDir);
    const { pid, identity } = JSON.parse(readFileSync(path, "utf8"));
    lock.release();
    writeFileSync(path, JSON.stringify({ pid, identity }));
    expect(lockOwner(path)).toEqual({ pid: process.pid, identity });
    expect(() => takeLock(path, dataDir)).toThrow("already runs");
  });

  it("that was taken in another container counts while it shows signs of life, and is nobody's to signal", () => {
    const foreign = { pid: process.pid, identity: "elsewhere", directory: "0:0", place: "green/other-boot/pid:[1]" };
    writeFileSync(path, JSON.stringify(foreign));
    vi.useFakeTimers();
    try {
      expect(lockOwner(path)).toBeNull();
      expect(() => takeLock(path, dataDir)).toThrow(
        /host green.*counts as gone when it gives no sign of life for 30 s/,
      );
      vi.advanceTimersByTime(29_000);
      dropSilentLock(path, 30_000);
      expect(() => takeLock(path, dataDir)).toThrow("host green");
      vi.advanceTimersByTime(1_000);
      dropSilentLock(path, 30_000); // as a supervisor does that waited for the place
      expect(existsSync(path)).toBe(false);
      const lock = takeLock(path, dataDir);
      dropSilentLock(path, 0);
      expect(lock.isHeld()).toBe(true);
      lock.release();
    } finally {
      vi.useRealTimers();
    }
  });

  it("that was taken in another container and is silent is waited for by the daemon itself", async () => {
    const foreign = { pid: process.pid, identity: "elsewhere", directory: "0:0", place: "green/other-boot/pid:[2]" };
    writeFileSync(path, JSON.stringify(foreign));
    vi.useFakeTimers();
    try {
      const waits = vi.fn();
      const claimed = claimLock(path, dataDir, waits);
      await vi.advanceTimersByTimeAsync(31_000);
      expect((await claimed).isHeld()).toBe(true);
      expect(waits).toHaveBeenCalledOnce();
    } finally {
      vi.useRealTimers();
    }
  });
});
