import { statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { describeInstanceLogsContract } from "#server/testing/contracts/instance-logs-contract.ts";
import { describeTrafficContract } from "#server/testing/contracts/traffic-contract.ts";
import { describeWorkloadsContract } from "#server/testing/contracts/workloads-contract.ts";
import { createTestDaemon, sampleService } from "#server/testing/local-platform/daemon.ts";
import { createLocalPlatform } from "./client.ts";
import { localPaths } from "./state/paths.ts";

// Real processes on a machine that may be busy with everything else.
vi.setConfig({ testTimeout: 360_000, hookTimeout: 360_000 });

const setUp = async () => {
  const daemon = createTestDaemon([sampleService("web", {}, 2)]);
  await daemon.start();
  const { workloads, traffic, logs } = daemon.platform;
  return {
    ...{ workloads, instances: workloads.instances, traffic, logs },
    ref: { service: "web", environment: "staging" },
    running: "1.0.0",
    other: "1.1.0",
    neverReady: "never",
    stop: () => daemon.dispose(),
  };
};
describeWorkloadsContract("the local platform", { instanceControl: true }, setUp);
describeTrafficContract("the local platform", setUp);
describeInstanceLogsContract("the local platform", setUp);

describe("the control socket", () => {
  it("says that the daemon is not running", async () => {
    const platform = createLocalPlatform({ dataDir: join(tmpdir(), "operate-nobody-home") });
    await expect(platform.workloads.listServices()).rejects.toMatchObject({
      code: "UPSTREAM_UNAVAILABLE",
      message: expect.stringContaining("not running"),
    });
    await platform.close();
  });

  it.each(["", `-${"long".repeat(30)}`])("is the owner's alone, in a data directory named data%s", async (suffix) => {
    const daemon = createTestDaemon([], suffix);
    await daemon.start();
    const { socket, dir } = localPaths(daemon.dataDir);
    expect(socket.length).toBeLessThanOrEqual(100);
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(await daemon.platform.workloads.listServices()).toEqual([]);
    await daemon.dispose();
  });
});
