import { createServer } from "node:http";
import { afterEach, expect, it, vi } from "vitest";
import { planKept } from "#server/agent/health/check/targets.ts";
import { testConfig } from "#server/testing/context.ts";
import { allReady, createTestDaemon, sampleService, type TestDaemon } from "#server/testing/local-platform/daemon.ts";
import { recordedService } from "./instance/launch-record.ts";

vi.setConfig({ testTimeout: 360_000, hookTimeout: 360_000 });

const WEB = { service: "web", environment: "staging" };
let daemon: TestDaemon;
afterEach(() => daemon?.dispose());

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return typeof address === "object" ? (address?.port ?? 0) : 0;
};

it("a service that left the configuration keeps its balancer's settings and health path, and says when it must move", async () => {
  const port = await freePort();
  const { local } = sampleService("web");
  const settings = { initialVersion: "1.0.0", instances: 1, port };
  const web = sampleService("web", {
    healthPath: "/healthz",
    local: { ...local, balancer: { responseTimeoutMs: 300 } },
    environments: { staging: settings },
  });
  daemon = createTestDaemon([web]);
  await daemon.start();
  const [before] = await allReady(daemon.platform, WEB);
  const hang = async () => (await fetch(`${(await daemon.platform.workloads.getService(WEB)).url}/hang`)).status;
  expect(await hang()).toBe(504);
  await daemon.end("SIGKILL");

  daemon.writeConfig([sampleService("new", { environments: { staging: settings } })]);
  await daemon.start();

  const kept = await daemon.platform.workloads.getService(WEB);
  expect(kept).toMatchObject({ configured: false, healthPath: "/healthz", instances: [{ pid: before?.pid }] });
  expect(await hang()).toBe(504);
  const moved = Number(new URL(kept.url).port);
  expect(daemon.output()).toContain(`web/staging moved from port ${port} to ${moved}: new/staging listens there`);
  expect(planKept(testConfig(), [kept])).toMatchObject([
    { address: "web/staging/healthz", probe: { path: "/healthz" } },
  ]);
});

it("a changed number of instances holds from the next deployment on, and the log says so", async () => {
  const settings = { initialVersion: "1.0.0", instances: 2 };
  daemon = createTestDaemon([sampleService("web", { environments: { staging: settings } })]);
  await daemon.start();
  expect(await allReady(daemon.platform, WEB)).toHaveLength(2);
  await daemon.end("SIGKILL");
  daemon.writeConfig([sampleService("web", { environments: { staging: { ...settings, instances: 3 } } })]);
  await daemon.start();
  expect(await allReady(daemon.platform, WEB)).toHaveLength(2);
  expect(daemon.output()).toContain(
    "web/staging keeps its 2 instances; the next deployment starts as many as are configured, 3",
  );
});

it("settings of a balancer that no release knows any more do not keep a service from being kept", () => {
  const record = {
    ...{ command: ["x"], cwd: "/", env: {}, healthPath: null, readinessPath: null },
    ...{ readinessIntervalMs: 500, readinessTimeoutMs: 1_000, stopTimeoutMs: 1_000 },
  };
  const of = (balancer: Record<string, unknown>) =>
    recordedService("web", { ...record, balancer }, ["1"]).local.balancer;
  expect(of({ queueTimeoutMs: 77 }).queueTimeoutMs).toBe(77);
  expect(of({ queueTimeoutMs: 77, gone: true })).toEqual(of({}));
});
