import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Traffic } from "#server/agent/ports/traffic.ts";
import type { InstanceControl, PlatformInstance, ServiceRef, Workloads } from "#server/agent/ports/workloads.ts";
import { BUCKET_COUNT } from "#server/agent/telemetry/histogram.ts";
import { askUrl, READY_WITHIN_MS, until } from "./until.ts";

/** What the suite needs to know about a platform that runs one service with two instances of `running`. */
export interface TrafficUnderTest {
  traffic: Traffic;
  workloads: Pick<Workloads, "getService">;
  instances: Pick<InstanceControl, "start" | "drain" | "stop">;
  ref: ServiceRef;
  running: string;
  other: string;
  stop(): Promise<void>;
}

/** The contract of the port `Traffic`, to be run on every adapter. */
export function describeTrafficContract(name: string, setUp: () => Promise<TrafficUnderTest>): void {
  describe(`${name} as Traffic`, () => {
    let under: TrafficUnderTest;
    beforeAll(async () => {
      under = await setUp();
      await until(async () => (await instances()).every((one) => one.state === "ready"));
    }, READY_WITHIN_MS);
    afterAll(() => under.stop());

    const instances = async (): Promise<PlatformInstance[]> => (await under.workloads.getService(under.ref)).instances;
    const ask = async () => askUrl((await under.workloads.getService(under.ref)).url);

    it("keeps weights and gives them back", async () => {
      const weights = { [under.running]: 90, [under.other]: 10 };
      await under.traffic.setWeights({ ...under.ref, weights });
      expect((await under.workloads.getService(under.ref)).weights).toEqual(weights);
      expect(await ask()).toBe(200);
      await under.traffic.setWeights({ ...under.ref, weights: null });
      expect((await under.workloads.getService(under.ref)).weights).toBeNull();
    });

    it("gives a version without a share no request, and answers it directly all the same", async () => {
      const started = await under.instances.start({ ...under.ref, version: under.other, key: "contract-direct" });
      await until(async () => (await instances()).find((one) => one.id === started.id)?.state === "ready");
      const weights = { [under.running]: 100, [under.other]: 0 };
      await under.traffic.setWeights({ ...under.ref, weights, candidate: under.other });
      const direct = { ...under.ref, method: "GET" as const, headers: {}, body: null, timeoutMs: 2_000 };
      const answers = await under.traffic.sendTo({ ...direct, version: under.other, path: "/hello" });
      expect(answers).toMatchObject([{ instanceId: started.id, status: 200, problem: null }]);
      expect(answers[0]?.durationMs).toBeGreaterThan(0);
      for (let i = 0; i < 5; i++) expect(await ask()).toBe(200);
      expect(await under.traffic.sendTo({ ...direct, version: "9.9.9", path: "/" })).toEqual([]);
      await under.traffic.setWeights({ ...under.ref, weights: null });
      await under.instances.drain({ instanceId: started.id, timeoutMs: 1_000 });
      expect(await under.traffic.sendTo({ ...direct, version: under.other, path: "/" })).toEqual([]);
      await under.instances.stop({ instanceId: started.id, drainTimeoutMs: 0 });
    });

    it("names the versions there are when a share is given to another", async () => {
      await expect(under.traffic.setWeights({ ...under.ref, weights: { "9.9.9": 100 } })).rejects.toMatchObject({
        code: "NOT_FOUND",
        message: expect.stringContaining(under.running),
      });
    });

    it("says since when it counts where it can", async () => {
      const { countedSince } = await under.workloads.getService(under.ref);
      expect(typeof countedSince === "string").toBe(under.traffic.capabilities().countedSince);
    });

    it("counts traffic in complete buckets only", async () => {
      const since = new Date();
      await ask();
      const rows = await under.traffic.trafficSince(since);
      for (const row of rows) expect(Date.parse(row.bucketAt) + 10_000).toBeLessThanOrEqual(Date.now());
    });

    it("samples one service in complete 2-second buckets, oldest first, with what its instances took", async () => {
      const { traffic, ref, running } = under;
      const since = new Date(Date.now() - 60_000);
      const samples = () => traffic.samplesSince({ ...ref, since });
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
      expect(await traffic.samplesSince({ ...ref, since: new Date(Date.now() + 60_000) })).toEqual([]);
      await expect(traffic.samplesSince({ ...ref, service: "nobody", since })).rejects.toMatchObject({
        code: "NOT_FOUND",
      });
    });
  });
}
