import { describe, expect, it } from "vitest";
import { deployLabel, durationWords, strategyWords, warningWords, worstOf } from "./plan-words.ts";

const plain = (text: string | null) => text?.replaceAll("\u00a0", " ") ?? null;
const of = (...severities: ("critical" | "warning" | "info")[]) => severities.map((severity) => ({ severity }));

it("counts a question that is expected as part of the way, not as what goes wrong", () => {
  expect(plain(durationWords({ expectedSeconds: 584, asksPeople: false }))).toBe(
    "about 9 min 44 s when nothing goes wrong",
  );
  expect(plain(durationWords({ expectedSeconds: 584, asksPeople: true }))).toMatch(
    /^about 9 min 44 s, and the time until you answer: the judge .* to ask you$/,
  );
});

describe("a plan's warnings", () => {
  it.each([
    [of("warning", "info"), "1 warning and 1 note in the plan", "warning"],
    [of("info"), "1 note in the plan", "info"],
    [of("info", "info"), "2 notes in the plan", "info"],
    [of("critical", "warning", "warning", "info"), "1 critical warning, 2 warnings and 1 note in the plan", "critical"],
    [of(), null, "info"],
  ] as const)("are counted by what they are", (warnings, words, worst) => {
    expect(plain(warningWords(warnings))).toBe(words);
    expect(worstOf(warnings)).toBe(worst);
  });
});

it("the button names service, version and environment", () =>
  expect(deployLabel({ service: "checkout", version: "2.5.0", environment: "production" })).toBe(
    "Deploy checkout 2.5.0 to production",
  ));

it.each([
  [null, "canary", "canary is configured"],
  ["canary", "canary", "canary is configured"],
  ["rolling", "canary", "chosen by you; canary is configured"],
  ["rolling", null, "chosen by you"],
  [null, null, "as it is configured, unless you choose"],
])("of the strategy %s with %s configured", (chosen, configured, words) =>
  expect(strategyWords(chosen, configured)).toBe(words),
);
