import { describe, expect, it } from "vitest";
import { DEPLOYMENT_LOOK, HEALTH_TONE, lookOfChange, SEVERITY_TONE } from "./states.ts";

describe("a state looks the same in its list and in what changed", () => {
  it.each(Object.entries(DEPLOYMENT_LOOK))("deployment %s", (state, look) => expect(lookOfChange(state)).toEqual(look));
  it.each(Object.entries(HEALTH_TONE))("check %s", (state, tone) => expect(lookOfChange(state).tone).toBe(tone));
  it.each(Object.entries(SEVERITY_TONE))("incident %s", (state, tone) => expect(lookOfChange(state).tone).toBe(tone));
  it("what nobody knows is unknown, in its own word", () =>
    expect(lookOfChange("molten")).toEqual({ tone: "unknown", word: "molten" }));
});
