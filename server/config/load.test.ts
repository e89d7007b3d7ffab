import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { checkConfig, formatIssues, loadConfig } from "./load.ts";

const ENV = { NODE_ENV: "test" } as const;
const said = (text: string, env: NodeJS.ProcessEnv = ENV): string => {
  const checked = checkConfig(text, env);
  return checked.ok ? "" : formatIssues("f", checked.issues);
};

/** A service named in flow style; `more` are further keys. */
const service = (name: string, more = "", settings = 'initialVersion: "1"') =>
  `  - {name: ${name}, local: {command: [x], versions: [{version: "1"}]}, environments: {production: {${settings}}}${more}}`;
const services = (...list: string[]) => `services:\n${list.join("\n")}\n`;

describe("what a start would refuse is an issue with a line and what is allowed", () => {
  it.each<[string, string, string]>([
    [
      "a URL of nobody",
      services(service("a", "", 'initialVersion: "1", env: {X: "${url:nope}"}')),
      "f:2:124 services[0].environments.production.env.X: ${url:nope} names no service that runs in production; allowed: a",
    ],
    [
      "dependencies in a circle",
      services(service("a", ", dependsOn: [b]"), service("b", ", dependsOn: [c]"), service("c", ", dependsOn: [a]")),
      "f:4:129 services[2].dependsOn[0]: depends on itself in a circle: a → b → c → a; remove one of these",
    ],
    [
      "a service that needs itself",
      services(service("a", ", dependsOn: [a]")),
      "a cannot depend on itself; take it out",
    ],
    [
      "a fixed port twice",
      services(
        service("a", "", 'initialVersion: "1", port: 8080'),
        service("b", "", 'initialVersion: "1", port: 8080'),
      ),
      "f:3:121 services[1].environments.production.port: 8080 is the port of a in production already",
    ],
    [
      "the console's port",
      services(service("a", "", 'initialVersion: "1", port: 4310')),
      "4310 is the port of Operate's own console",
    ],
    [
      "Operate's own name",
      services(service("operate")),
      "f:2:12 services[0].name: operate is the name of Operate itself",
    ],
    ["a name twice", services(service("a"), service("a")), "f:3:12 services[1].name: a second service named a"],
    [
      "an unknown dependency",
      services(service("checkout", ", dependsOn: [paymens]"), service("zebra"), service("payments")),
      "no other service is named paymens; did you mean payments? allowed: payments, zebra",
    ],
    [
      "a version twice",
      services(service("a").replace('[{version: "1"}]', '[{version: "1"}, {version: "1"}]')),
      "services[0].local.versions[1].version: 1 is listed twice",
    ],
    [
      "an initial version of nowhere",
      services(service("a", "", 'initialVersion: "2"')),
      "2 is not among local.versions; allowed: 1",
    ],
    [
      "an environment of nowhere",
      services(service("a").replace("production:", "prod:")),
      "not in deploymentConfig.environments; allowed: production, staging",
    ],
    [
      "a key that is misspelt",
      "monitoringConfig: {checkIntervallMs: 5000}",
      "no such key here; did you mean checkIntervalMs? allowed: checkIntervalMs, endpointHeaders, ",
    ],
    [
      "a second misspelt key",
      "sloConfigs: {}\ncostConfigs: {}",
      "f:2:14 costConfigs: no such key here; did you mean costConfig? allowed: alertingConfig, chaosConfig, ",
    ],
    [
      "an unknown reference",
      services(service("a", "", 'initialVersion: "1", env: {X: "${vault:a}"}')),
      "${vault:a} is no reference here; allowed: ${env:NAME}, ${secret:NAME}",
    ],
    ["a reference without a name", 'costConfig: {costCenter: "${env:}"}', "${env:} is no reference here"],
    ["an address where none is known", 'costConfig: {costCenter: "${url:a}"}', "${url:a} is no reference here"],
    [
      "a variable that is not set",
      'costConfig: {costCenter: "${env:NOT_THERE}"}',
      "needs the environment variable NOT_THERE",
    ],
    [
      "an alias of nothing",
      "a: &one 1\nservices: *two",
      "f:2:11 (YAML): the alias *two has no anchor &two before it; anchors so far: one",
    ],
    ["an alias inside its anchor", "services: &s [*s]", "f:1:15 (YAML): the alias *s stands inside its own anchor &s"],
    ["a key twice", "costConfig: {}\ncostConfig: {}", "f:2:1 (YAML): the key costConfig is given twice"],
    ["a merge of no block", "costConfig: {<<: 3}", "(YAML): << merges blocks of keys"],
    ["a merge of nothing", "costConfig: {<<: *nobody}", "the alias *nobody has no anchor"],
    ["a tab", "costConfig:\n\tcostCenter: x", "f:2:1 (YAML): Tabs are not allowed as indentation"],
    ["a tag", "costConfig: !include x.yaml", "(YAML): Unresolved tag: !include"],
    ["two documents", "a: 1\n---\nb: 2", "f:2:1 (YAML): a second document begins here"],
    ["a list", "[1, 2]", "found a list; a block of keys is needed"],
    ["a text for a block", "services: [{name: a, local: soon}]", "found `soon`; a block of keys is needed"],
    [
      "a variable that Operate sets",
      services(service("a", "", 'initialVersion: "1", env: {PORT: "99"}')),
      "PORT is set by Operate",
    ],
    [
      "a variable that is not replaced",
      services(service("a")).replace("[x]", '[x, "--v={versoin}"]'),
      "{versoin} is not replaced; {version}",
    ],
    ...["${}", "${env:HOME", "${ENV:HOME}", "${ secret:x }", "${secret:}"].map((text): [string, string, string] => [
      `the reference ${text}`,
      `costConfig: {costCenter: "${text}"}`,
      "is no reference",
    ]),
    ["a NUL", 'costConfig: {costCenter: "\0"}', "f:1:27 (YAML): this is not text in UTF-8"],
    ["a key that is a list", "? [a]\n: b", "(YAML): a key must be a plain text"],
    [
      "what is removed and configured",
      `removedServices: [a]\n${services(service("a"))}`,
      "removedServices[0]: a is configured",
    ],
    [
      "traffic to an environment that every object seems to have",
      `${services(service("a"))}traffic: [{service: a, environment: constructor, requestsPerSecond: 1}]`,
      "traffic[0].environment: a does not run there; allowed: production",
    ],
    [
      "endpoints in a circle",
      "monitoringConfig: {healthEndpoints: [{name: a, url: 'http://a', dependsOn: [b]}, {name: b, url: 'http://b', dependsOn: [a]}]}",
      "in a circle: a → b → a",
    ],
  ])("%s", (_, text, message) => {
    expect(said(text)).toContain(message);
  });

  it("tells all that is wrong at once, by line", () => {
    const text = services(
      service("operate", ", dependsOn: [operate]", 'initialVersion: "9", env: {X: "${url:nope}"}, port: 8080'),
      service("b", "", 'initialVersion: "1", port: 8080'),
    );
    const lines = said(text).split("\n");
    expect(lines.map((line) => line.split(" ")[1])).toEqual([
      "services[0].name:",
      "services[0].environments.production.initialVersion:",
      "services[0].environments.production.env.X:",
      "services[0].dependsOn[0]:",
      "services[1].environments.production.port:",
    ]);
  });

  it("tells what is wrong between its parts beside wrong values, once", () => {
    const text = `monitoringConfig: {retention: {logsDays: x}}
deploymentConfig: {timeoutSeconds: -1, freeze: [], rollout: {analysis: {minSeconds: z}}}
${services(
  service("a", ", dependsOn: [b, nope], healthPath: 7", 'initialVersion: "9", port: 3200'),
  service("b", ", dependsOn: [a]", 'initialVersion: "1", port: 4000'),
  service("c", "", 'initialVersion: "1", port: 4000'),
)}`;
    expect(
      said(text, { ...ENV, PORT: "3200" })
        .split("\n")
        .map((line) => line.split(" ")[1]),
    ).toEqual([
      "monitoringConfig.retention.logsDays:",
      "deploymentConfig.timeoutSeconds:",
      "deploymentConfig.freeze:",
      "deploymentConfig.rollout.analysis.minSeconds:",
      "services[0].environments.production.initialVersion:",
      "services[0].environments.production.port:",
      "services[0].dependsOn[1]:",
      "services[0].healthPath:",
      "services[1].dependsOn[0]:",
      "services[2].environments.production.port:",
    ]);
  });

  it.each([
    ["a name", services(service("[a]"), service("b", ", dependsOn: [a]")), 1],
    ["the environments", `deploymentConfig: {environments: production}\n${services(service("b"))}`, 1],
    [
      "a misspelt key",
      `traffic: [{service: b, environment: production}]\n${services(service("b").replace("environments", "enviroments"))}`,
      2,
    ],
  ])("says nothing of what refers to a wrong value: %s", (_, text, count) => {
    expect(said(text).split("\n")).toHaveLength(count);
  });

  it("knows the console's port from where the supervisor says it", () => {
    const text = services(service("a", "", 'initialVersion: "1", port: 5000'));
    expect(said(text)).toBe("");
    expect(said(text, { ...ENV, PORT: "5000" })).toContain("5000 is the port of Operate's own console");
  });

  it("takes anchors, aliases, merge keys, and what belongs to a shell", () => {
    const text = `
x: &settings {instances: 3, initialVersion: "1"}
`
      .replace("x: ", "costConfig: {costCenter: y}\nsloConfig: &slo {availability: 99}\n# ")
      .concat(`
deploymentConfig: {environments: &all [staging, production]}
services:
  - name: a
    local: {command: [sh, -c, "exec web \${port:-8080}"], versions: [{version: "1"}]}
    environments:
      staging: &there {instances: 3, initialVersion: "1"}
      production: {<<: *there, port: 9000}
`);
    const checked = checkConfig(text, ENV);
    expect(checked.ok && checked.config.services[0]?.environments.production).toMatchObject({
      instances: 3,
      port: 9000,
    });
  });
});

describe("an answer is bounded whatever the text", () => {
  const laughs = [..."bcdefghij"].reduce(
    (text, name, i) => `${text}\n${name}: &${name} [${Array(9).fill(`*${"abcdefghi"[i]}`)}]`,
    'a: &a ["ha", "ha", "ha"]',
  );
  it.each<[string, string, string]>([
    ["a billion laughs", laughs, "more than 1000000000 values; at most 50000"],
    [
      "as many as merge keys",
      laughs.replaceAll(/\[(\*.)[^\]]*\]/g, "[$1, $1, $1, $1, $1, $1, $1, $1, $1]"),
      "at most 50000",
    ],
    ["many brackets", "[".repeat(100_000), "nested too deeply; at most 50 levels"],
    ["many braces", "{a: ".repeat(30_000), "nested too deeply; at most 50 levels"],
    ["many dashes", "- ".repeat(200_000), "nested too deeply; at most 50 levels"],
    [
      "levels hidden in aliases",
      `a: &a ${"[".repeat(40)}${"]".repeat(40)}\nb: ${"[".repeat(40)}*a${"]".repeat(40)}`,
      "nested too deeply; at most 50 levels",
    ],
    ["a long text", "#".repeat(600_000), "has 600000 characters; at most 500000"],
    ["many keys", Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join("\n"), "and 19950 more from here on"],
    [
      "many services in a circle",
      services(...Array.from({ length: 1_000 }, (_, i) => service(`s${i}`, `, dependsOn: [s${(i + 1) % 1_000}]`))),
      "s0 → s1 → s2 → s3 → s4 → … → s997 → s998 → s999 → s0",
    ],
  ])("%s", (_, text, message) => {
    const startedAt = performance.now();
    const issues = said(text);
    expect(issues).toContain(message);
    expect(issues.split("\n").length).toBeLessThanOrEqual(51);
    expect(issues.length).toBeLessThan(60_000);
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });

  it("names at most twenty of what is allowed, the nearest, in their order", () => {
    const many = Array.from({ length: 60 }, (_, i) => service(`svc-${i}`));
    const issues = said(services(...many, service("web", ", dependsOn: [svc-400]")));
    const names = /allowed: (.*) and 40 more/.exec(issues)?.[1]?.split(", ") ?? [];
    expect(names).toHaveLength(20);
    expect(names).toContain("svc-40");
    expect(issues).toContain("did you mean svc-40? allowed: svc-0, ");
    expect(names).toEqual([...names].sort((a, b) => Number(a.slice(4)) - Number(b.slice(4))));
  });
});

describe("a file", () => {
  const dir = mkdtempSync(join(tmpdir(), "operate-config-"));
  afterAll(() => rmSync(dir, { recursive: true }));
  const file = (content: string | Buffer) => {
    const path = join(dir, "operate.config.yaml");
    writeFileSync(path, content);
    return path;
  };

  it("that is none, is a folder, is too large or no text is refused with its name", () => {
    mkdirSync(join(dir, "folder"));
    expect(() => loadConfig(join(dir, "nowhere"), ENV)).toThrow(/nowhere cannot be read/);
    expect(() => loadConfig(join(dir, "folder"), ENV)).toThrow(/folder:1:1 \(whole file\): this is a folder/);
    expect(() => loadConfig(file("x".repeat(10_000_000)), ENV)).toThrow(/has 10000000 bytes; at most 500000/);
    expect(() => loadConfig(file(Buffer.from("costConfig:\n  costCenter: d\xe9p\xf4t\n", "latin1")), ENV)).toThrow(
      /yaml:2:16 \(whole file\): this is not text in UTF-8/,
    );
    expect(() => loadConfig(file(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0])), ENV)).toThrow(/not text in UTF-8/);
    expect(loadConfig(file("costConfig: {costCenter: \uFFFD}"), ENV).config.costConfig.costCenter).toBe("\uFFFD");
  });
});

describe("npm run config:check", () => {
  const ROOT = resolve(import.meta.dirname, "../..");
  const check = (args: string[], OPERATE_CONFIG?: string) => {
    const { OPERATE_CONFIG: _, ...env } = process.env;
    return spawnSync(process.execPath, ["scripts/config-check.ts", ...args], {
      ...{ cwd: ROOT, encoding: "utf8" },
      env: { ...env, ...(OPERATE_CONFIG && { OPERATE_CONFIG }) },
    });
  };

  it.each([
    [
      ["missing.yaml"],
      undefined,
      /missing\.yaml cannot be read\. Name a file that exists: npm run config:check -- \S+$/,
    ],
    [["missing.yaml"], "examples/shop/operate.config.yaml", /cannot be read\. Name a file that exists/],
    [[], undefined, /operate\.config\.yaml cannot be read\. Name a file/],
    [[], "gone.yaml", /gone\.yaml cannot be read\. Set OPERATE_CONFIG to a file that exists/],
  ])("given %j and OPERATE_CONFIG %s says how to name another file", (args, variable, words) => {
    const { status, stderr } = check(args, variable);
    expect(stderr.trim()).toMatch(words);
    expect(status).toBe(1);
  });

  it.each([
    ["examples/shop/operate.config.yaml", "4 services."],
    ["examples/prometheus/operate.config.yaml", "1 service."],
  ])("counts what %s configures", (file, words) => {
    expect(check([file]).stdout.trim()).toMatch(new RegExp(` is valid: ${words}$`));
  });
});
