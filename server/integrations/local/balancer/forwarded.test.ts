import { describe, expect, it } from "vitest";
import { cpuMsOf } from "#server/testing/cpu-time.ts";
import { forwardedPaths } from "./forwarded.ts";

describe("what a Forwarded header says", () => {
  it.each([
    ["for=192.0.2.60;proto=HTTPS;by=203.0.113.43", { clients: "192.0.2.60", proto: "https" }],
    ['For="[2001:db8:cafe::17]:4711"; host="a.example:80"', { clients: "2001:db8:cafe::17", host: "a.example:80" }],
    ["for=192.0.2.43, for=198.51.100.17:80", { clients: "192.0.2.43, 198.51.100.17" }],
    ['for="_a,b;c=\\"d";host=first, host=second', { host: "first" }],
    ['for=unknown;by="a, for=6.6.6.6", for=198.51.100.1', { clients: "198.51.100.1" }],
    ["for=198.51.100.1;;,=x,for", { clients: "198.51.100.1" }],
    ['host="a b";proto="x y"', {}],
    ['for="192.0.2.1', {}],
  ])("%s", (value, expected) => {
    expect(forwardedPaths(value)).toEqual(expected);
  });

  // Quadratic work takes 64 times as long for 8 times the length; linear work 8 times, or little more.
  it.each([
    ["letters", "a"],
    ["a quoted string of backslashes", "\\\\", 'a="'],
    ["open quotes", '"'],
    ["equal signs", "="],
    ["names", 'a="'],
    ["colons", ":1", "for="],
    ["brackets", "[", 'for="'],
    ["elements", "for=1.1.1.1,"],
  ])("is read in time that grows with its length: %s", (_, unit, start = "") => {
    const took = (length: number): number => {
      const value = start + unit.repeat(length / unit.length);
      const times = Array.from({ length: 5 }, () => cpuMsOf(() => void forwardedPaths(value)));
      return Math.min(...times);
    };
    expect(took(128_000)).toBeLessThan(Math.max(30 * took(16_000), 50));
  });
});
