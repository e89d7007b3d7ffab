import { once } from "node:events";
import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createTestDaemon, eventually, sampleService, type TestDaemon } from "#server/testing/local-platform/daemon.ts";
import { loadConfig } from "../../../config/load.ts";
import { createOutboundClient } from "../../../integrations/http/client.ts";
import { freePort } from "../../../integrations/local/instance/free-port.ts";
import { createProber } from "../../../integrations/probe/prober.ts";
import { createCheckTarget } from "../check/check-target.ts";
import { planKept, planTargets } from "../check/targets.ts";
import { saysLost } from "./platform-reason.ts";

vi.setConfig({ testTimeout: 600_000, hookTimeout: 360_000 });

/** The real daemon, balancers and prober: what a check says is what people and tools read. */
describe("the platform's own reason in a check's result", () => {
  let daemon: TestDaemon;
  let held: ReturnType<typeof createServer>;
  let heldPort: number;
  const http = createOutboundClient({ allow: [], deny: [] });
  const check = async (service: string) => {
    const target = [
      ...planTargets(loadConfig(daemon.configFile).config),
      ...planKept(loadConfig(daemon.configFile).config, [{ service: "gone", environment: "staging" }]),
    ].find((one) => one.name === service);
    if (target === undefined) throw new Error(`${service} is not checked`);
    return createCheckTarget({ platform: daemon.platform }, createProber(http))(target);
  };
  const says = (service: string, words: RegExp) =>
    eventually(async () => {
      const result = await check(service);
      return words.test(result.message ?? "") && result;
    });

  beforeAll(async () => {
    heldPort = await freePort();
    held = createServer((_, response) => response.end("stranger")).listen(heldPort, "127.0.0.1");
    await once(held, "listening");
    const at = (initialVersion: string, more = {}) => ({ staging: { instances: 2, initialVersion, ...more } });
    const missing = { command: ["no-such-program"], versions: [{ version: "1" }] };
    const { local } = sampleService("any");
    daemon = createTestDaemon([
      sampleService("wrong-path", {
        environments: at("1.0.0"),
        local: { ...local, readinessPath: "/status?code=404" },
      }),
      sampleService("missing", { environments: at("1"), local: missing }),
      sampleService("held", { environments: at("1.0.0", { port: heldPort }) }),
      sampleService("half", { environments: at("1.0.0") }),
      sampleService("gone", { environments: at("1.0.0") }),
    ]);
    await daemon.start();
  });
  afterAll(async () => {
    await http.close();
    held.close();
    await daemon.dispose();
  });

  it("says what readiness answered, that a command is missing, and who holds a port", async () => {
    expect((await says("wrong-path", /2 of 2 instances: \/status\?code=404 answered 404/)).outcome).toBe("down");
    const missing = await says("missing", /^2 of 2 instances: command not found: no-such-program; /);
    expect(missing.outcome).toBe("down");
    expect(missing.message?.length).toBeLessThan(200);
    const strange = await check("held");
    expect(strange).toMatchObject({ outcome: "down", statusCode: null });
    if (process.platform === "linux")
      expect(strange.message).toContain(`port ${heldPort} is held by process ${process.pid} (`);
    expect(await (await fetch(`http://127.0.0.1:${heldPort}`)).text()).toBe("stranger");
  });

  it("tells what is kept although it left the configuration", async () => {
    const ref = { service: "half", environment: "staging" };
    await eventually(async () =>
      (await daemon.platform.workloads.getService(ref)).instances.every((one) => one.state === "ready"),
    );
    await daemon.platform.workloads.instances.start({ ...ref, version: "1.1.0", key: "kept" });
    await eventually(async () =>
      (await daemon.platform.workloads.getService(ref)).instances.every((one) => one.state === "ready"),
    );
    await daemon.end("SIGTERM");
    const { local, ...rest } = sampleService("half", {
      environments: { staging: { instances: 2, initialVersion: "1.0.0" } },
    });
    daemon.writeConfig([{ ...rest, local: { ...local, versions: [{ version: "1.0.0" }] } }]);
    await daemon.start();
    expect(await says("half", /^1\.1\.0 is no longer configured; what runs of it is kept$/)).toMatchObject({
      outcome: "up",
    });
    expect(await says("gone", /^gone in staging is no longer configured; what ran is kept$/)).toMatchObject({
      outcome: "up",
    });
  });

  it("tells one that cannot be started again from one that only fails", () => {
    expect(saysLost("2.1.0 cannot be started again (command not found: x); 2.1.0 is no longer configured")).toBe(true);
    expect(saysLost("2 of 2 instances: command not found: x")).toBe(false);
    expect(saysLost(null)).toBe(false);
  });
});
