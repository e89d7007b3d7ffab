import { describe, expect, it } from "vitest";
import { testConfig } from "#server/testing/context.ts";
import type { InstanceState, PlatformInstance } from "../ports/platform.ts";
import { blastRadius, describePlan, previousVersionOf, refuseWhatRuns, resolveTarget } from "./plan.ts";

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
    });
  });

  it.each([
    [{ service: "chekout" }, "NOT_FOUND", "There is no service chekout. Known services: payments, checkout."],
    [{ service: undefined }, "INVALID", "Say which service to deploy. Known services: payments, checkout."],
    [{ environment: "qa" }, "NOT_FOUND", "There is no environment qa. checkout runs in: staging, production."],
    [
      { environment: "constructor" },
      "NOT_FOUND",
      "There is no environment constructor. checkout runs in: staging, production.",
    ],
    [{ version: "9" }, "NOT_FOUND", "There is no version 9. Versions of checkout: 1.0.0, 1.1.0, 1.2.0."],
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

describe("blastRadius", () => {
  const chain = testConfig({
    services: ["payments", "checkout", "gateway", "mail"].map((name, i) => ({
      name,
      dependsOn: [[], ["payments"], ["checkout"], []][i]!,
      local: { command: ["x"], versions: [{ version: "1" }] },
      environments: { production: { initialVersion: "1" } },
    })),
  });
  it.each([
    ["payments", ["checkout", "gateway"]],
    ["checkout", ["gateway"]],
    ["mail", []],
  ])("of %s is %j", (service, affected) => expect(blastRadius(chain, service)).toEqual(affected));
});

it("says what will happen and how to undo it", () => {
  const plan = describePlan(config, resolveTarget(config, { ...asked, service: "payments" }), "1.0.0", 3);
  expect(plan).toEqual([
    "payments in production: from 3 instances of 1.0.0 to 3 instances of 1.1.0.",
    "Start 1 instance of 1.1.0 at a time beside what runs, and give each 60 s to become ready.",
    "When one is ready, take one old instance out of the balancer, let its requests finish, and stop it; never fewer than 3 serve.",
    "Repeat until 3 of 1.1.0 are ready and nothing else runs, within 10 min in all.",
    "When a new instance fails or the time is up: start 1.0.0 again where it is missing, then stop 1.1.0, and open an incident.",
    "May be felt by checkout, which depends on payments.",
    "To undo: cancel it while it runs; afterwards deploy 1.0.0 to production.",
  ]);
});
