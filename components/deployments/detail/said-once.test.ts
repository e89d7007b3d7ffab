import { describe, expect, it } from "vitest";
import type { StepView } from "#server/agent/deploy/schema.ts";
import { eventsOnce, noteOnce, reasonsIn } from "./said-once.ts";

const PLACE = "“How it ended”";
const entry = (message: string, level: "info" | "warning" | "error" = "warning") => ({
  ...{ id: message, at: "2026-11-28T10:00:00.000Z", kind: "decision" as const, level, message, detail: null },
});
const failed = (note: string) => [{ status: "failed", note }] as StepView[];

describe.each([
  "2.5.0 is worse: error ratio 5 % (3 of 60) against 0 % (0 of 1,156): +5 points [1.4 … 16], surely worse; also error lines. 3 of all 1,216 requests (0.25 %) failed on 2.5.0, which had 4.9 % of them",
  "inst_1 (2.7.0): it was not ready within 20 s: /readyz answered 503",
  "Ada called it back: too many errors",
])("a reason: %s", (reason) => {
  const summary = `Rolled back: ${reason}. 2.4.0 serves again with 3 of 3 instances.`;
  const events = [
    entry("Compare 2.5.0 at 5 % with 2.4.0", "info"),
    entry(reason, "error"),
    entry(`Going back to 2.4.0: ${reason}`),
    entry("Drained and stopped inst_1", "info"),
    entry(summary),
  ];
  const reasons = reasonsIn(summary, failed(`${reason}.`), events);

  it("stands in full where it ended, and nowhere else", () => {
    expect(reasons).toEqual([reason]);
    expect(eventsOnce(events, reasons).map((one) => one.message)).toEqual([
      "Compare 2.5.0 at 5 % with 2.4.0",
      `It failed: the reason stands under ${PLACE}.`,
      "Going back to 2.4.0",
      "Drained and stopped inst_1",
      "Rolled back. 2.4.0 serves again with 3 of 3 instances.",
    ]);
    expect(noteOnce(`${reason}.`, reasons)).toBe(`The reason stands under ${PLACE}.`);
    expect(noteOnce(`Ended by the way back: ${reason}`, reasons)).toBe(`Ended by the way back: see ${PLACE}.`);
  });
});

it("what the end does not say stays where it is", () => {
  const note = "hook migrate refused: exit code 1";
  expect(reasonsIn("Cancelled. 2.4.0 serves again.", failed(note), [entry(note, "error")])).toEqual([]);
  expect(noteOnce(note, [])).toBe(note);
});
