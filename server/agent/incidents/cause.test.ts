import { describe, expect, it } from "vitest";
import type { HealthState } from "../health/schema.ts";
import { causeOf } from "./cause.ts";

const common = { key: "k", at: new Date(0), level: "info", title: "", subject: "t1", kind: "health.changed" } as const;
const detail = { target: "payments", causedBy: null, message: null, muted: false, flapping: false };
const changed = (from: HealthState, to: HealthState, change: Partial<typeof detail> | object = {}) =>
  causeOf({ ...common, service: null, environment: null, detail: { ...detail, from, to, ...change } });

describe("what a change of health means for incidents", () => {
  it.each([
    ["pending", "down", {}, "open"],
    ["down", "down", {}, "open"],
    ["pending", "down", { muted: true }, "note"],
    ["down", "down", { causedBy: { id: "t2", name: "db" } }, "note"],
    ["up", "degraded", {}, undefined],
    ["up", "pending", {}, undefined],
    ["pending", "up", {}, undefined],
    ["unknown", "up", {}, "recover"],
    ["degraded", "up", {}, "recover"],
    ["down", "degraded", {}, "recover"],
    ["down", "maintenance", {}, "recover"],
    ["up", "maintenance", {}, undefined],
  ] as const)("%s to %s %o: %s", (from, to, change, effect) => {
    expect(changed(from, to, change)?.effect).toBe(effect);
  });

  it("has one cause per service and environment; an endpoint stands for itself", () => {
    expect(changed("up", "down")?.key).toBe("health:t1");
    const place = { service: "payments", environment: "production" };
    expect(causeOf({ ...common, ...place, detail: { ...detail, from: "up", to: "down" } })?.key).toBe(
      "health:payments/production",
    );
  });
});
