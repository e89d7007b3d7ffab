import { describe, expect, it } from "vitest";
import { checkConfig, formatIssues } from "./load.ts";
import { secrecyOf } from "./secrecy.ts";

const said = (text: string): string => {
  const checked = checkConfig(text, { NODE_ENV: "test", SET: "ours" });
  return checked.ok ? "" : formatIssues("f", checked.issues);
};
const service = (env: object, name = "a") => ({
  ...{ name, local: { command: ["x"], versions: [{ version: "1" }] } },
  environments: { production: { initialVersion: "1", env } },
});
const withEnv = (env: object): string => JSON.stringify({ services: [service(env)] });
const LONG = "a".repeat(300);

describe("what is meant as a reference", () => {
  it.each([
    ["a service's name of 300 letters", withEnv({ A: `\${url:${LONG}}` })],
    ["300 letters of another kind", withEnv({ A: `\${vault:${LONG}}` })],
    ["a kind of 50 letters", withEnv({ A: `\${${"v".repeat(50)}:x}` })],
    ["one within another", withEnv({ A: "${env:${env:SET}}" })],
    ["a service's name with a dollar sign", withEnv({ A: "${url:a$b}" })],
    ["one behind an unclosed one", withEnv({ A: "${url:a ${vault:x}" })],
  ])("is refused where nobody resolves it: %s", (_, text) => {
    expect(said(text)).toMatch(/env\.A: \$\{\S+.* is no reference/);
  });
  it.each(["${env:NOPE}", "${url:nope}", "${secret:x}", "${vault:x}", "A${env:SET}", "${ENV:SET}"])(
    "is refused as the name of a variable: %s",
    (name) => {
      expect(said(withEnv({ [name]: "x" }))).toContain("stands in the name of a key, where none is resolved");
    },
  );
  it("is left to a shell where it is one of a shell", () => {
    expect(said(withEnv({ A: "${url:-x} ${B} $" + "{env:SET} ${url:a}" }))).toBe("");
  });
});

describe("a name that is taken", () => {
  const scrape = (more: object) =>
    JSON.stringify({ monitoringConfig: { scrape: [{ name: "x", url: "http://a/metrics", ...more }] } });
  it.each([
    ["a target's", scrape({ name: "operate" }), "scrape[0].name"],
    ["a target's in capitals", scrape({ name: "Operate" }), "scrape[0].name"],
    ["the service of a target", scrape({ service: "operate" }), "scrape[0].service"],
    ["the label of a target", scrape({ labels: { service: "OPERATE" } }), "scrape[0].labels.service"],
    ["an environment's", "deploymentConfig: {environments: [operate]}", "environments[0]"],
    ["a service's", JSON.stringify({ services: [service({}, "operate")] }), "services[0].name"],
  ])("by Operate is refused as %s", (_, text, key) => {
    expect(said(text)).toContain(`${key}: operate is the name of Operate itself; take another one`);
  });
  const waves = (...all: object[]) =>
    JSON.stringify({ deploymentConfig: { environments: ["production", "staging", "test"], waves: all } });
  it("by another entry is refused: a wave, a visitor", () => {
    const wave = { environment: "production", requires: ["staging"] };
    expect(said(waves(wave, wave))).toContain("waves[1].requires[0]: production requires staging already; keep one");
    expect(said(waves({ ...wave, requires: ["test", "test"] }))).toContain("production requires test already");
    expect(said(waves(wave, { ...wave, requires: ["test"] }))).toBe("");
    const visitor = { service: "a", environment: "production", paths: ["/", "/x"] };
    const traffic = (...all: object[]) => JSON.stringify({ services: [service({})], traffic: all });
    expect(said(traffic(visitor, { ...visitor, paths: ["/x", "/"], requestsPerSecond: 5 }))).toContain(
      "traffic[1]: these paths have visitors there already",
    );
    expect(said(traffic(visitor, { ...visitor, paths: ["/y"] }))).toBe("");
  });
});

describe("a name that says that its value is ordinary", () => {
  const env = (name: string) => ["services", 0, "environments", "production", "env", name];
  it.each([
    ["NOTIFY_TYPE", "sk_live_abcdefgh"],
    ["SORT_KEY", "sk_live_abcdefgh"],
    ["NTFY_HOST", "ntfy.sh/my-secret-topic"],
    ["SLACK_HOST", "hooks.slack.com/services/T00/B00/xyz"],
    ["DEPLOY_STRATEGY", "canary-7f3a9"],
    ["AWS_REGION", "my-private-topic-of-mine"],
    ["API_VERSION", "hush/quiet"],
    ["TEAM", "correct-horse-battery-staple"],
  ])("hides %s=%s all the same", (name, value) => {
    expect([secrecyOf(env(name), value), secrecyOf(env("X"), value, name)]).toEqual(["in doubt", "in doubt"]);
  });
  it.each([
    ["DEPLOY_STRATEGY", "blue-green"],
    ["PLATFORM", "linux/amd64"],
    ["DB_HOST", "postgres"],
    ["AZURE_REGION", "eastus2"],
    ["API_VERSION", "2024-10-01-preview"],
    ["PARTITION_KEY", "customer_id"],
  ])("shows %s=%s", (name, value) => {
    expect(secrecyOf(env(name), value)).toBe(false);
  });
});
