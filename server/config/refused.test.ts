import { describe, expect, it } from "vitest";
import { cpuMsOf } from "#server/testing/cpu-time.ts";
import { checkConfig, checkForeignConfig, formatIssues } from "./load.ts";

const ENV = { NODE_ENV: "test" } as const;
const said = (text: string, env: NodeJS.ProcessEnv = ENV): string => {
  const checked = checkConfig(text, env);
  return checked.ok ? "" : formatIssues("f", checked.issues);
};
const endpoint = (more: string) => `monitoringConfig: {healthEndpoints: [{name: a, ${more}}]}`;
const http = (more: string) => endpoint(`url: "http://a/", ${more}`);
const service = (more: string, settings = "", name = "a") =>
  `{name: ${name}, local: {command: [x], versions: [{version: "1"}]}, environments: {production: {initialVersion: "1"${settings}}}${more}}`;
const services = (...list: string[]) => `services: [${list.join(", ")}]`;

describe("what a part of Operate reads later is read by the check", () => {
  it.each([
    ["a word for a range", "outbound: {allow: [banana]}", "outbound.allow[0]: found `banana`; an address range"],
    [
      "too long a prefix",
      'outbound: {deny: ["10.0.0.0/33"]}',
      "outbound.deny[0]: found `10.0.0.0/33`; an address range",
    ],
    [
      "an IPv6 prefix that is none",
      'outbound: {deny: ["fd00::/129"]}',
      "outbound.deny[0]: found `fd00::/129`; an address range",
    ],
    ["an endpoint without a protocol", 'monitoringConfig: {metricsEndpoint: "localhost:9090"}', "http or https URL"],
    ["another protocol", 'monitoringConfig: {logsEndpoint: "ftp://a/"}', "http or https URL"],
    ["a script for a link", 'monitoringConfig: {grafanaUrl: "javascript:alert(1)"}', "http or https URL"],
    ["a file to look for holes in", 'securityConfig: {securityEndpoints: ["file:///etc"]}', "http or https URL"],
    ["credentials that cannot be decoded", 'monitoringConfig: {tracesEndpoint: "http://a:%zz@b/"}', "written as %25"],
    [
      "a header's name",
      'monitoringConfig: {endpointHeaders: {"bad header": b}}',
      "endpointHeaders: bad header is no name of a header",
    ],
    ["a header's value", 'monitoringConfig: {endpointHeaders: {a: "b\\nc"}}', "one line of Latin"],
    ["a header of the connection", http("headers: {Transfer-Encoding: chunked}"), "transfer-encoding is set by"],
    ["a header twice", http("headers: {X-A: 1a, x-a: 2a}"), "the header x-a is given twice"],
    [
      "a resolver",
      endpoint("type: dns, host: a, server: not an address"),
      "[0].server: found `not an address`; an address of a resolver",
    ],
    ["a resolver's port", endpoint('type: dns, host: a, server: "1.1.1.1:99999"'), "an address of a resolver"],
    ["a host with a port", endpoint('type: tcp, port: 1, host: "a:80"'), "; a host name or an address"],
    ["a host that is none", endpoint('type: tcp, port: 1, host: "a b"'), "; a host name or an address"],
    ["no status", http("expectStatus: []"), "name at least one status"],
    ["no path into JSON", http('jsonPath: {path: "", equals: 1}'), "jsonPath.path"],
    ["a path to another host", services(service(', healthPath: "//evil.example/x"')), "must start with one slash"],
    ["one by a backslash", services(service(', healthPath: "/\\\\evil.example/x"')), "must start with one slash"],
    ["one by a tab", services(service(', healthPath: "/\\t/evil.example/x"')), "must start with one slash"],
    ["a path with a space", services(service(', healthPath: "/a b"')), "must start with one slash"],
    [
      "a path of the traffic",
      `${services(service(""))}\ntraffic: [{service: a, environment: production, paths: ["//b"]}]`,
      "traffic[0].paths[0]",
    ],
    ["a variable's name", services(service("", ', env: {"A=B": c}')), '"A=B": a variable needs a name'],
    ["a NUL in a variable", services(service("", ', env: {A: "b\\0"}')), "env.A: no U+0000"],
    ["a NUL in a key", services(service("", ', env: {"A\\0": b}')), "env: no U+0000"],
    ["a key that sets no key", services(service("", ", env: {__proto__: b}")), "env: __proto__ cannot be a key"],
    ["a version that every object has", services(service("").replaceAll('"1"', "toString")), "a version; this word"],
    ["half a surrogate pair", services(service(', owner: "\\ud800"')), "owner: no U+0000"],
    ["a minute that no clock has", 'securityConfig: {scanSchedule: "61 * * * *"}', "five fields of cron"],
    ["words for cron", 'costConfig: {reportingSchedule: "a b c d e"}', "five fields of cron"],
    ["a step of nothing", 'chaosConfig: {schedule: "*/0 * * * *"}', "five fields of cron"],
    ["a window of nothing", "sloConfig: {evaluationWindow: 0d}", "as in 30d"],
  ])("%s", (_, text, message) => {
    expect(said(text)).toContain(message);
  });

  it.each([
    'outbound: {allow: ["10.0.0.0/8", "fd00::/8", 127.0.0.1, "::1"], deny: []}',
    'securityConfig: {scanSchedule: "*/5 0,12 1-15/2 jan-mar MON"}\ncostConfig: {reportingSchedule: "0 8 * * 7"}',
    'monitoringConfig: {metricsEndpoint: "http://a%40b:c@localhost:9090/x?y=1", endpointHeaders: {X-Scope-OrgID: "Ü 1"}}',
    endpoint('type: dns, host: _dmarc.example.org, recordType: TXT, server: "[fd00::1]:54"'),
    services(service(', healthPath: "/health?deep=1&x=%20"', ', env: {A_B.c: "x=y"}')),
  ])("takes %s", (text) => {
    expect(said(text)).toBe("");
  });

  it("says the rule, and not the value, of what a variable stands for", () => {
    const text = 'outbound: {allow: ["${env:RANGE}"]}\nmonitoringConfig: {endpointHeaders: {a: "${secret:a}"}}';
    const env = { ...ENV, RANGE: "canary", OPERATE_SECRET_A: "canary\n" };
    expect(said(text, { ...ENV, RANGE: "10.0.0.0/8", OPERATE_SECRET_A: "a" })).toBe("");
    expect(said(text, env)).toMatch(/\$\{env:RANGE\} is not allowed here.*: an address range[\s\S]*one line of Latin/);
    expect(said(text, env)).not.toContain("canary");
  });
});

describe("names", () => {
  it.each(["operate disk", "operate", "Operate  disk", "ＯＰＥＲＡＴＥ disk", "operate\u00a0disk"])(
    "refuses %j as a health endpoint's, which reads as Operate's own",
    (name) => {
      expect(said(`monitoringConfig: {healthEndpoints: [{name: "${name}", url: "http://a/"}]}`)).toContain(
        "reads as a check of Operate itself",
      );
    },
  );

  it("lets others begin alike", () => {
    expect(said('monitoringConfig: {healthEndpoints: [{name: operated by us, url: "http://a"}]}')).toBe("");
    expect(said('monitoringConfig: {healthEndpoints: ["http://operate/", "http://operate.example.com"]}')).toBe("");
  });

  it("takes no environment for one that is there because every object has something of its name", () => {
    const text = `deploymentConfig: {environments: [production, constructor]}\nservices: [${service("", "", "b")}, {name: a, local: {command: [x], versions: [{version: "1"}]}, environments: {constructor: {initialVersion: "1", env: {B: "\${url:b}"}}}}]`;
    expect(said(text)).toContain("${url:b} names no service that runs in constructor; allowed: a");
    expect(said(`${services(service(""))}\nremovedServices: [a/constructor]`)).toBe("");
  });
});

describe("rules that would never let anything happen", () => {
  const deployment = (text: string) => `deploymentConfig: {environments: [staging, production, test], ${text}}`;
  const analysis = (text: string) => deployment(`rollout: {analysis: {${text}}}`);
  it.each([
    [
      "waves that require each other",
      deployment(
        "waves: [{environment: production, requires: [staging]}, {environment: staging, requires: [production]}]",
      ),
      "deploymentConfig.waves[0].requires[0]: requires itself in a circle: staging → production → staging",
    ],
    [
      "waves in a circle of three, one of them in two parts",
      deployment(
        "waves: [{environment: production, requires: [test]}, {environment: production, requires: [staging]}, {environment: staging, requires: [test]}, {environment: test, requires: [production]}]",
      ),
      "requires itself in a circle",
    ],
    [
      "a freeze that ends before it begins",
      deployment("freezeWindows: [{name: a, from: '2026-12-02T00:00:00Z', to: '2026-12-01T00:00:00Z'}]"),
      "freezeWindows[0].to: not after from",
    ],
    [
      "one of no length, in two time zones",
      deployment("freezeWindows: [{name: a, from: '2026-12-02T01:00:00+01:00', to: '2026-12-02T00:00:00Z'}]"),
      "freezeWindows[0].to: not after from",
    ],
    [
      "a marginal score above what passes",
      analysis("passScore: 50, marginalScore: 90"),
      "rollout.analysis.marginalScore: the marginalScore 90 is above the passScore 50",
    ],
    ["one above it by default", analysis("passScore: 50"), "the marginalScore 75 is above the passScore 50"],
    [
      "one that two layers make",
      `${analysis("marginalScore: 90")}\n${services(service(", deployment: {analysis: {passScore: 80}}"))}`,
      "services[0].deployment.analysis",
    ],
    [
      "a metric in no group",
      analysis("metrics: {latencyP95: {group: nope}}"),
      "latencyP95.group: no group of analysis.groups is named nope; allowed: errors, latency, resources",
    ],
    ["groups without weight", analysis("groups: {errors: 0}"), "at least one group needs a weight above 0"],
    [
      "a hook's name twice",
      deployment(
        "rollout: {hooks: {before: [{name: a, type: http, url: 'http://x'}, {name: a, type: http, url: 'http://y'}]}}",
      ),
      "hooks.before: a second hook named a",
    ],
    ["fewer instances than the least", "scalingConfig: {minInstances: 5, maxInstances: 2}", "below minInstances"],
  ])("%s", (_, text, message) => {
    expect(said(text)).toContain(message);
  });

  it("takes those that can", () => {
    expect(
      said(
        `${deployment("waves: [{environment: production, requires: [staging, test]}, {environment: staging, requires: [test]}], freezeWindows: [{name: night, days: [fri], start: '22:00', end: '06:00'}], rollout: {analysis: {passScore: 80, groups: {errors: 100, mine: 5}, metrics: {latencyP95: {group: mine}}}}")}`,
      ),
    ).toBe("");
  });
});

describe("a section without anything below it", () => {
  const SECTIONS = "deployment monitoring alerting scaling security cost slo chaos".split(" ");
  it("is one that is not written, at any level", () => {
    const empty = [
      ...SECTIONS.map((name) => `${name}Config:`),
      "services:",
      "removedServices:",
      "outbound:",
      "traffic: ~",
    ];
    expect(checkConfig(empty.join("\n"), ENV)).toEqual(checkConfig("", ENV));
    expect(
      said(
        "deploymentConfig:\n  rollout:\n    hooks:\n      before:\n  waves:\nmonitoringConfig:\n  healthEndpoints:\n  retention:\n",
      ),
    ).toBe("");
    expect(said(`services: [${service(", dependsOn: , slo: , healthPath: null")}]`)).toBe("");
  });

  it("is refused where something is needed, and so is a value without one", () => {
    expect(said("services:\n  - name: a\n    local:\n    environments:\n")).toContain(
      "services[0].local: found `null`",
    );
    expect(said("costConfig:\n  costCenter:\n")).toContain("costConfig.costCenter: found `null`; a text is needed");
    expect(said(services(service("").replace('{initialVersion: "1"}', "")))).toContain(
      "environments.production: found",
    );
  });
});

describe("a check takes time in line with the length of the text", () => {
  const SMALL = 15_000;
  const LARGE = 120_000;
  const times = (length: number, make: (i: number) => string, join = ", ") =>
    Array.from({ length: Math.floor(length / make(9_999).length) }, (_, i) => make(i)).join(join);
  const cost = (text: string) => `costConfig: {costCenter: "${text}"}`;
  const ms = (text: string) => cpuMsOf(() => void checkForeignConfig(text, ENV, new Set()));
  it.each<[string, (length: number) => string]>([
    ["references that are never closed", (n) => cost("${env:".repeat(n / 6))],
    ["references of another kind", (n) => cost("${vault:".repeat(n / 8))],
    ["services' addresses", (n) => services(service("", `, env: {A: "${"${url:".repeat(n / 6)}"}`))],
    ["a long kind", (n) => cost(`\${${"a".repeat(n)}`)],
    ["one text by many aliases", (n) => `a: &a "${"${x".repeat(n / 6)}"\nb: [${times(n / 2, () => "*a")}]`],
    ["problems and references", (n) => `services:\n${times(n, () => '- {name: "${env:A}", owner: 5}', "\n")}`],
    ["keys that are not known", (n) => times(n, (i) => `key-${i}: 1`, "\n")],
    ["addresses without a name", (n) => `monitoringConfig: {healthEndpoints: [${times(n / 2, () => '"http://a/"')}]}`],
    [
      "names that are not known",
      (n) =>
        `services: [${times(n / 2, (i) => `{name: service-of-a-long-name-${i}, local: {command: [x], versions: [{version: "1"}]}, environments: {}}`)}, ${service(`, dependsOn: [${times(n / 2, (i) => `another-quite-long-name-${i}`)}]`)}]`,
    ],
  ])("%s", (_, make) => {
    const text = make(SMALL);
    const small = Math.min(ms(text), ms(text));
    // eight times as long: 64 times the time if it were quadratic; the rest is room for collecting garbage
    expect(ms(make(LARGE))).toBeLessThan(24 * small + 500);
  });

  it.each(["${env:", "${url:", "${vault:", "${env:A", "{versio", "${"])("half a million characters of %s", (part) => {
    expect(ms(cost(part.repeat(Math.floor(490_000 / part.length))))).toBeLessThan(5_000);
  });
});

describe("rules by which nothing could ever pass", () => {
  const judged = (analysis: string) => `deploymentConfig: {rollout: {analysis: {${analysis}}}}`;
  const off = ["errorRatio", "outcomes", "latencyP50", "latencyP95", "latencyP99"].map(
    (name) => `${name}: {enabled: false}`,
  );
  it.each([
    ["nothing that users notice", `metrics: {${off.join(", ")}}`, "leave one of errorRatio, outcomes, latencyP50"],
    ["a group without a metric", "groups: {custom: 100}", "no metric that is enabled lies in a group with a weight"],
  ])("%s is refused", (_name, rules, message) => expect(said(judged(rules))).toContain(message));

  it("one of them is enough", () => expect(said(judged(`metrics: {${off.slice(1).join(", ")}}`))).toBe(""));
});

describe("a tag or a directive that makes something else of what is written", () => {
  it.each([
    ["a set of keys", "monitoringConfig: !!set {nonsense}", "!!set is not allowed"],
    ["a whole file that is one", "!!set {a, b}", "!!set is not allowed"],
    ["keys in order", "monitoringConfig: !!omap [selfMonitoring: false, nonsense: 1]", "!!omap is not allowed"],
    ["pairs", "monitoringConfig: !!pairs [selfMonitoring: false]", "!!pairs is not allowed"],
    ["bytes", 'services: [{name: !!binary "YQ=="}]', "!!binary is not allowed"],
    ["another version of YAML", "%YAML 1.1\n---\nmonitoringConfig: {selfMonitoring: yes}", "%YAML 1.1 reads numbers"],
  ])("%s is refused", (_name, text, message) => expect(said(text)).toContain(message));

  it("one that says what is there anyway is not", () =>
    expect(said("%YAML 1.2\n---\nmonitoringConfig: !!map {selfMonitoring: !!bool false}")).toBe(""));
});
