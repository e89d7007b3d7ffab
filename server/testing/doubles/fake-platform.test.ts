import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TrafficCounts } from "#server/agent/ports/traffic.ts";
import { emptyHistogram } from "#server/agent/telemetry/histogram.ts";
import { noOutcomes } from "#server/agent/telemetry/outcomes.ts";
import { testConfig } from "../context.ts";
import { describeInstanceLogsContract } from "../contracts/instance-logs-contract.ts";
import { describeTrafficContract } from "../contracts/traffic-contract.ts";
import { describeWorkloadsContract } from "../contracts/workloads-contract.ts";
import { FakePlatform } from "./fake-platform.ts";

const PAYMENTS = { service: "payments", environment: "staging" };

const sampleAt = (ref: typeof PAYMENTS, startMs: number): TrafficCounts => ({
  ...noOutcomes(),
  ...{ ...ref, version: "1.0.0", bucketAt: new Date(startMs).toISOString() },
  ...{ requests: 1, status2xx: 1, status3xx: 0, status4xx: 0, status5xx: 0, latency: emptyHistogram() },
  usage: { cpuMs: 1, memoryBytes: 50_000_000, instances: 2, inFlight: 0, errorLines: 0 },
});

// What the rules and use cases are tested against must keep the same promises as what really runs.
const setUp = async () => {
  const config = testConfig();
  for (const service of config.services)
    for (const settings of Object.values(service.environments)) settings.instances = 2;
  const platform = new FakePlatform(config);
  platform.neverReady.add("1.2.0");
  platform.logLines = [{ at: new Date().toISOString(), stream: "stdout", text: "listening" }];
  const startMs = Math.floor(Date.now() / 2_000) * 2_000 - 20_000;
  for (const ref of [PAYMENTS, { ...PAYMENTS, service: "checkout" }])
    platform.samples.push(sampleAt(ref, startMs), sampleAt(ref, startMs + 2_000));
  const server = createServer((_, response) => response.end("ok")).listen(0, "127.0.0.1");
  await once(server, "listening");
  for (const service of platform.services.values())
    service.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { workloads, traffic, logs } = platform;
  return {
    ...{ workloads, instances: workloads.instances, traffic, logs },
    ...{ ref: PAYMENTS, running: "1.0.0", other: "1.1.0", neverReady: "1.2.0" },
    stop: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
};
describeWorkloadsContract("the fake platform", { instanceControl: true }, setUp);
describeTrafficContract("the fake platform", setUp);
describeInstanceLogsContract("the fake platform", setUp);
