import { describe, expect, it } from "vitest";
import { checkConfig } from "../../config/load.ts";
import { testConfig } from "../../testing/context.ts";
import { catalogOf } from "./catalog.ts";

const load = (text: string) => {
  const checked = checkConfig(text, { NODE_ENV: "test" });
  if (!checked.ok) throw new Error(checked.issues.map(({ key, message }) => `${key}: ${message}`).join("\n"));
  return checked.config;
};

describe("production", () => {
  it.each([
    ["{}", ["production"]],
    ["{environments: [prod, staging]}", ["prod"]],
    ["{environments: [live, prod-eu, production-us, preprod, test]}", ["live", "prod-eu", "production-us"]],
    ["{environments: [dev, customers]}", ["customers"]],
    ["{environments: [dev, production, eu], productionEnvironments: [eu]}", ["eu"]],
  ])("of %s is %s", (deployment, expected) =>
    expect(catalogOf(load(`deploymentConfig: ${deployment}`)).production).toEqual(expected),
  );
});

describe("the catalog", () => {
  const catalog = catalogOf(testConfig());

  it("knows what runs where, and nothing of what is not configured", () => {
    expect(catalog.serviceNames).toEqual(["payments", "checkout"]);
    expect(catalog.places()).toContainEqual({ service: "checkout", environment: "staging" });
    expect(catalog.runsIn("checkout", "production")).toBe(true);
    for (const [service, environment] of [
      ["shop", "production"],
      ["checkout", "qa"],
      ["checkout", "constructor"],
    ] as const)
      expect(catalog.runsIn(service, environment)).toBe(false);
    expect([catalog.environmentsOf("shop"), catalog.versionsOf("shop"), catalog.dependenciesOf("shop")]).toEqual([
      [],
      [],
      [],
    ]);
  });

  it("says which versions there are, and refuses others", () => {
    expect(catalog.versionsOf("checkout").map(({ version }) => version)).toEqual(["1.0.0", "1.1.0", "1.2.0"]);
    expect(catalog.getVersion("checkout", "1.1.0").version).toBe("1.1.0");
    expect(() => catalog.getVersion("checkout", "9.9.9")).toThrow("Versions of checkout: 1.0.0, 1.1.0, 1.2.0.");
  });

  it("refuses a service and an environment that are not configured", () => {
    const refused = (service: string, environment: string) => () => catalog.getService({ service, environment });
    expect(refused("shop", "production")).toThrow("Known services: payments, checkout.");
    expect(refused("checkout", "qa")).toThrow("checkout runs in: staging, production.");
    expect(refused("checkout", "production")().name).toBe("checkout");
  });
});

describe("dependencies", () => {
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
  ])("everything that needs %s is %j", (service, affected) =>
    expect(catalogOf(chain).allDependentsOf(service)).toEqual(affected),
  );
  it("go both ways, over any number of steps", () => {
    const catalog = catalogOf(chain);
    expect(catalog.dependentsOf("payments")).toEqual(["checkout"]);
    expect(catalog.allDependenciesOf({ service: "gateway", environment: "production" })).toEqual([
      "checkout",
      "payments",
    ]);
    expect(catalog.allDependenciesOf({ service: "gateway", environment: "staging" })).toEqual([]);
  });
});
