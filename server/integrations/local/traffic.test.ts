import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it, vi } from "vitest";
import {
  allReady,
  createTestDaemon,
  eventually,
  sampleService,
  type TestDaemon,
} from "#server/testing/local-platform/daemon.ts";

// Real processes on a machine that may be busy with everything else.
vi.setConfig({ testTimeout: 360_000, hookTimeout: 360_000 });

const WEB = { service: "web", environment: "staging" };
let daemon: TestDaemon;
let generator: ChildProcess;
let output: string;

async function begin(requestsPerSecond: number): Promise<string> {
  daemon = createTestDaemon([]);
  daemon.writeConfig([sampleService("web")], { traffic: [{ ...WEB, requestsPerSecond, paths: ["/visit"] }] });
  output = "";
  const env = { ...process.env, OPERATE_DATA_DIR: daemon.dataDir, OPERATE_CONFIG: daemon.configFile };
  generator = fork(join(import.meta.dirname, "traffic.ts"), { env, silent: true });
  generator.stdout?.on("data", (chunk) => {
    output += chunk;
  });
  await once(generator, "message");
  await daemon.start();
  const [instance] = await allReady(daemon.platform, WEB);
  return `http://127.0.0.1:${instance?.port}/visits`;
}

const visits = async (url: string) => Number(await (await fetch(url)).text());

afterEach(async () => {
  generator.kill("SIGKILL");
  await daemon.dispose();
});

it("waits for the daemon, sends at its rate, outlives a daemon that is killed, and ends on SIGTERM", async () => {
  const url = await begin(40);
  await eventually(async () => (await visits(url)) > 10);
  const [before, startedAt] = [await visits(url), performance.now()];
  await sleep(2_000);
  const perSecond = ((await visits(url)) - before) / ((performance.now() - startedAt) / 1_000);
  expect(perSecond).toBeGreaterThan(8);
  expect(perSecond).toBeLessThan(80);

  await daemon.end("SIGKILL");
  const whileGone = await visits(url);
  await daemon.start();
  await eventually(async () => (await visits(url)) > whileGone + 20);
  expect(output.split("\n").length).toBeLessThan(10);

  generator.kill("SIGTERM");
  expect((await once(generator, "exit"))[0]).toBe(0);
});

it("sends nothing at rate 0 and ends with its parent", async () => {
  const url = await begin(0);
  expect(await visits(url)).toBe(0);
  generator.disconnect();
  expect((await once(generator, "exit"))[0]).toBe(0);
});
