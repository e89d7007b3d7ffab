import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PlatformInstance, ServiceRef, Workloads } from "#server/agent/ports/workloads.ts";
import { askUrl, READY_WITHIN_MS, until } from "./until.ts";

/** What the suite needs to know about a platform that runs one service with two instances of `running`. */
export interface WorkloadsUnderTest {
  workloads: Workloads;
  ref: ServiceRef;
  running: string;
  other: string;
  neverReady: string;
  stop(): Promise<void>;
}

/** The contract of the port `Workloads`, to be run on every adapter. */
export function describeWorkloadsContract(name: string, setUp: () => Promise<WorkloadsUnderTest>): void {
  describe(`${name} as Workloads`, () => {
    let under: WorkloadsUnderTest;
    beforeAll(async () => {
      under = await setUp();
      await until(async () => (await instances()).every((one) => one.state === "ready"));
    }, READY_WITHIN_MS);
    afterAll(() => under.stop());

    const instances = async (): Promise<PlatformInstance[]> => (await under.workloads.getService(under.ref)).instances;
    const find = async (id: string) => (await instances()).find((one) => one.id === id);
    const start = (version: string, key: string) => under.workloads.instances.start({ ...under.ref, version, key });
    const ask = async () => askUrl((await under.workloads.getService(under.ref)).url);

    it("lists services with their instances and current version", async () => {
      const services = await under.workloads.listServices();
      const service = services.find(
        (one) => one.service === under.ref.service && one.environment === under.ref.environment,
      );
      expect(service).toMatchObject({ currentVersion: under.running, weights: null });
      expect(service?.instances).toHaveLength(2);
      expect(await under.workloads.getService(under.ref)).toMatchObject({ url: service?.url });
      expect(await ask()).toBe(200);
    });

    it("starts an instance once per key, lets it join when ready, and stops it for good", async () => {
      const started = await start(under.other, "contract-join");
      expect(started).toMatchObject({ ...under.ref, version: under.other, key: "contract-join" });
      expect(["starting", "ready"]).toContain(started.state);
      expect((await start(under.other, "contract-join")).id).toBe(started.id);
      await until(async () => (await find(started.id))?.state === "ready");
      const stop = () => under.workloads.instances.stop({ instanceId: started.id, drainTimeoutMs: 1_000 });
      expect(await stop()).toEqual({ note: null });
      expect(await find(started.id)).toBeUndefined();
      expect(await stop()).toEqual({ note: null });
      expect(await under.workloads.instances.drain({ instanceId: started.id, timeoutMs: 100 })).toEqual({
        remaining: 0,
      });
    });

    it("starts, drains and stops several at once, each key once", async () => {
      const { instances: control } = under.workloads;
      const keys = ["contract-a", "contract-b", "contract-a", "contract-b"];
      const ids = (await Promise.all(keys.map((key) => start(under.other, key)))).map((one) => one.id);
      expect(ids).toEqual([ids[0], ids[1], ids[0], ids[1]]);
      expect(ids[0]).not.toBe(ids[1]);
      const drained = ids.map((instanceId) => control.drain({ instanceId, timeoutMs: 1_000 }));
      expect(await Promise.all(drained)).toEqual(ids.map(() => ({ remaining: 0 })));
      await Promise.all(ids.map((instanceId) => control.stop({ instanceId, drainTimeoutMs: 0 })));
      expect((await instances()).every((one) => one.version === under.running)).toBe(true);
    });

    it("takes a drained instance out of rotation and puts it back", async () => {
      const [first] = await instances();
      const instanceId = first?.id ?? "";
      expect(await under.workloads.instances.drain({ instanceId, timeoutMs: 2_000 })).toEqual({
        remaining: 0,
      });
      expect((await find(instanceId))?.state).toBe("draining");
      await under.workloads.instances.undrain({ instanceId });
      await until(async () => (await find(instanceId))?.state === "ready");
    });

    it("keeps what never becomes ready out of rotation and says why", async () => {
      const started = await start(under.neverReady, "contract-never");
      await until(async () => typeof (await find(started.id))?.reason === "string");
      expect((await find(started.id))?.state).toBe("starting");
      expect(await ask()).toBe(200);
      await under.workloads.instances.stop({ instanceId: started.id, drainTimeoutMs: 0 });
    });

    it("names what exists when asked for what does not", async () => {
      const { workloads, ref } = under;
      const unknown = (work: Promise<unknown>, names: string) =>
        expect(work).rejects.toMatchObject({ code: "NOT_FOUND", message: expect.stringContaining(names) });
      await unknown(workloads.getService({ ...ref, service: "nobody" }), ref.service);
      await unknown(workloads.getService({ ...ref, environment: "nowhere" }), ref.environment);
      await unknown(start("9.9.9", "contract-unknown"), under.running);
      await unknown(workloads.instances.undrain({ instanceId: "inst_none" }), "inst_none");
    });
  });
}
