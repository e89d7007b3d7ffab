import { describe, expect, it } from "vitest";
import type { HealthState } from "../health/schema.ts";
import type { TimelineEvent } from "../timeline/schema.ts";
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

describe("what a deployment means for incidents", () => {
  const place = { ...common, service: "checkout", environment: "production", subject: "dep_1" };
  const detail = { kind: "deploy", strategy: "rolling", version: "1.1.0", previousVersion: "1.0.0" } as const;
  const failure = { reason: "5 % errors", rolledBack: true, summary: "", opened: "", story: [] };
  const end = { ...detail, startedAt: "2026-03-01T12:00:00.000Z", summary: "", why: "", failure: null } as const;
  const key = "deployment:checkout/production:1.1.0";

  it.each<[string, TimelineEvent, ReturnType<typeof causeOf>]>([
    ["is requested", { ...place, kind: "deployment.requested", detail }, null],
    ["begins", { ...place, kind: "deployment.started", detail }, { effect: "note", key }],
    ["asks", { ...place, kind: "deployment.waiting", detail: { ...detail, failure } }, { effect: "open", key }],
    ["got worse", { ...place, kind: "deployment.regressed", detail: { ...detail, failure } }, { effect: "open", key }],
    [
      "succeeds",
      { ...place, kind: "deployment.ended", detail: { ...end, ending: "succeeded" } },
      { effect: "note", key },
    ],
    [
      "fails",
      { ...place, kind: "deployment.ended", detail: { ...end, ending: "rolled_back", failure } },
      { effect: "open", key },
    ],
    [
      "ends after it asked",
      { ...place, kind: "deployment.ended", detail: { ...end, ending: "rolled_back" } },
      { effect: "note", key },
    ],
    [
      "never began",
      { ...place, kind: "deployment.ended", detail: { ...end, ending: "cancelled", startedAt: null } },
      null,
    ],
  ])("one that %s", (_, event, cause) => {
    expect(causeOf(event)).toEqual(cause);
  });
});

it("incidents do not follow themselves", () => {
  const incident = { ...common, service: "checkout", environment: "production", subject: "inc_1" };
  const detail = { label: "INC-1", title: "Slow", severity: "high" } as const;
  expect(causeOf({ ...incident, kind: "incident.opened", detail })).toBeNull();
  const status = { ...detail, from: "open", to: "resolved" } as const;
  expect(causeOf({ ...incident, kind: "incident.status", detail: status })).toBeNull();
});

it("an alert of a log pattern opens while it fires, and recovers", () => {
  const place = { ...common, service: null, environment: null, subject: "log-pattern:17:/" };
  const detail = { patternId: "17", title: "", minutes: 5, firingSince: "2026-03-01T12:00:00.000Z" };
  const firing = { ...detail, count: 20, threshold: 10, severity: "high" } as const;
  const key = "log-pattern:17:/";
  expect(causeOf({ ...place, kind: "pattern.firing", detail: firing })).toEqual({ effect: "open", key });
  expect(causeOf({ ...place, kind: "pattern.resolved", detail })).toEqual({ effect: "recover", key });
});
