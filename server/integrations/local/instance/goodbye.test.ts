import { once } from "node:events";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import {
  allReady,
  createTestDaemon,
  eventually,
  sampleService,
  type TestDaemon,
} from "#server/testing/local-platform/daemon.ts";

// Real processes on a machine that may be busy with everything else.
vi.setConfig({ testTimeout: 360_000, hookTimeout: 360_000 });

/** An instance that is stopped may say goodbye on its WebSockets, and need not wait for clients that stay. */

let daemon: TestDaemon;
const ref = (service: string) => ({ service, environment: "staging" });
const instance = async (service: string) => (await daemon.platform.workloads.getService(ref(service))).instances[0];

beforeAll(async () => {
  const running = (version: string) =>
    sampleService(version, { environments: { staging: { instances: 1, initialVersion: version } } });
  const [leaving, waiting] = [sampleService("leaving"), running("waiting")];
  const patient = { ...waiting, local: { ...waiting.local, stopTimeoutMs: 4_000 } };
  daemon = createTestDaemon([...["1.1.0", "hasty", "stubborn"].map(running), leaving, patient].map(named));
  await daemon.start();
});
afterAll(() => daemon.dispose());

/** Names of services have no dots. */
const named = <T extends { name: string }>(service: T): T => ({
  ...service,
  name: service.name.replace("1.1.0", "polite"),
});

/** A WebSocket to a service, and the code with which it will be closed. */
async function connected(service: string): Promise<{ code: Promise<number> }> {
  await allReady(daemon.platform, ref(service));
  const { url } = await daemon.platform.workloads.getService(ref(service));
  const socket = new WebSocket(url.replace("http", "ws"));
  const code = once(socket, "close").then(([event]) => (event as CloseEvent).code);
  await once(socket, "open");
  await eventually(async () => (await instance(service))?.inFlight === 1);
  return { code };
}

it.each([
  ["polite", 1001, /^1 .* open/],
  ["hasty", 1001, /^1 .* open/],
  ["stubborn", 1006, /^1 .* open .*; it did not end within 1.5 s of SIGTERM and was killed$/],
])("%s: its client is told %i", async (service, expected, note) => {
  const { code } = await connected(service);
  const instanceId = (await instance(service))?.id ?? "";
  const stopped = await daemon.platform.workloads.instances.stop({ instanceId, drainTimeoutMs: 50 });
  expect(await code).toBe(expected);
  expect(stopped.note).toMatch(note);
});

it("need not kill an instance that waits until its clients have left", async () => {
  const { code } = await connected("waiting");
  const { url } = await daemon.platform.workloads.getService(ref("waiting"));
  const stream = (await fetch(`${url}/stream`)).text().catch(() => "cut");
  const instanceId = (await instance("waiting"))?.id ?? "";
  const stopped = await daemon.platform.workloads.instances.stop({ instanceId, drainTimeoutMs: 50 });
  expect([await code, await stream]).toEqual([1006, "cut"]);
  expect(stopped.note).toMatch(/^2 .* open/);
  expect(stopped.note).not.toMatch(/killed/);
});

it("says goodbye when Operate itself stops", async () => {
  const { code } = await connected("leaving");
  expect(await daemon.end("SIGTERM")).toBe(0);
  expect(await code).toBe(1001);
});
