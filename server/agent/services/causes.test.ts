import { describe, expect, it } from "vitest";
import type { HealthState } from "../health/schema.ts";
import { withCauses } from "./causes.ts";
import type { ServiceRow, StatusReason } from "./schema.ts";

type Ailment = [StatusReason["kind"], HealthState];

const row = (service: string, ailments: Ailment[], p95Ms: number | null = 30): ServiceRow =>
  ({
    service,
    environment: "production",
    health: ailments[0]?.[1] ?? "up",
    reasons: ailments.map(([kind, state]) => ({ kind, state, message: "" })),
    causedBy: null,
    traffic: { p95Ms },
  }) as unknown as ServiceRow;
const ON = new Map([
  ["gateway", ["checkout", "catalog"]],
  ["checkout", ["payments"]],
]);
const causes = (...rows: ServiceRow[]) =>
  Object.fromEntries(withCauses(rows, rows, ON).map(({ service, causedBy }) => [service, causedBy]));

const FAILING: Ailment[] = [["errors", "failing"]];
const SOME_ERRORS: Ailment[] = [["errors", "degraded"]];
const SLOW: Ailment[] = [["latency", "degraded"]];
const DOWN: Ailment[] = [["probe", "down"]];

describe("the cause of a failing service", () => {
  it("is no dependency that is a little slow", () => {
    expect(causes(row("checkout", FAILING), row("payments", SLOW, 284))).toMatchObject({ checkout: null });
    expect(causes(row("gateway", FAILING), row("checkout", SLOW, 294))).toMatchObject({ gateway: null });
    expect(causes(row("checkout", DOWN), row("payments", SLOW, 284))).toMatchObject({ checkout: null });
  });

  it("is no dependency that fails less", () => {
    expect(causes(row("checkout", FAILING), row("payments", SOME_ERRORS))).toMatchObject({ checkout: null });
  });

  it.each([
    ["fails as much", FAILING, 30],
    ["is down", DOWN, null],
    ["answers nobody any more", [["late", "failing"]], 30],
    ["is so slow that its callers give up", SLOW, 3_000],
  ] as [string, Ailment[], number | null][])("is a dependency that %s", (_, ailments, p95Ms) => {
    expect(causes(row("checkout", FAILING), row("payments", ailments, p95Ms))).toMatchObject({ checkout: "payments" });
  });

  it("is looked for through all that are hurt, and not beyond one that nothing explains", () => {
    const rows = [row("gateway", FAILING), row("checkout", FAILING)];
    expect(causes(...rows, row("payments", DOWN))).toMatchObject({ gateway: "payments", checkout: "payments" });
    expect(causes(...rows, row("payments", SLOW))).toMatchObject({ gateway: "checkout", checkout: null });
  });
});

it("takes a dependency that is slow, or that has some errors, for why a service is slow", () => {
  expect(causes(row("checkout", SLOW), row("payments", SLOW))).toMatchObject({ checkout: "payments" });
  expect(causes(row("checkout", SLOW), row("payments", SOME_ERRORS))).toMatchObject({ checkout: "payments" });
});
