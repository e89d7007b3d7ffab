import { describe, expect, it } from "vitest";
import { checkConfig } from "../../config/load.ts";
import { DEFAULT_RULES, JUDGED_METRICS, mergeRules, rulesFor } from "./config.ts";

const load = (text: string) => {
  const checked = checkConfig(text, { NODE_ENV: "test" });
  if (!checked.ok) throw new Error(checked.issues.map(({ key, message }) => `${key}: ${message}`).join("\n"));
  return checked.config;
};

const base = `
deploymentConfig: {environments: [staging, production]}
services:
  - name: api
    local: {command: [node, x.mjs], versions: [{version: "1.0.0"}]}
    environments: {production: {instances: 1, initialVersion: "1.0.0"}}
`;

describe("rollout rules", () => {
  it("are the defaults where nobody says otherwise", () => {
    expect(mergeRules(undefined, undefined)).toEqual(DEFAULT_RULES);
    expect(rulesFor(load(base), "api")).toEqual(DEFAULT_RULES);
  });

  it("are overlaid key by key, the service's over everybody's", () => {
    const rules = mergeRules(
      {
        canary: { weights: [10, 100], keepOldSeconds: 5 },
        analysis: { minRequests: 50, minSeconds: 5 },
        watchSeconds: 0,
      },
      { canary: { weights: [1, 50] }, analysis: { minSeconds: 9, metrics: { latencyP99: { enabled: false } } } },
    );
    expect(rules.canary).toEqual({ weights: [1, 50, 100], sticky: null, keepOldSeconds: 5 });
    expect(rules.analysis).toMatchObject({
      minRequests: 50,
      minSeconds: 9,
      passScore: DEFAULT_RULES.analysis.passScore,
    });
    expect(rules.analysis.metrics.latencyP99).toEqual({ ...DEFAULT_RULES.analysis.metrics.latencyP99, enabled: false });
    expect(Object.keys(rules.analysis.metrics)).toEqual([...JUDGED_METRICS]);
    expect(rules.watchSeconds).toBe(0);
  });

  it("keep an explicit null, and leave the defaults themselves alone", () => {
    expect(mergeRules({ previewHeader: null }).previewHeader).toBeNull();
    expect(DEFAULT_RULES.previewHeader).toBe("x-operate-version");
    expect(DEFAULT_RULES.canary.weights).toEqual([5, 25, 50, 100]);
  });

  it("replace hooks of a phase as a whole and keep the other phases", () => {
    const hook = (name: string) => ({
      ...{ name, type: "command" as const, command: ["true"], cwd: ".", env: {} },
      ...{ timeoutSeconds: 30, retries: 0 },
    });
    const rules = mergeRules(
      { hooks: { before: [hook("a")], after: [hook("b")] } },
      { hooks: { before: [hook("c")] } },
    );
    expect(rules.hooks.before.map((one) => one.name)).toEqual(["c"]);
    expect(rules.hooks.after.map((one) => one.name)).toEqual(["b"]);
  });
});

describe("a configuration that cannot be meant", () => {
  it.each([
    ["weights that fall", "deploymentConfig: {rollout: {canary: {weights: [50, 25]}}}", "weights must rise"],
    ["a metric nobody knows", "deploymentConfig: {rollout: {analysis: {metrics: {errors: {}}}}}", "errors"],
    [
      "a freeze in no time zone",
      "deploymentConfig: {freezeWindows: [{name: x, days: [sat], start: '08:00', end: '09:00', timeZone: Mars/Base}]}",
      "IANA",
    ],
    [
      "a wave over nothing",
      "deploymentConfig: {waves: [{environment: production, requires: [test]}]}",
      "no environment is named test",
    ],
    [
      "production that is no environment",
      "deploymentConfig: {environments: [staging, live], productionEnvironments: [production]}",
      "no environment is named production",
    ],
    [
      "a wave that waits for itself",
      "deploymentConfig: {waves: [{environment: production, requires: [production]}]}",
      "cannot require itself",
    ],
    [
      "a hook without a command",
      "deploymentConfig: {rollout: {hooks: {before: [{name: x, type: command, command: []}]}}}",
      "command",
    ],
  ])("is refused: %s", (_, text, message) => {
    expect(() => load(text)).toThrow(message);
  });
});
