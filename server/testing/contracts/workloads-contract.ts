import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AppError } from "#server/agent/kernel/errors.ts";
import type {
  InstanceControl,
  PlatformInstance,
  PlatformService,
  ServiceRef,
  Workloads,
} from "#server/agent/ports/workloads.ts";
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

/** One look; a list or a watch may drop now and then, and answers when it is asked again. */
async function seen<T>(ask: () => Promise<T>, tries = 5): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (tries === 1 || !(error instanceof AppError && error.code === "UPSTREAM_UNAVAILABLE")) throw error;
    return seen(ask, tries - 1);
  }
}

/**
 * The contract of the port `Workloads`, to be run on every adapter; what only instance control promises is asked of
 * those that offer it.
 */
export function describeWorkloadsContract(
  name: string,
  { instanceControl }: { instanceControl: boolean },
  setUp: () => Promise<WorkloadsUnderTest>,
): void {
  describe(`${name} as Workloads`, () => {
    let under: WorkloadsUnderTest;
    beforeAll(async () => {
      under = await setUp();
      await until(async () => (await instances()).every((one) => one.state === "ready"));
    }, READY_WITHIN_MS);
    afterAll(() => under.stop());

    const look = (): Promise<PlatformService> => seen(() => under.workloads.getService(under.ref));
    const instances = async (): Promise<PlatformInstance[]> => (await look()).instances;
    const ask = async () => askUrl((await look()).url);
    const set = (version: string, replicas: number, key = "contract-replicas") =>
      under.workloads.setReplicas({ ...under.ref, version, replicas, key });
    const countOf = async (version: string) => (await look()).replicas.find((one) => one.version === version);
    const statesOf = async (version: string) =>
      (await instances()).filter((one) => one.version === version).map((one) => one.state);
    const without = (version: string) => until(async () => (await statesOf(version)).length === 0);

    it("says whether it controls single instances, and offers that only then", () => {
      expect(under.workloads.capabilities().instanceControl).toBe(instanceControl);
      expect(under.workloads.instances !== null).toBe(instanceControl);
    });

    it("lists services with their instances and current version", async () => {
      const services = await seen(() => under.workloads.listServices());
      const service = services.find(
        (one) => one.service === under.ref.service && one.environment === under.ref.environment,
      );
      expect(service).toMatchObject({ currentVersion: under.running, weights: null });
      expect(service?.instances).toHaveLength(2);
      expect(service?.replicas).toEqual([{ version: under.running, desired: 2, ready: 2 }]);
      expect(await look()).toMatchObject({ url: service?.url });
      expect(await ask()).toBe(200);
    });

    it("brings one version to a number and leaves others alone, however often it is asked", async () => {
      await set(under.other, 2);
      await set(under.other, 2);
      await until(async () => (await countOf(under.other))?.ready === 2);
      await set(under.other, 2);
      for (let looks = 0; looks < 10; looks++)
        expect(await countOf(under.other)).toEqual({ version: under.other, desired: 2, ready: 2 });
      expect(await statesOf(under.other)).toEqual(["ready", "ready"]);
      await set(under.other, 1);
      await until(async () => (await statesOf(under.other)).join() === "ready");
      expect(await countOf(under.other)).toEqual({ version: under.other, desired: 1, ready: 1 });
      await set(under.other, 0);
      await without(under.other);
      expect(await countOf(under.running)).toEqual({ version: under.running, desired: 2, ready: 2 });
    });

    it("does not wait until they are ready", async () => {
      await set(under.neverReady, 1);
      await until(async () => (await countOf(under.neverReady))?.desired === 1);
      await until(async () => (await statesOf(under.neverReady)).join() === "starting");
      expect(await countOf(under.neverReady)).toEqual({ version: under.neverReady, desired: 1, ready: 0 });
      expect(await ask()).toBe(200);
      await set(under.neverReady, 0);
      await without(under.neverReady);
    });

    it("names what exists when asked for what does not", async () => {
      const { workloads, ref } = under;
      const unknown = (work: () => Promise<unknown>, names: string) =>
        expect(seen(work)).rejects.toMatchObject({ code: "NOT_FOUND", message: expect.stringContaining(names) });
      await unknown(() => workloads.getService({ ...ref, service: "nobody" }), ref.service);
      await unknown(() => workloads.getService({ ...ref, environment: "nowhere" }), ref.environment);
      await unknown(() => set("9.9.9", 1), under.running);
    });

    if (instanceControl) describeInstanceControl(() => under);
  });
}

/** What is promised where single instances are started, drained and stopped. */
function describeInstanceControl(given: () => WorkloadsUnderTest): void {
  describe("with instance control", () => {
    let under: WorkloadsUnderTest;
    beforeAll(() => {
      under = given();
    });
    const control = (): InstanceControl => {
      if (under.workloads.instances === null) throw new Error("it offers no control of instances");
      return under.workloads.instances;
    };
    const instances = async (): Promise<PlatformInstance[]> => (await under.workloads.getService(under.ref)).instances;
    const find = async (id: string) => (await instances()).find((one) => one.id === id);
    const start = (version: string, key: string) => control().start({ ...under.ref, version, key });
    const ask = async () => askUrl((await under.workloads.getService(under.ref)).url);

    it("starts an instance once per key, lets it join when ready, and stops it for good", async () => {
      const started = await start(under.other, "contract-join");
      expect(started).toMatchObject({ ...under.ref, version: under.other, key: "contract-join" });
      expect(["starting", "ready"]).toContain(started.state);
      expect((await start(under.other, "contract-join")).id).toBe(started.id);
      await until(async () => (await find(started.id))?.state === "ready");
      const stop = () => control().stop({ instanceId: started.id, drainTimeoutMs: 1_000 });
      expect(await stop()).toEqual({ note: null });
      expect(await find(started.id)).toBeUndefined();
      expect(await stop()).toEqual({ note: null });
      expect(await control().drain({ instanceId: started.id, timeoutMs: 100 })).toEqual({
        remaining: 0,
      });
    });

    it("starts, drains and stops several at once, each key once", async () => {
      const { stop, drain } = control();
      const keys = ["contract-a", "contract-b", "contract-a", "contract-b"];
      const ids = (await Promise.all(keys.map((key) => start(under.other, key)))).map((one) => one.id);
      expect(ids).toEqual([ids[0], ids[1], ids[0], ids[1]]);
      expect(ids[0]).not.toBe(ids[1]);
      const drained = ids.map((instanceId) => drain({ instanceId, timeoutMs: 1_000 }));
      expect(await Promise.all(drained)).toEqual(ids.map(() => ({ remaining: 0 })));
      await Promise.all(ids.map((instanceId) => stop({ instanceId, drainTimeoutMs: 0 })));
      expect((await instances()).every((one) => one.version === under.running)).toBe(true);
    });

    it("takes a drained instance out of rotation and puts it back", async () => {
      const [first] = await instances();
      const instanceId = first?.id ?? "";
      expect(await control().drain({ instanceId, timeoutMs: 2_000 })).toEqual({
        remaining: 0,
      });
      expect((await find(instanceId))?.state).toBe("draining");
      await control().undrain({ instanceId });
      await until(async () => (await find(instanceId))?.state === "ready");
    });

    it("keeps what never becomes ready out of rotation and says why", async () => {
      const started = await start(under.neverReady, "contract-never");
      await until(async () => typeof (await find(started.id))?.reason === "string");
      expect((await find(started.id))?.state).toBe("starting");
      expect(await ask()).toBe(200);
      await control().stop({ instanceId: started.id, drainTimeoutMs: 0 });
    });

    it("counts what was started under a key among the replicas, and lets the newest go first", async () => {
      const { id } = await start(under.other, "contract-first");
      const set = (replicas: number) =>
        under.workloads.setReplicas({ ...under.ref, version: under.other, replicas, key: "contract-more" });
      const running = async () => (await instances()).filter((one) => one.version === under.other);
      await set(2);
      await until(async () => (await running()).filter((one) => one.state === "ready").length === 2);
      await set(1);
      await until(async () => (await running()).length === 1);
      expect((await running()).map((one) => one.id)).toEqual([id]);
      await control().stop({ instanceId: id, drainTimeoutMs: 0 });
    });

    it("names the versions and the instances there are when asked for others", async () => {
      const unknown = (work: Promise<unknown>, names: string) =>
        expect(work).rejects.toMatchObject({ code: "NOT_FOUND", message: expect.stringContaining(names) });
      await unknown(start("9.9.9", "contract-unknown"), under.running);
      await unknown(control().undrain({ instanceId: "inst_none" }), "inst_none");
    });
  });
}
