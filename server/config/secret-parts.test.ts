import { describe, expect, it, test } from "vitest";
import { withoutConfidential } from "../agent/kernel/confidential/confidential.ts";
import { checkConfig, formatIssues, loadGivenConfig } from "./load.ts";
import { passwordsIn } from "./secret-parts.ts";

const ENV = { NODE_ENV: "test" } as const;
const load = (healthEndpoints: unknown[], variables: Record<string, string>) =>
  loadGivenConfig({ monitoringConfig: { healthEndpoints } } as never, { ...ENV, ...variables });
const namesOf = (endpoints: unknown[], variables: Record<string, string>) =>
  load(endpoints, variables).config.monitoringConfig.healthEndpoints.map(({ name }) => name);

describe("a check without a name", () => {
  const HOOK = "https://hooks.example.com/services/T0000/B0000/Kx9mcanary";
  it.each([
    [[{ url: "${secret:hook_url}" }], ["${secret:hook_url}"]],
    [
      ["${secret:hook_url}", "${secret:hook_url}"],
      ["${secret:hook_url}", "${secret:hook_url} (2)"],
    ],
    [["https://h.example.com/${secret:long}"], ["h.example.com/${secret:long}"]],
    [["https://${secret:long}@h.example.com/x"], ["h.example.com/x"]],
    [["https://h.example.com/x?token=${secret:long}#a"], ["h.example.com/x"]],
    [["https://${env:PLACE}/"], ["${env:PLACE}"]],
  ])("%j is named after its placeholders: %j", (endpoints, names) => {
    const variables = {
      ...{ OPERATE_SECRET_HOOK_URL: HOOK, OPERATE_SECRET_LONG: `canary${"x7".repeat(60)}` },
      PLACE: "canary.example.com",
    };
    expect(namesOf(endpoints, variables)).toEqual(names);
  });
});

describe("a secret address", () => {
  const hidden = (value: string, text: string, variable = "OPERATE_SECRET_PART_URL") => {
    const reference = variable.startsWith("OPERATE_SECRET_") ? "${secret:part_url}" : `\${env:${variable}}`;
    loadGivenConfig({ monitoringConfig: { metricsEndpoint: reference } }, { ...ENV, [variable]: value });
    return withoutConfidential(text);
  };
  test.each([
    [
      "a slash at its end",
      "https://prom1.example.com/tenant-canary-71/",
      "https://prom1.example.com/tenant-canary-71 answered 404",
    ],
    ["a query", "https://prom2.example.com/tenant-canary-72?a=b", "https://prom2.example.com/tenant-canary-72"],
    ["its usual port", "https://prom3.example.com:443/tenant-canary-73", "https://prom3.example.com/tenant-canary-73/"],
    ["its port left out", "http://prom4.example.com/tenant-canary-74", "prom4.example.com:80/tenant-canary-74"],
    ["capitals", "https://PROM5.Example.com/tenant-canary-75/", "https://prom5.example.com/tenant-canary-75"],
    ["a path alone", "https://prom6.example.com/tenant-canary-76", "GET /tenant-canary-76 HTTP/1.1"],
    ["a user alone", "https://tokcanary77@prom7.example.com/", "user tokcanary77 is refused"],
    ["a value of its query", "https://prom8.example.com/x?hook=b-canary-78", "hook b-canary-78"],
    ["percent signs", "https://prom9.example.com/tenant%2dcanary%2d79/", "/tenant-canary-79"],
    [
      "letters of other scripts",
      "https://prömx.example.com/ténant-canary",
      "https://xn--prmx-6qa.example.com/t%C3%A9nant-canary",
    ],
  ])("is hidden where it is written with or without %s", (_, value, text) => {
    expect(hidden(value, text)).not.toMatch(/canary|tenant/);
  });
  it("of a variable, too", () => {
    expect(hidden("https://ntfy.example.com/topic-canary-81/", "ntfy.example.com/topic-canary-81", "PUSH_PLACE")).toBe(
      "${env:PUSH_PLACE}",
    );
  });
  it("leaves a plain address and what many have in common", () => {
    hidden("https://plain.example.com/api", "", "PLAIN_URL");
    hidden("https://ops:walnut-canary@shared.example.com/api/v1", "", "SHARED_URL");
    expect(withoutConfidential("shared.example.com/api/v1 and plain.example.com/metrics")).toBe(
      "shared.example.com/api/v1 and plain.example.com/metrics",
    );
  });
});

test.each([
  ["password='correct horse battery'", ["correct horse battery"]],
  ['host=db password="two words" user=x', ["two words"]],
  ["Pwd={a;b c};Database=x", ["a;b c"]],
  [String.raw`password='it\'s mine'`, [String.raw`it\'s mine`, "it's mine"]],
  ["password='unclosed words", ["unclosed"]],
])("finds the whole password in %s", (text, passwords) => {
  expect(passwordsIn(text)).toEqual(passwords);
});

describe("an endpoint in its plain form", () => {
  const said = (endpoints: string, variables = {}) => {
    const checked = checkConfig(`monitoringConfig:\n  healthEndpoints: ${endpoints}\n`, { ...ENV, ...variables });
    return checked.ok ? "" : formatIssues("f", checked.issues);
  };
  it("may hold a placeholder", () => {
    expect(said("['${env:HEALTH_URL}', 'https://${env:H}/x']", { HEALTH_URL: "http://a.test", H: "b.test" })).toBe("");
  });
  it("is said to be wrong as it is written, and by its placeholder alone", () => {
    expect(said("['localhost:3000/health']")).toMatch(
      /^f:2:\d+ .*found `localhost:3000\/health`; an http or https URL/,
    );
    expect(said("[&a 'localhost:3000', *a]")).not.toContain("nothing");
    expect(said("['${env:HEALTH_URL}']", { HEALTH_URL: "canary" })).toMatch(/^f:2:\d+ .*\$\{env:HEALTH_URL\}/);
    expect(said("['${env:HEALTH_URL}']", { HEALTH_URL: "canary" })).not.toContain("canary");
  });
});
