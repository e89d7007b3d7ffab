import { describe, expect, it } from "vitest";
import { type Obstacle, overrideObstacles, refuseObstacles } from "./obstacles.ts";

const locked: Obstacle = {
  reason: "locked",
  message: "checkout is locked.",
  way: "Unlock it.",
  details: { lockedBy: "Ada" },
};
const frozen: Obstacle = {
  reason: "frozen",
  message: "production is frozen.",
  way: "Wait.",
  details: { freeze: "weekend" },
};

const refusalOf = (obstacles: Obstacle[]): unknown => {
  try {
    refuseObstacles("deploy", obstacles);
    return null;
  } catch (error) {
    return error;
  }
};

describe("refuseObstacles", () => {
  it("lets pass what nothing stands against", () => {
    expect(refusalOf([])).toBeNull();
  });

  it("names every obstacle with what to do about it, and has the first one's details at hand", () => {
    expect(refusalOf([locked, frozen])).toMatchObject({
      code: "PRECONDITION",
      message:
        "checkout is locked. Unlock it. production is frozen. Wait. An administrator may deploy all the same and says why (overrideReason).",
      details: {
        reason: "locked",
        lockedBy: "Ada",
        obstacles: [
          { reason: "locked", message: "checkout is locked.", lockedBy: "Ada" },
          { reason: "frozen", message: "production is frozen.", freeze: "weekend" },
        ],
      },
    });
  });
});

describe("overrideObstacles", () => {
  it("refuses without a reason", () => {
    expect(() => overrideObstacles("deploy", [locked], undefined)).toThrow("checkout is locked.");
  });

  it("says what is set aside, and why", () => {
    expect(overrideObstacles("deploy", [locked, frozen], "customers cannot pay")).toEqual({
      reason: "customers cannot pay",
      what: ["checkout is locked.", "production is frozen."],
    });
  });

  it.each([undefined, "customers cannot pay"])("sets nothing aside where nothing stands against it: %s", (reason) => {
    expect(overrideObstacles("deploy", [], reason)).toBeNull();
  });
});
