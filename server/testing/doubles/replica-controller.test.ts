import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { testConfig } from "../context.ts";
import { describeWorkloadsContract } from "../contracts/workloads-contract.ts";
import { ReplicaController } from "./replica-controller.ts";

const PAYMENTS = { service: "payments", environment: "staging" };

function twoOfEach() {
  const config = testConfig();
  for (const service of config.services)
    for (const settings of Object.values(service.environments)) settings.instances = 2;
  return config;
}

describeWorkloadsContract("a replica controller", { instanceControl: false }, async () => {
  const server = createServer((_, response) => response.end("ok")).listen(0, "127.0.0.1");
  await once(server, "listening");
  const platform = new ReplicaController(twoOfEach(), `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  platform.neverReady.add("1.2.0");
  platform.dropEvery = 3;
  return {
    ...{ workloads: platform.workloads, ref: PAYMENTS, running: "1.0.0", other: "1.1.0", neverReady: "1.2.0" },
    stop: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
});

describe("a replica controller", () => {
  const set = (platform: ReplicaController, version: string, replicas: number) =>
    platform.workloads.setReplicas({ ...PAYMENTS, version, replicas, key: "k" });
  const look = async (platform: ReplicaController) =>
    (await platform.workloads.getService(PAYMENTS)).instances.map((one) => `${one.version} ${one.state}`);

  it("takes a few looks to take in a number, and to follow it", async () => {
    const platform = new ReplicaController(twoOfEach());
    await set(platform, "1.0.0", 0);
    await set(platform, "1.1.0", 1);
    const old = ["1.0.0 ready", "1.0.0 ready"];
    expect(await look(platform)).toEqual(old);
    expect(await look(platform)).toEqual(["1.0.0 stopping", "1.0.0 stopping", "1.1.0 starting"]);
    await look(platform);
    expect(await look(platform)).toEqual(["1.1.0 ready"]);
  });

  it("replaces a broken instance by itself, under another name", async () => {
    const platform = new ReplicaController(twoOfEach());
    const before = (await platform.workloads.getService(PAYMENTS)).instances.map((one) => one.id);
    platform.break(before[0] ?? "");
    for (let looks = 0; looks < 4; looks++) await look(platform);
    const after = (await platform.workloads.getService(PAYMENTS)).instances;
    expect(after.map((one) => one.state)).toEqual(["ready", "ready"]);
    expect(after.map((one) => one.id)).toContain(before[1]);
    expect(after.map((one) => one.id)).not.toContain(before[0]);
    expect(platform.calls).toEqual([]);
  });

  it("fails now and then when it is looked at", async () => {
    const platform = new ReplicaController(twoOfEach());
    platform.dropEvery = 2;
    await look(platform);
    await expect(look(platform)).rejects.toMatchObject({ code: "UPSTREAM_UNAVAILABLE" });
    await look(platform);
  });
});
