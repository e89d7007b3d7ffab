import { expect, it } from "vitest";
import { failureOf } from "./request-failure.ts";

it("says in one bounded line what failed, without stack and query", () => {
  const error = new Error(`Failed to find Server Action "x"\n    at somewhere (file.js:1:2)`);
  expect(failureOf({ method: "POST", url: "/sign-in?token=secret" }, error)).toEqual({
    ...{ method: "POST", path: "/sign-in", reason: 'Failed to find Server Action "x"' },
  });
  const long = failureOf({ method: "G".repeat(9_000), url: `/${"a".repeat(9_000)}` }, "x".repeat(9_000));
  expect(JSON.stringify(long).length).toBeLessThan(1_000);
  expect(failureOf({ method: undefined, url: undefined }, null).reason).toBe("null");
  expect(failureOf({ method: "GET", url: "/a\u202eb" }, "x").path).not.toContain("\u202e");
});
