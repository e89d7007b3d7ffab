import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
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
import { canMount, fillDisk, mountSmallDisk } from "#server/testing/small-disk.ts";
import { lockOwner, takeLock } from "../daemon-lock.ts";
import { Instance, type InstanceHost } from "../instance/instance.ts";
import { launch } from "../instance/process.ts";
import { cutFile } from "../logs/log-cut.ts";

// A disk that takes nothing loses log lines, never an instance or a request.
vi.setConfig({ testTimeout: 360_000, hookTimeout: 360_000 });

const REF = { service: "web", environment: "staging" };
const CHATTY = { environments: { staging: { instances: 2, initialVersion: "chatty" } } };
const MISSING = "lines are missing here";
const isLinux = process.platform === "linux";

/** Command lines of all processes that name a folder; those of a writer name its file. */
const processesOf = (folder: string): string[] =>
  readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
    try {
      const line = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
      return line.includes(folder) ? [line] : [];
    } catch {
      return []; // gone meanwhile
    }
  });

let daemon: TestDaemon;
const instances = async (): Promise<PlatformInstance[]> => (await daemon.platform.workloads.getService(REF)).instances;
const logOf = (id: string, kind: "out" | "err" = "out") => join(daemon.dataDir, "local/logs", `${id}.${kind}.log`);
const textOf = (id: string) => readFileSync(logOf(id), "utf8");
const restarted = (restarts: number) =>
  eventually(async () => {
    const all = await instances();
    return all.every((one) => one.state === "ready" && one.restarts === restarts) && all;
  }, 20_000);

/** Asks again and again until it is told to end; gives back what was not answered with 200. */
function ask(url: string) {
  const over = new AbortController();
  const faults: string[] = [];
  let answered = 0;
  const asking = (async () => {
    while (!over.signal.aborted) {
      const status = await fetch(url).then(
        (response) => response.arrayBuffer().then(() => response.status),
        (error: Error) => error.message,
      );
      if (status === 200) answered++;
      else faults.push(String(status));
      await delay(10);
    }
  })();
  return async () => {
    over.abort();
    await asking;
    return { answered, faults };
  };
}

describe.runIf(isLinux)("log files that take nothing (/dev/full)", () => {
  afterEach(() => daemon.dispose());

  it("instances start, serve and go on over the daemon's death; their lines are there again with the room", async () => {
    daemon = createTestDaemon([sampleService("web", CHATTY)]);
    await daemon.start();
    const before = await allReady(daemon.platform, REF);
    for (const { id, pid } of before) {
      for (const kind of ["out", "err"] as const) {
        rmSync(logOf(id, kind));
        symlinkSync("/dev/full", logOf(id, kind));
      }
      process.kill(pid ?? 0, "SIGKILL");
    }
    const started = await restarted(1);
    const { url } = await daemon.platform.workloads.getService(REF);
    const end = ask(url);
    await delay(3_000); // 300 lines that nobody takes
    expect((await end()).faults).toEqual([]);
    expect(await instances()).toMatchObject(started.map(({ id, pid }) => ({ id, pid, restarts: 1 })));

    await daemon.end("SIGKILL");
    const end2 = ask(`http://127.0.0.1:${started[0]?.port}`);
    await delay(2_000);
    expect((await end2()).faults).toEqual([]);
    expect(started.every(({ pid }) => isAlive(pid ?? 0))).toBe(true);
    for (const { id } of started) rmSync(logOf(id));
    for (const { id, pid } of started)
      await eventually(async () => {
        if (!existsSync(logOf(id)) || !lstatSync(logOf(id)).isFile()) return false;
        const [note = "", ...lines] = textOf(id).split("\n");
        return note.includes(MISSING) && lines.filter((line) => line.endsWith(` of ${pid}`)).length > 50;
      }, 10_000);

    await daemon.start();
    expect((await allReady(daemon.platform, REF)).map(({ pid }) => pid)).toEqual(started.map(({ pid }) => pid));
    await daemon.end("SIGTERM");
    await eventually(async () => processesOf(daemon.dataDir).length === 0, 5_000);
  });

  it("what an instance said last is its reason, and its writers are gone with it", async () => {
    daemon = createTestDaemon([sampleService("web", CHATTY)]);
    await daemon.start();
    const [one] = await allReady(daemon.platform, REF);
    expect(processesOf(logOf(one?.id ?? "", "err"))).not.toEqual([]);
    for (const { id } of await instances())
      await daemon.platform.workloads.instances.stop({ instanceId: id, drainTimeoutMs: 0 });
    expect(processesOf(daemon.dataDir)).toEqual([]);
    const { id } = await daemon.platform.workloads.instances.start({ ...REF, version: "crash", key: "crash" });
    const words = /^exited with code 3 after .*: boom: no configuration$/;
    await eventually(
      async () => (await instances()).some((one) => one.id === id && words.test(one.reason ?? "")),
      5_000,
    );
  });
});

describe.runIf(isLinux)("the writers of a log", () => {
  const folder = mkdtempSync(join(tmpdir(), "operate-writers-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("take a flood without a line lost, are the instance's /dev/stdout, and end with what it forked", async () => {
    const [stdoutFile, stderrFile] = [join(folder, "a.out.log"), join(folder, "a.err.log")];
    const script = "seq 1 200000; echo through >/dev/stdout; echo oops >&2; (sleep 1; echo late) & wait";
    const env = { PATH: process.env.PATH ?? "" };
    const running = await launch({ command: ["sh", "-c", script], cwd: "/", env, stdoutFile, stderrFile });
    expect(await running.exited).toEqual({ code: 0, signal: null });
    await running.logged;
    const numbers = Array.from({ length: 200_000 }, (_, i) => String(i + 1));
    expect(readFileSync(stdoutFile, "utf8") === `${[...numbers, "through", "late"].join("\n")}\n`).toBe(true);
    expect(readFileSync(stderrFile, "utf8")).toBe("oops\n");
    expect(processesOf(folder)).toEqual([]);
  });

  it("go on at the new end of a file that was cut", async () => {
    const file = join(folder, "cut.log");
    const script = "i=0; while [ $i -lt 100 ]; do i=$((i+1)); echo $i; sleep 0.02; done";
    const env = { PATH: process.env.PATH ?? "" };
    const files = { stdoutFile: file, stderrFile: "/dev/null" };
    const running = await launch({ command: ["sh", "-c", script], cwd: "/", env, ...files });
    await eventually(async () => existsSync(file) && readFileSync(file, "utf8").includes("20\n"));
    await cutFile(file, `${file}.1`);
    await running.exited;
    await running.logged;
    const [older, newer] = [readFileSync(`${file}.1`, "utf8"), readFileSync(file, "utf8")];
    expect(older).toMatch(/^1\n2\n3\n/);
    expect(newer).toMatch(/^\d+\n[\d\n]*100\n$/);
    expect((older + newer).split("\n").length).toBeGreaterThan(98); // one could fall between copy and cut
  });

  it("end also when the folder of the log is gone", async () => {
    const stdoutFile = join(folder, "gone/a.out.log");
    const env = { PATH: process.env.PATH ?? "" };
    const files = { stdoutFile, stderrFile: stdoutFile };
    const running = await launch({ command: ["sh", "-c", "seq 1 100000"], cwd: "/", env, ...files });
    expect(await running.exited).toEqual({ code: 0, signal: null });
    await running.logged;
    expect(processesOf(folder)).toEqual([]);
  });
});

it("an instance that cannot run on a full disk is started again as soon as there is room, also in a crash loop", async () => {
  let full = true;
  let launches = 0;
  const host: InstanceHost = {
    readiness: { path: null, intervalMs: 1_000, timeoutMs: 1_000 },
    stopTimeoutMs: 1_000,
    freePort: async () => 1,
    launch: () => {
      launches++;
      const files = { stdoutFile: "/dev/null", stderrFile: "/dev/null" };
      const command = full ? ["sh", "-c", "exit 1"] : ["sleep", "600"];
      return launch({ command, cwd: "/", env: { PATH: process.env.PATH ?? "" }, ...files });
    },
    createTarget: () => ({ inFlight: 0, pool: { destroy: async () => {}, close: async () => {} } }) as never,
    lastWords: async () => ({ said: null, diskFull: full }),
    diskFull: async () => full,
    endLeftovers: async () => {},
    changed: () => {},
  };
  const record = { id: "inst_a", key: "a", version: "1", createdAt: new Date().toISOString(), restarts: 0 };
  const instance = new Instance(host, { ...record, draining: false, removed: false, launch: null });
  void instance.start();
  await eventually(async () => instance.state === "crash-looping" && launches === 5, 30_000);
  await delay(2_500);
  expect(launches).toBe(5);
  full = false;
  await eventually(async () => instance.pid !== null, 5_000);
  expect(launches).toBe(6);
  await instance.stop(0);
});

describe.runIf(canMount)("a data directory on a full disk (a real tmpfs, where it may be mounted)", () => {
  it("instances live, crash and come back, a new daemon takes them over, and lines are written when there is room", async () => {
    daemon = createTestDaemon([sampleService("web", CHATTY)]);
    const { dataDir } = daemon;
    mkdirSync(dataDir);
    const unmount = mountSmallDisk(dataDir, "1m");
    try {
      await daemon.start();
      const [first, second] = await allReady(daemon.platform, REF);
      const { url } = await daemon.platform.workloads.getService(REF);
      fillDisk(join(dataDir, "ballast"));
      const end = ask(url);
      await delay(4_000);
      expect(await instances()).toMatchObject([{ pid: first?.pid, restarts: 0 }, { pid: second?.pid }]);
      process.kill(second?.pid ?? 0, "SIGKILL");
      const [, back] = await eventually(async () => {
        const all = await instances();
        return all[1]?.restarts === 1 && all[1].state === "ready" && all;
      }, 10_000);
      const { answered, faults } = await end();
      expect(answered).toBeGreaterThan(0);
      // one asks at a time: at most the request that the killed instance had in hand is lost
      expect(faults.filter((one) => one !== "502")).toEqual([]);
      expect(faults.length).toBeLessThanOrEqual(1);
      const next = await daemon.platform.workloads.instances.start({ ...REF, version: "1.1.0", key: "n" });
      await inState(daemon.platform, REF, next.id, "ready");
      const weights = { chatty: 60, "1.1.0": 40 };
      await daemon.platform.traffic.setWeights({ ...REF, weights, candidate: "1.1.0" });
      expect(daemon.output()).not.toContain("could not be written");

      const lock = join(dataDir, "local/another.lock");
      const taken = takeLock(lock, dataDir);
      expect(lstatSync(lock).isSymbolicLink()).toBe(true); // there was no room for a file
      expect(lockOwner(lock)?.pid).toBe(process.pid);
      expect(() => takeLock(lock, dataDir)).toThrow("already runs");
      expect(taken.isHeld()).toBe(true);
      taken.release();
      expect(taken.isHeld()).toBe(false);
      expect(readdirSync(join(dataDir, "local"))).not.toContain("another.lock");

      await daemon.end("SIGKILL");
      await delay(1_500);
      expect([first, back].map((one) => isAlive(one?.pid ?? 0))).toEqual([true, true]);
      await daemon.start();
      const [again] = await allReady(daemon.platform, REF);
      expect(again).toMatchObject({ pid: first?.pid, restarts: 0 });
      expect((await daemon.platform.workloads.getService(REF)).weights).toEqual(weights);
      expect((await fetch(url)).status).toBe(200);

      rmSync(join(dataDir, "ballast"));
      await eventually(async () => {
        const behind = textOf(first?.id ?? "").split(MISSING)[1] ?? "";
        return behind.split(`of ${first?.pid}\n`).length > 100;
      }, 10_000);
      await daemon.end("SIGTERM");
      await eventually(async () => processesOf(dataDir).length === 0, 5_000);
      await daemon.platform.close();
    } finally {
      await daemon.end("SIGKILL");
      unmount();
      rmSync(dirname(dataDir), { recursive: true });
    }
  });
});
