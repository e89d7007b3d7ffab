import { expect, it } from "vitest";
import { stopOrder } from "./stop-order.ts";

const service = (name: string, ...dependsOn: string[]) => ({ name, dependsOn });

it.each([
  { services: [], expected: [] },
  { services: [service("a"), service("b")], expected: [["a", "b"]] },
  {
    services: [
      service("payments"),
      service("gateway", "catalog", "checkout"),
      service("catalog"),
      service("checkout", "payments"),
    ],
    expected: [["gateway"], ["catalog", "checkout"], ["payments"]],
  },
  { services: [service("front", "a"), service("a", "b"), service("b", "a")], expected: [["front"], ["a", "b"]] },
])("stops callers before those they call: $expected", ({ services, expected }) =>
  expect(stopOrder(services)).toEqual(expected),
);
