import { describe, expect, it, vi } from "vitest";
import { countedSilenceMs, measureSilence, type ProcessSample, silenceNotices } from "./silence.ts";

const counted = (before: ProcessSample | null, now: ProcessSample | null, elapsedMs = 1_000) =>
  countedSilenceMs(before, now, { elapsedMs, everyMs: 1_000 });
const at = (state: string, cpuMs = 0): ProcessSample => ({ state, cpuMs });

describe("silence counts", () => {
  it.each([
    ["stopped", at("T"), at("T"), 1_000],
    ["waits for what never comes", at("S"), at("S"), 1_000],
    ["spins", at("R", 0), at("R", 900), 1_000],
    ["nothing is known", null, null, 1_000],
  ])("in full when it %s", (_, before, now, expected) => expect(counted(before, now)).toBe(expected));

  it.each([
    ["wants to run and is not let", at("R"), at("R")],
    ["gets a hundredth of a processor", at("R", 0), at("R", 10)],
    ["waits for a disk", at("S"), at("D")],
  ])("for a sixth when it %s", (_, before, now) => expect(counted(before, now)).toBeCloseTo(1_000 / 6));

  it("for a sixth of one interval when we stood still ourselves", () =>
    expect(counted(at("T"), at("T"), 60_000)).toBeCloseTo(1_000 / 6));

  it("not at all while a debugger holds it", () => expect(counted(at("t"), at("t"))).toBe(0));
});

it("is told once when it has lasted for five seconds after an answer was due, and once when it is over", () => {
  const now = vi.spyOn(performance, "now").mockReturnValue(0);
  try {
    const lines: string[] = [];
    const spec = { name: "web", pid: 7, limitMs: () => 30_000 };
    const silence = measureSilence(
      -1,
      2_000,
      silenceNotices(spec, (line) => lines.push(line)),
    );
    const pass = (fromMs: number, toMs: number) => {
      for (let ms = fromMs; ms <= toMs; ms += 2_000) {
        now.mockReturnValue(ms);
        silence.look();
      }
    };
    pass(2_000, 4_000);
    silence.heard();
    expect(lines).toEqual([]);
    pass(6_000, 20_000);
    silence.heard();
    silence.heard();
    expect(lines).toEqual([
      "web (pid 7) has not answered for 8 s; after 30 s it is killed and replaced.",
      "web (pid 7) answers again.",
    ]);
  } finally {
    now.mockRestore();
  }
});
