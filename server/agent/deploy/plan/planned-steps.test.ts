import { describe, expect, it } from "vitest";
import { mergeRules, type RolloutRulesInput } from "../config.ts";
import { type StepsInput, stepsOf } from "./planned-steps.ts";

const hook = (name: string) => ({
  ...{ name, type: "command" as const, command: ["true"], cwd: ".", env: {} },
  ...{ timeoutSeconds: 30, retries: 0 },
});
const question = {
  name: "home",
  method: "GET" as const,
  path: "/",
  headers: {},
  expectStatus: [200],
  timeoutMs: 1_000,
};
const steps = (strategy: StepsInput["strategy"], rules: RolloutRulesInput = {}, more: Partial<StepsInput> = {}) =>
  stepsOf({ strategy, version: "2.0.0", previousVersion: "1.0.0", instances: 4, rules: mergeRules(rules), ...more });
const short = (list: ReturnType<typeof steps>) =>
  list.map(
    ({ kind, weight, instances }) =>
      `${kind}${weight === null ? "" : ` ${weight}%`}${instances === null ? "" : ` ${instances}`}`,
  );

describe("the steps of", () => {
  it("rolling", () => {
    expect(short(steps("rolling"))).toEqual(["roll 4"]);
  });

  it("blue-green", () => {
    expect(short(steps("blue-green"))).toEqual(["bring_up 4", "weight 100%", "hold", "retire"]);
    expect(short(steps("blue-green", { blueGreen: { keepOldSeconds: 0 }, verification: [question] }))).toEqual([
      "bring_up 4",
      "verify",
      "weight 100%",
      "retire",
    ]);
  });

  it("canary: instances grow with the weight, and every weight but the last is judged", () => {
    expect(short(steps("canary"))).toEqual([
      ...["bring_up 1", "weight 5%", "analysis", "weight 25%", "analysis"],
      ...["bring_up 2", "weight 50%", "analysis", "bring_up 4", "weight 100%", "hold", "retire"],
    ]);
  });

  it("a way straight back: no hook, no judge", () => {
    const rules = { hooks: { before: [hook("a")], after: [hook("b")] }, verification: [question] };
    expect(short(steps("restore", rules))).toEqual(["bring_up 4", "weight 100%", "retire"]);
  });

  it("hooks before, between and after", () => {
    const rules = {
      canary: { weights: [50], keepOldSeconds: 0 },
      hooks: { before: [hook("migrate"), hook("warm")], between: [hook("smoke")], after: [hook("tell")] },
    };
    expect(steps("canary", rules).map((step) => step.title)).toEqual([
      "Run the hook migrate",
      "Run the hook warm",
      "Bring up 2 instances of 2.0.0 beside what runs",
      "Send 50 % of the requests to 2.0.0",
      "Compare 2.0.0 at 50 % with 1.0.0 in the same minutes",
      "Run the hook smoke after 50 %",
      "Bring up 2 more instances of 2.0.0, 4 in all",
      "Send all requests to 2.0.0, none to 1.0.0",
      "Let 1.0.0 finish its requests and stop it",
      "Run the hook tell",
    ]);
  });

  it.each(["canary", "blue-green", "restore"] as const)(
    "%s, when nothing runs yet, come down to rolling",
    (strategy) => {
      expect(short(steps(strategy, {}, { previousVersion: null }))).toEqual(["roll 4"]);
    },
  );
});
