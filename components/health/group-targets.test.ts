import { describe, expect, it } from "vitest";
import { groupTargets } from "./group-targets.ts";

const target = (id: string, causedBy: string | null = null, environment: string | null = "production") => ({
  id: `${id}/${environment}`,
  name: id,
  environment,
  causedBy,
});
const shown = (rows: ReturnType<typeof groupTargets<ReturnType<typeof target>>>) =>
  rows.map((row) => (row.consequence ? `  ${row.target.id}` : row.target.id));

describe("groupTargets", () => {
  it("lets consequences follow their cause, and keeps the order otherwise", () => {
    const targets = [
      target("gateway", "payments"),
      target("payments"),
      target("checkout", "payments"),
      target("catalog"),
    ];
    expect(shown(groupTargets(targets))).toEqual([
      "payments/production",
      "  gateway/production",
      "  checkout/production",
      "catalog/production",
    ]);
  });

  it("looks for the cause in the same environment first", () => {
    const targets = [
      target("payments", null, "staging"),
      target("payments"),
      target("checkout", "payments"),
      target("checkout", "payments", "staging"),
    ];
    expect(shown(groupTargets(targets))).toEqual([
      "payments/staging",
      "  checkout/staging",
      "payments/production",
      "  checkout/production",
    ]);
  });

  it("shows a consequence whose cause is not in the list, and never loses a row in a circle", () => {
    const targets = [target("a", "b"), target("b", "a"), target("c", "elsewhere")];
    expect(shown(groupTargets(targets))).toEqual(["a/production", "b/production", "c/production"]);
  });
});
