import { describe, expect, it } from "vitest";
import { ClockJumps, clockWasSetBack, MonotonicElapsed, readClock } from "./clock.ts";

const HOUR = 3_600_000;
const T = Date.parse("2026-05-01T10:00:00Z");

describe("a clock that is set", () => {
  it.each([
    ["an hour back", -HOUR, -HOUR],
    ["an hour forward", HOUR, HOUR],
    ["by a small correction", 1_500, 0],
    ["not at all", 0, 0],
  ])("%s is noticed once, by how much", (_, setMs, told) => {
    let steady = 5;
    const jumps = new ClockJumps(() => steady);
    expect(jumps.look(T)).toBe(0);
    steady += 250;
    expect(jumps.look(T + 250 + setMs)).toBe(told);
    steady += 250;
    expect(jumps.look(T + 500 + setMs)).toBe(0);
  });

  it.each([
    ["an instant an hour ahead", T + HOUR, true],
    ["one within what clocks differ by", T + 1_500, false],
    ["one in the past", T - HOUR, false],
    ["none", null, false],
  ])("makes %s say nothing: %#", (_, stored, ahead) => {
    expect(clockWasSetBack(stored === null ? null : new Date(stored), new Date(T))).toBe(ahead);
  });

  it.each([-HOUR, HOUR, 0])("by %i ms changes nothing for who lives through it in one process", (setMs) => {
    const [clock, now] = [new MonotonicElapsed(T), { at: T, steady: 7 }];
    const read = () => readClock({ now: () => new Date(now.at), steadyMs: () => now.steady });
    expect(clock.observe(read())).toBe(0);
    now.at += 1_000 + setMs;
    now.steady += 1_000;
    expect(clock.observe(read())).toBe(1_000);
    expect(clock.observe(now.at)).toBe(1_000);
    now.at += 500;
    now.steady += 500;
    expect(clock.observe(read())).toBe(1_500);
  });

  it("counts what former releases remembered as they did, so that their runs can be replayed", () => {
    const clock = new MonotonicElapsed(T);
    const steady = (ms: number) => ({ process: "a", ms });
    expect(clock.observe({ at: T, steady: steady(0) })).toBe(0);
    expect(clock.observe(T + HOUR)).toBe(300_000);
    expect(clock.observe({ at: T + HOUR, steady: steady(HOUR) })).toBe(HOUR);
  });

  it.each([
    ["adds the absence of a process", 60_000, 60_000],
    ["adds no more than five minutes of a forward jump", HOUR, 300_000],
    ["adds nothing when it was set back", -HOUR, 0],
  ])("between two processes %s", (_, goneMs, added) => {
    const clock = new MonotonicElapsed(T);
    clock.observe({ at: T, steady: { process: "a", ms: 9_000 } });
    expect(clock.observe({ at: T + goneMs, steady: { process: "b", ms: 10 } })).toBe(added);
    expect(clock.observe({ at: T + goneMs + 400, steady: { process: "b", ms: 410 } })).toBe(added + 400);
  });
});
