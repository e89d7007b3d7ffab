import { expect, it } from "vitest";
import { sameScope } from "./same-scope.ts";

const key = (input: Record<string, unknown>) => [["logs", "analyze"], { input, type: "query" }];
const shown = (before: Record<string, unknown>, next: Record<string, unknown>) =>
  sameScope(key(next))("shown", { queryKey: key(before) });

it("keeps what is shown while only the window or its length moves", () => {
  const first = { startTime: "10:00", endTime: "11:00", limit: 50, service: "shop", query: "timeout" };
  expect(shown(first, { query: "timeout", service: "shop", startTime: "10:01", endTime: "11:01", limit: 100 })).toBe(
    "shown",
  );
  expect(shown(first, { ...first, service: "cart" })).toBeUndefined();
  expect(shown(first, { ...first, environment: "staging" })).toBeUndefined();
  expect(sameScope(key(first))("shown", undefined)).toBeUndefined();
});
