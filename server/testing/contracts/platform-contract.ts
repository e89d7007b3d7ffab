import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Platform } from "#server/agent/ports/platform.ts";
import type { PlatformInstance, ServiceRef } from "#server/agent/ports/workloads.ts";
import { BUCKET_COUNT } from "#server/agent/telemetry/histogram.ts";

/** What the suite needs to know about a platform that runs one service with two instances of `running`. */
export interface PlatformUnderTest {
  platform: Platform;
  ref: ServiceRef;
  running: string;
  other: string;
  neverReady: string;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 30_000;

/** The contract of the port `Platform`, to be run on every adapter. */
export function describePlatformContract(name: string, setUp: () => Promise<PlatformUnderTest>): void {
  describe(`${name} as a Platform`, () => {
    let under: PlatformUnderTest;
    beforeAll(async () => {
      under = await setUp();
      await until(async () => (await instances()).every((one) => one.state === "ready"));
    }, READY_WITHIN_MS);
    afterAll(() => under.stop());

    const instances = async (): Promise<PlatformInstance[]> =>
      (await under.platform.workloads.getService(under.ref)).instances;
    const find = async (id: string) => (await instances()).find((one) => one.id === id);
    const start = (version: string, key: string) =>
      under.platform.workloads.instances.start({ ...under.ref, version, key });
    const ask = async () => {
      const { url } = await under.platform.workloads.getService(under.ref);
      const response = await fetch(url);
      await response.arrayBuffer();
      return response.status;
    };

    it("lists services with their instances and current version", async () => {
      const services = await under.platform.workloads.listServices();
      const service = services.find(
        (one) => one.service === under.ref.service && one.environment === under.ref.environment,
      );
      expect(service).toMatchObject({ currentVersion: under.running, weights: null });
      expect(service?.instances).toHaveLength(2);
      expect(await under.platform.workloads.getService(under.ref)).toMatchObject({ url: service?.url });
      expect(await ask()).toBe(200);
    });

    it("starts an instance once per key, lets it join when ready, and stops it for good", async () => {
      const started = await start(under.other, "contract-join");
      expect(started).toMatchObject({ ...under.ref, version: under.other, key: "contract-join" });
      expect(["starting", "ready"]).toContain(started.state);
      expect((await start(under.other, "contract-join")).id).toBe(started.id);
      await until(async () => (await find(started.id))?.state === "ready");
      const stop = () => under.platform.workloads.instances.stop({ instanceId: started.id, drainTimeoutMs: 1_000 });
      expect(await stop()).toEqual({ note: null });
      expect(await find(started.id)).toBeUndefined();
      expect(await stop()).toEqual({ note: null });
      expect(await under.platform.workloads.instances.drain({ instanceId: started.id, timeoutMs: 100 })).toEqual({
        remaining: 0,
      });
    });

    it("starts, drains and stops several at once, each key once", async () => {
      const { platform } = under;
      const keys = ["contract-a", "contract-b", "contract-a", "contract-b"];
      const ids = (await Promise.all(keys.map((key) => start(under.other, key)))).map((one) => one.id);
      expect(ids).toEqual([ids[0], ids[1], ids[0], ids[1]]);
      expect(ids[0]).not.toBe(ids[1]);
      const drained = ids.map((instanceId) => platform.workloads.instances.drain({ instanceId, timeoutMs: 1_000 }));
      expect(await Promise.all(drained)).toEqual(ids.map(() => ({ remaining: 0 })));
      await Promise.all(ids.map((instanceId) => platform.workloads.instances.stop({ instanceId, drainTimeoutMs: 0 })));
      expect((await instances()).every((one) => one.version === under.running)).toBe(true);
    });

    it("takes a drained instance out of rotation and puts it back", async () => {
      const [first] = await instances();
      const instanceId = first?.id ?? "";
      expect(await under.platform.workloads.instances.drain({ instanceId, timeoutMs: 2_000 })).toEqual({
        remaining: 0,
      });
      expect((await find(instanceId))?.state).toBe("draining");
      await under.platform.workloads.instances.undrain({ instanceId });
      await until(async () => (await find(instanceId))?.state === "ready");
    });

    it("keeps what never becomes ready out of rotation and says why", async () => {
      const started = await start(under.neverReady, "contract-never");
      await until(async () => typeof (await find(started.id))?.reason === "string");
      expect((await find(started.id))?.state).toBe("starting");
      expect(await ask()).toBe(200);
      await under.platform.workloads.instances.stop({ instanceId: started.id, drainTimeoutMs: 0 });
    });

    it("keeps weights and gives them back", async () => {
      const weights = { [under.running]: 90, [under.other]: 10 };
      await under.platform.traffic.setWeights({ ...under.ref, weights });
      expect((await under.platform.workloads.getService(under.ref)).weights).toEqual(weights);
      expect(await ask()).toBe(200);
      await under.platform.traffic.setWeights({ ...under.ref, weights: null });
      expect((await under.platform.workloads.getService(under.ref)).weights).toBeNull();
    });

    it("gives a version without a share no request, and answers it directly all the same", async () => {
      const started = await start(under.other, "contract-direct");
      await until(async () => (await find(started.id))?.state === "ready");
      const weights = { [under.running]: 100, [under.other]: 0 };
      await under.platform.traffic.setWeights({ ...under.ref, weights, candidate: under.other });
      const direct = { ...under.ref, method: "GET" as const, headers: {}, body: null, timeoutMs: 2_000 };
      const answers = await under.platform.traffic.sendTo({ ...direct, version: under.other, path: "/hello" });
      expect(answers).toMatchObject([{ instanceId: started.id, status: 200, problem: null }]);
      expect(answers[0]?.durationMs).toBeGreaterThan(0);
      for (let i = 0; i < 5; i++) expect(await ask()).toBe(200);
      expect(await under.platform.traffic.sendTo({ ...direct, version: "9.9.9", path: "/" })).toEqual([]);
      await under.platform.traffic.setWeights({ ...under.ref, weights: null });
      await under.platform.workloads.instances.drain({ instanceId: started.id, timeoutMs: 1_000 });
      expect(await under.platform.traffic.sendTo({ ...direct, version: under.other, path: "/" })).toEqual([]);
      await under.platform.workloads.instances.stop({ instanceId: started.id, drainTimeoutMs: 0 });
    });

    it("tails the newest log lines, oldest first", async () => {
      const [first] = await instances();
      const lines = await under.platform.logs.tailLogs({ instanceId: first?.id ?? "", lines: 5 });
      expect(lines.length).toBeGreaterThan(0);
      expect(lines.map((line) => line.at)).toEqual(lines.map((line) => line.at).sort());
    });

    it("names what exists when asked for what does not", async () => {
      const { platform, ref } = under;
      const unknown = (work: Promise<unknown>, names: string) =>
        expect(work).rejects.toMatchObject({ code: "NOT_FOUND", message: expect.stringContaining(names) });
      await unknown(platform.workloads.getService({ ...ref, service: "nobody" }), ref.service);
      await unknown(platform.workloads.getService({ ...ref, environment: "nowhere" }), ref.environment);
      await unknown(start("9.9.9", "contract-unknown"), under.running);
      await unknown(platform.traffic.setWeights({ ...ref, weights: { "9.9.9": 100 } }), under.running);
      await unknown(platform.workloads.instances.undrain({ instanceId: "inst_none" }), "inst_none");
      await unknown(platform.logs.tailLogs({ instanceId: "inst_none", lines: 1 }), "inst_none");
    });

    it("counts traffic in complete buckets only", async () => {
      const since = new Date();
      await ask();
      const rows = await under.platform.traffic.trafficSince(since);
      for (const row of rows) expect(Date.parse(row.bucketAt) + 10_000).toBeLessThanOrEqual(Date.now());
    });

    it("samples one service in complete 2-second buckets, oldest first, with what its instances took", async () => {
      const { platform, ref, running } = under;
      const since = new Date(Date.now() - 60_000);
      const samples = () => platform.traffic.samplesSince({ ...ref, since });
      await until(async () => (await samples()).some((row) => row.usage.memoryBytes !== null));
      const rows = await samples();
      const starts = rows.map((row) => Date.parse(row.bucketAt));
      expect(starts).toEqual([...starts].sort((a, b) => a - b));
      for (const row of rows) {
        expect(row).toMatchObject(ref);
        expect(Date.parse(row.bucketAt) % 2_000).toBe(0);
        expect(Date.parse(row.bucketAt) + 2_000).toBeLessThanOrEqual(Date.now());
        expect(row.latency).toHaveLength(BUCKET_COUNT);
        expect(row.requests > 0 || (row.usage.instances ?? 0) > 0).toBe(true);
      }
      const measured = rows.find((row) => row.version === running && row.usage.memoryBytes !== null);
      expect(measured?.usage.memoryBytes).toBeGreaterThan(1_000_000);
      expect(measured?.usage.cpuMs).toBeGreaterThanOrEqual(0);
      expect(await platform.traffic.samplesSince({ ...ref, since: new Date(Date.now() + 60_000) })).toEqual([]);
      await expect(platform.traffic.samplesSince({ ...ref, service: "nobody", since })).rejects.toMatchObject({
        code: "NOT_FOUND",
      });
    });
  });
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${READY_WITHIN_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
