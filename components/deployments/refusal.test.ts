import { describe, expect, it } from "vitest";
import { refusalOf } from "./refusal.ts";

const refused = (code: string, details: Record<string, unknown> | null) =>
  refusalOf({ message: "all of it", requestId: null, code, details });

describe("a refusal taken apart", () => {
  it("gives each obstacle with what to do about it, in the order of the server", () => {
    const { obstacles, activeId } = refused("PRECONDITION_FAILED", {
      reason: "locked",
      obstacles: [
        { reason: "locked", message: "checkout is locked by Ada: tests.", lockedBy: "Ada" },
        { reason: "frozen", message: "production is frozen.", until: "2026-11-27T00:00:00Z" },
        { reason: "wave", message: "production takes only what passed in staging.", requires: "staging" },
      ],
    });
    expect(obstacles.map(({ reason, advice }) => [reason, advice])).toEqual([
      ["locked", "Ask Ada, or unlock it."],
      ["frozen", "Wait until it ends. Going back to an earlier version is allowed."],
      ["wave", "It has to pass in staging first."],
    ]);
    expect(obstacles[0]?.message).toBe("checkout is locked by Ada: tests.");
    expect(activeId).toBeNull();
  });

  it("names the deployment that is active already", () => {
    expect(refused("CONFLICT", { deploymentId: "dep_1", version: "2.4.1" })).toEqual({
      obstacles: [],
      activeId: "dep_1",
      message: "all of it",
    });
  });

  it.each([
    ["a version that runs already", "PRECONDITION_FAILED", { version: "2.4.1", allowed: [] }],
    ["no details", "FORBIDDEN", null],
    ["a reason nobody knows", "PRECONDITION_FAILED", { obstacles: [{ reason: "moon", message: "full" }, null, 3] }],
    ["an id that another code carries", "PRECONDITION_FAILED", { deploymentId: "dep_1" }],
  ])("keeps to the message for %s", (_, code, details) => {
    expect(refused(code, details)).toEqual({ obstacles: [], activeId: null, message: "all of it" });
  });
});
