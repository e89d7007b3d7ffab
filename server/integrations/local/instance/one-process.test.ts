import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import {
  allReady,
  createTestDaemon,
  eventually,
  sampleService,
  type TestDaemon,
} from "#server/testing/local-platform/daemon.ts";
import { Instance, type InstanceHost } from "./instance.ts";
import { stopOrphans } from "./orphans.ts";
import { identityOf, launch } from "./process.ts";

vi.setConfig({ testTimeout: 600_000, hookTimeout: 360_000 });
const REF = { service: "one", environment: "staging" };
let daemon: TestDaemon;
beforeAll(async () => {
  daemon = createTestDaemon([sampleService("one", {}, 3)]);
  await daemon.start();
});
afterAll(() => daemon.dispose());

/** Instance id and pid of every process group leader that runs for an instance of the data directory. */
function running(dataDir: string): { id: string; pid: number }[] {
  return readdirSync("/proc").flatMap((name) => {
    try {
      const pid = Number(name);
      const lines = readFileSync(`/proc/${name}/environ`, "utf8").split("\0");
      const id = lines.find((line) => line.startsWith("OPERATE_LOCAL_INSTANCE="))?.split("=")[1];
      return id && lines.includes(`OPERATE_DATA_DIR=${dataDir}`) && identityOf(pid) !== null ? [{ id, pid }] : [];
    } catch {
      return []; // no process, gone, or somebody else's
    }
  });
}

const isLinux = process.platform === "linux";

describe.runIf(isLinux)("an instance has one process", () => {
  it("whatever dies around an adoption while the state cannot be written", async () => {
    const blocked = join(daemon.dataDir, "local/state.json.tmp");
    for (let round = 0; round < 6; round++) {
      const instances = await allReady(daemon.platform, REF);
      mkdirSync(blocked, { recursive: true }); // no file can be written where a folder stands, by root neither
      await daemon.end("SIGKILL");
      const starting = daemon.start();
      const victims = instances.filter((_, i) => i === 0 || Math.random() < 0.5);
      for (const { pid } of victims) {
        await delay(Math.random() * 600);
        if (pid !== null && identityOf(pid) !== null) process.kill(pid, "SIGKILL");
      }
      await starting;
      await allReady(daemon.platform, REF);
      await delay(1_500); // a start that was scheduled twice would have come by now
      const now = running(daemon.dataDir);
      expect(now.map(({ id }) => id).sort(), `round ${round}`).toEqual(instances.map(({ id }) => id).sort());
      rmSync(blocked, { recursive: true });
    }
  });

  it("a planted twin is ended and said, a helper that left its parents is not", async () => {
    const [instance] = await allReady(daemon.platform, REF);
    const pid = instance?.pid ?? 0;
    const text = (file: string) => readFileSync(`/proc/${pid}/${file}`, "utf8").split("\0");
    const inherited = Object.fromEntries(text("environ").map((line) => line.split(/=(.*)/s)));
    const [file = "", ...args] = text("cmdline").slice(0, -1);
    const { OPERATE_LOCAL_LAUNCH: _, ...unmarked } = inherited;
    const plant = (command: string, given: string[], env: object) => {
      const child = spawn(command, given, { env: env as NodeJS.ProcessEnv, detached: true, stdio: "ignore" });
      return child.pid ?? 0;
    };
    const helper = plant("sleep", ["600"], inherited);
    const twins = [
      plant(file, args, { ...inherited, PORT: "0" }),
      plant(file, args, { ...unmarked, PORT: "0" }),
      plant("sleep", ["601"], unmarked),
    ];
    await eventually(async () => twins.every((twin) => identityOf(twin) === null), 200_000);
    expect(identityOf(helper)).not.toBeNull();
    process.kill(helper, "SIGKILL");
    expect(identityOf(pid)).not.toBeNull();
    // said once all were looked at, a moment after the last one was ended
    await eventually(async () => daemon.output().includes(`ended a second process of instance ${instance?.id}`));
  });

  it("a process of an instance that is not settled is nobody's to judge", async () => {
    const dataDir = `/nowhere/${process.pid}`;
    const child = spawn("sleep", ["600"], {
      env: { ...process.env, OPERATE_DATA_DIR: dataDir, OPERATE_LOCAL_INSTANCE: "inst_a" },
      detached: true,
    });
    await eventually(async () => running(dataDir).length === 1);
    expect(await stopOrphans(dataDir, () => "unsettled")).toEqual([]);
    expect(await stopOrphans(dataDir, () => null)).toEqual([{ instanceId: "inst_a", group: child.pid, twin: false }]);
  });
});

describe("one launch at a time, for every order of starts and deaths", () => {
  let launched: number[];
  beforeEach(() => {
    launched = [];
  });
  const alive = () => launched.filter((pid) => identityOf(pid) !== null);

  it.each(Array.from({ length: 8 }, (_, seed) => seed))("seed %i", async (seed) => {
    const random = generator(seed + 1);
    const pause = (ms: number) => delay(random() * ms);
    const host: InstanceHost = {
      readiness: { path: null, intervalMs: 1_000, timeoutMs: 1_000 },
      stopTimeoutMs: 1_000,
      freePort: async () => {
        await pause(40);
        return 1;
      },
      launch: async () => {
        await pause(40);
        if (random() < 0.1) throw new Error("refused");
        const nowhere = { stdoutFile: "/dev/null", stderrFile: "/dev/null" };
        const one = await launch({
          command: ["sleep", "600"],
          cwd: "/",
          env: { PATH: process.env.PATH ?? "" },
          ...nowhere,
        });
        launched.push(one.pid);
        return one;
      },
      createTarget: () => ({ inFlight: 0, pool: { destroy: () => pause(60), close: async () => {} } }) as never,
      lastWords: async () => {
        await pause(60);
        return { said: null, diskFull: false };
      },
      diskFull: async () => false,
      endLeftovers: () => pause(60),
      changed: () => {},
    };
    const record = { id: "inst_a", key: "a", version: "1", createdAt: new Date().toISOString(), restarts: 0 };
    const instance = new Instance(host, { ...record, draining: false, removed: false, launch: null });
    let most = 0;
    for (let step = 0; step < 30; step++) {
      const what = random();
      if (what < 0.5) void instance.start();
      else for (const pid of alive()) process.kill(pid, "SIGKILL");
      await pause(120);
      most = Math.max(most, alive().length);
    }
    await instance.stop(0);
    await delay(400);
    expect(most).toBe(1);
    expect(alive()).toEqual([]);
  });
});

/** Park and Miller's minimal standard generator: the same numbers for the same seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
