import { describe, expect, it } from "vitest";
import { score } from "./match-score.ts";

const ITEMS = [
  "INC-1 Deployment of checkout 2.7.0 failed checkout",
  "checkout production service",
  "deploy checkout",
  "toggle theme dark light colours",
  "Health page go",
  "Deployments page go",
  "Overview page go",
];
const best = (typed: string) => [...ITEMS].sort((a, b) => score(b, typed) - score(a, typed))[0];

describe("score", () => {
  it.each([
    ["health", "Health page go"],
    ["heal", "Health page go"],
    ["checkout", "checkout production service"],
    ["checkout prod", "checkout production service"],
    ["deploy checkout", "deploy checkout"],
    ["inc-1", "INC-1 Deployment of checkout 2.7.0 failed checkout"],
    ["deployments", "Deployments page go"],
    ["dark", "toggle theme dark light colours"],
    ["view", "Overview page go"],
  ])("%s", (typed, first) => {
    expect(best(typed)).toBe(first);
  });

  it("hides what does not answer every word", () => {
    expect(score("toggle theme dark light colours", "health")).toBe(0);
    expect(score("checkout production service", "checkout moon")).toBe(0);
  });

  it("shows everything before something is typed", () => {
    expect(score("anything", "  ")).toBe(1);
  });
});
