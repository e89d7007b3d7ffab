import { describe, expect, it } from "vitest";
import { testConfig } from "#server/testing/context.ts";
import type { InstanceState, PlatformInstance } from "../../ports/workloads.ts";
import { rulesFor } from "../config.ts";
import { previousVersionOf, refuseWhatRuns, resolveTarget } from "./plan.ts";

const config = testConfig();
const asked = {
  service: "checkout",
  environment: "production",
  version: "1.1.0",
  rollbackOnFailure: true,
  healthCheckTimeout: 60,
  maxSurgePercent: 25,
  maxUnavailable: 0,
};
const instances = (...given: [string, InstanceState?][]): PlatformInstance[] =>
  given.map(([version, state = "ready"], i) => ({ id: `ins_${i}`, version, state }) as PlatformInstance);

describe("resolveTarget", () => {
  it("fills in what the configuration says", () => {
    expect(resolveTarget(config, asked).options).toEqual({
      rollbackOnFailure: true,
      healthCheckTimeoutSeconds: 60,
      timeoutSeconds: 600,
      instances: 3,
      maxSurge: 1,
      maxUnavailable: 0,
      rules: rulesFor(config, "checkout"),
    });
    expect(resolveTarget(config, asked)).toMatchObject({ strategy: "rolling", committedAt: null });
  });

  it("takes strategy, rules and the commit's time from the configuration, and the strategy asked for before it", () => {
    const rich = testConfig({
      deploymentConfig: { rolloutStrategy: "canary", rollout: { canary: { weights: [10] } } },
      services: [
        {
          name: "checkout",
          deployment: { watchSeconds: 7 },
          local: { command: ["x"], versions: [{ version: "1", committedAt: "2026-11-20T10:00:00+01:00" }] },
          environments: { production: { initialVersion: "1" } },
        },
      ],
    });
    const target = resolveTarget(rich, { ...asked, version: "1" });
    expect(target).toMatchObject({
      strategy: "canary",
      committedAt: new Date("2026-11-20T09:00:00Z"),
      options: { rules: { watchSeconds: 7, canary: { weights: [10, 100] } } },
    });
    expect(resolveTarget(rich, { ...asked, version: "1", strategy: "blue-green" }).strategy).toBe("blue-green");
  });

  it.each([
    [
      { service: "chekout" },
      "NOT_FOUND",
      "There is no service chekout. Known services: payments, checkout. One that runs and is not among them is no longer configured: add it to services in the configuration and restart Operate.",
    ],
    [{ service: undefined }, "INVALID", "Say which service to deploy. Known services: payments, checkout."],
    [{ environment: "qa" }, "NOT_FOUND", "There is no environment qa. checkout runs in: staging, production."],
    [
      { environment: "constructor" },
      "NOT_FOUND",
      "There is no environment constructor. checkout runs in: staging, production.",
    ],
    [
      { version: "9" },
      "NOT_FOUND",
      "There is no version 9. Versions of checkout: 1.0.0, 1.1.0, 1.2.0. To deploy another one, add it under versions of checkout in the configuration and restart Operate.",
    ],
  ])("refuses %o", (change, code, message) => {
    const refused = () => resolveTarget(config, { ...asked, ...change });
    expect(refused).toThrow(
      expect.objectContaining({ code, message, details: expect.objectContaining({ allowed: expect.any(Array) }) }),
    );
  });

  it("takes the only service there is", () => {
    const single = { ...config, services: config.services.slice(0, 1) };
    expect(resolveTarget(single, { ...asked, service: undefined }).service).toBe("payments");
  });
});

it.each([
  [instances(["1"], ["1"], ["2"]), "1"],
  [instances(["2"], ["2"]), null],
  [instances(["1", "stopping"], ["2"]), null],
  [instances(["1"], ["0"], ["0"]), "0"],
  [[], null],
])("the version to go back to, case %#", (running, previous) => expect(previousVersionOf(running, "2")).toBe(previous));

it.each([
  [instances(["1.1.0"], ["1.1.0"]), true],
  [instances(["1.1.0"], ["1.0.0"]), false],
  [[], false],
])("refuses the version that runs everywhere, case %#", (running, refused) => {
  const check = () => refuseWhatRuns(config, resolveTarget(config, asked), running);
  if (!refused) check();
  else expect(check).toThrow("checkout 1.1.0 already runs everywhere in production. Other versions: 1.0.0, 1.2.0.");
});
