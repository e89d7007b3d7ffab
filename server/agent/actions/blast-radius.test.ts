import { describe, expect, it } from "vitest";
import { testConfig } from "#server/testing/context.ts";
import { blastRadius } from "./blast-radius.ts";

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
  ])("of %s is %j", (service, affected) => expect(blastRadius(chain.services, service)).toEqual(affected));

  it("of services that depend on each other ends, without the service itself", () => {
    const circle = [
      { name: "a", dependsOn: ["b"] },
      { name: "b", dependsOn: ["a"] },
    ];
    expect(blastRadius(circle, "a")).toEqual(["b"]);
  });
});
