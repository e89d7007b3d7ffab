import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { createTestDaemon, eventually, sampleService, type TestDaemon } from "#server/testing/local-platform/daemon.ts";
import { freePort } from "./free-port.ts";
import { describeHolder, holderOf, listenersOn } from "./port-holder.ts";
import { checkReadiness, SeenListeners } from "./readiness.ts";

vi.setConfig({ testTimeout: 360_000, hookTimeout: 360_000 });

const ref = (service: string) => ({ service, environment: "staging" });
const cleanUp: (() => unknown)[] = [];
afterAll(async () => {
  for (const one of cleanUp.reverse()) await one();
});

/** A process that answers every request with 200, as a stranger does that took the port first. */
async function stranger(port: number): Promise<ChildProcess> {
  const script = `require("node:http").createServer((_, r) => r.end("stranger")).listen(${port}, "127.0.0.1", () => console.log("up"))`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  cleanUp.push(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return child;
}

describe.runIf(process.platform === "linux")("a port that a stranger holds", () => {
  it("has a holder with a name", async () => {
    const port = await freePort();
    const { pid } = await stranger(port);
    expect(describeHolder(holderOf(listenersOn(port) ?? []) ?? { pid: null, name: null })).toBe(
      `process ${pid} (${basename(process.execPath)})`,
    );
    expect(listenersOn(await freePort())).toEqual([]);
  });

  it("makes nobody ready by the stranger's answer, with a path and without", async () => {
    const port = await freePort();
    const { pid } = await stranger(port);
    const sleeper = spawn("sleep", ["600"], { detached: true, stdio: "ignore" });
    cleanUp.push(() => sleeper.kill("SIGKILL"));
    await once(sleeper, "spawn");
    const asked = { port, timeoutMs: 20_000, signal: new AbortController().signal };
    for (const path of ["/readyz", null]) {
      const instance = { id: "inst_1", pid: sleeper.pid ?? 0 };
      expect(await checkReadiness({ ...asked, path, instance, seen: new SeenListeners() })).toContain(
        `port ${port} is held by process ${pid} (`,
      );
      expect(
        await checkReadiness({ ...asked, path, instance: { id: "inst_2", pid: pid ?? 0 }, seen: new SeenListeners() }),
      ).toBeNull();
    }
  });

  it("belongs to an instance whose child listens, in a session of its own", async () => {
    const port = await freePort();
    const script = `require("node:child_process").spawn("setsid", [process.execPath, "-e", \`require("node:http").createServer((_, r) => r.end()).listen(${port}, "127.0.0.1", () => console.log("up"))\`], { stdio: "inherit" })`;
    const env = { ...process.env, OPERATE_LOCAL_INSTANCE: "inst_3" };
    const parent = spawn(process.execPath, ["-e", script], {
      detached: true,
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(parent.stdout, "data");
    const { pid } = holderOf(listenersOn(port) ?? []) ?? {};
    cleanUp.push(() => {
      for (const one of [parent.pid, pid]) if (one) process.kill(one, "SIGKILL");
    });
    const asked = { port, path: "/", timeoutMs: 20_000, signal: new AbortController().signal };
    expect(
      await checkReadiness({ ...asked, instance: { id: "inst_3", pid: parent.pid ?? 0 }, seen: new SeenListeners() }),
    ).toBeNull();
  });
});

describe("a first start", () => {
  let daemon: TestDaemon;
  const first = (service: string) =>
    eventually(async () =>
      (await daemon.platform.workloads.getService(ref(service))).instances.find((one) => one.reason !== null),
    );

  it("needs no path, takes healthPath for readiness, and says why an instance does not come up", async () => {
    const held = createServer((_, response) => response.end("stranger")).listen(0, "127.0.0.1");
    await once(held, "listening");
    cleanUp.push(() => held.close());
    const { port } = held.address() as AddressInfo;
    const own = (listenOn: string) => [
      "node",
      "-e",
      `require("node:http").createServer((q, r) => { r.statusCode = q.url === "/alive" ? 200 : 404; r.end(); }).listen(${listenOn}, "127.0.0.1")`,
    ];
    const versions = [{ version: "1" }];
    const at = (settings = {}) => ({ environments: { staging: { instances: 1, initialVersion: "1", ...settings } } });
    const elsewhere = await freePort();
    daemon = createTestDaemon([
      { name: "health-only", healthPath: "/alive", local: { command: own("process.env.PORT"), versions }, ...at() },
      { name: "no-path", local: { command: own("process.env.PORT"), versions }, ...at() },
      { name: "wrong-path", healthPath: "/readyz", local: { command: own("process.env.PORT"), versions }, ...at() },
      { name: "ignores-port", healthPath: "/alive", local: { command: own(String(elsewhere)), versions }, ...at() },
      sampleService("held", at({ initialVersion: "1.0.0", port })),
    ]);
    cleanUp.push(() => daemon.dispose());
    await daemon.start();
    for (const service of ["health-only", "no-path"])
      await eventually(
        async () => (await daemon.platform.workloads.getService(ref(service))).instances[0]?.state === "ready",
      );
    await eventually(async () => (await first("wrong-path")).reason === "/readyz answered 404");
    const ignoring = await eventually(async () => {
      const one = await first("ignores-port");
      return one.reason?.includes("instead") && one;
    });
    if (process.platform === "linux")
      expect(ignoring.reason).toBe(
        `nothing listens on port ${ignoring.port}, which it was given as PORT; it listens on ${elsewhere} instead`,
      );
    const { problem } = await daemon.platform.workloads.getService(ref("held"));
    expect(problem).toContain(`port ${port} is held by process ${process.pid} (`);
  });
});

describe("what was found out about a port's listener", () => {
  const looks = (reasons: (string | null)[]) => {
    let looked = 0;
    return { look: () => reasons[looked++] ?? null, looked: () => looked };
  };

  it("is not asked again at every check while it is the process's own", () => {
    const seen = new SeenListeners();
    const { look, looked } = looks([]);
    for (let check = 0; check < 100; check++) expect(seen.stranger(7, look)).toBeNull();
    expect(looked()).toBe(1);
  });

  it("is asked again for a new process, and after nobody listened", async () => {
    const seen = new SeenListeners();
    const { look } = looks([null, "held", null]);
    expect(seen.stranger(7, look)).toBeNull();
    expect(seen.stranger(8, look)).toBe("held");
    expect(seen.stranger(8, look)).toBe("held");
    expect(await seen.instead(8, async () => "elsewhere")).toBe("elsewhere");
    expect(seen.stranger(8, look)).toBeNull();
  });
});
