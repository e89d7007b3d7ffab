import { describe, expect, it } from "vitest";
import { type Candidate, Rotation } from "./rotation.ts";

const candidate = (instanceId: string, version: string, inFlight = 0): Candidate => ({ instanceId, version, inFlight });

const count = (rotation: Rotation<Candidate>, picks: number): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (let i = 0; i < picks; i++) {
    const { version = "none" } = rotation.pick() ?? {};
    counts[version] = (counts[version] ?? 0) + 1;
  }
  return counts;
};

describe("the share of versions", () => {
  it.each([
    { weights: null, ready: ["1", "1", "2"], expected: { 1: 200, 2: 100 } },
    { weights: { 1: 90, 2: 10 }, ready: ["1", "1", "2"], expected: { 1: 270, 2: 30 } },
    { weights: { 1: 50, 2: 50 }, ready: ["1", "1", "1", "2"], expected: { 1: 150, 2: 150 } },
    { weights: { 1: 100, 2: 0 }, ready: ["1", "2"], expected: { 1: 300 } },
    { weights: { 1: 100 }, ready: ["1", "2"], expected: { 1: 300 } },
    { weights: { 1: 90, 2: 10 }, ready: ["1"], expected: { 1: 300 } },
    { weights: { 1: 100, 2: 0 }, ready: ["2"], expected: { 2: 300 } },
    { weights: { 1: 100, 2: 0 }, ready: ["2", "3"], expected: { 3: 300 } },
    { weights: { 1: 1, 2: 2 }, ready: ["1", "2"], expected: { 1: 100, 2: 200 } },
    { weights: null, ready: [], expected: { none: 300 } },
  ])("$weights over $ready", ({ weights, ready, expected }) => {
    const rotation = new Rotation<Candidate>();
    rotation.update(
      ready.map((version, i) => candidate(`${version}-${i}`, version)),
      weights,
    );
    expect(count(rotation, 300)).toEqual(expected);
  });

  it("spreads a small share evenly instead of in a burst", () => {
    const rotation = new Rotation<Candidate>();
    rotation.update([candidate("a", "1"), candidate("b", "2")], { 1: 90, 2: 10 });
    const order = Array.from({ length: 20 }, () => rotation.pick()?.version).join("");
    expect(order).toMatch(/^1*21{9}21*$/);
  });
});

describe("instances of a version", () => {
  it("takes the least busy one", () => {
    const rotation = new Rotation<Candidate>();
    rotation.update([candidate("busy", "1", 5), candidate("calm", "1", 1)], null);
    for (let i = 0; i < 4; i++) expect(rotation.pick()?.instanceId).toBe("calm");
  });

  it("passes over those already tried, also into another version", () => {
    const rotation = new Rotation<Candidate>();
    rotation.update([candidate("a", "1"), candidate("b", "2")], { 1: 100 });
    expect(rotation.pick(new Set(["a"]))?.instanceId).toBe("b");
    expect(rotation.pick(new Set(["a", "b"]))).toBeUndefined();
  });

  it("tries a version without a share only when nobody else is left", () => {
    const rotation = new Rotation<Candidate>();
    const all = [candidate("a", "1"), candidate("b", "1"), candidate("c", "2")];
    rotation.update(all, { 1: 100, 2: 0 });
    expect(rotation.pick(new Set(["a"]))?.instanceId).toBe("b");
    expect(rotation.pick(new Set(["a", "b"]))?.instanceId).toBe("c");
    rotation.update([...all, candidate("d", "3")], { 1: 100, 2: 0 });
    expect(rotation.pick(new Set(["a", "b"]))?.instanceId).toBe("d");
    expect(rotation.pick(new Set(["a", "b", "d"]))?.instanceId).toBe("c");
    expect(rotation.pick(new Set(["a", "b", "c", "d"]))).toBeUndefined();
  });

  it("takes the version that was asked for, whatever its share, and another when it has none", () => {
    const rotation = new Rotation<Candidate>();
    rotation.update([candidate("a", "1"), candidate("b", "2")], { 1: 100, 2: 0 });
    expect(rotation.pick(undefined, "2")?.instanceId).toBe("b");
    expect(rotation.pick(undefined, "3")?.instanceId).toBe("a");
  });
});
