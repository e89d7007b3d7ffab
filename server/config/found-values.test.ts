import { expect, it } from "vitest";
import { checkConfig, formatIssues } from "./load.ts";

const said = (text: string): string => {
  const checked = checkConfig(text, { NODE_ENV: "test" });
  return checked.ok ? "" : formatIssues("f", checked.issues);
};
const versions = (list: string) =>
  `services: [{name: a, local: {command: [x], versions: ${list}}, environments: {production: {initialVersion: "1"}}}]`;

it.each([
  ["a number", versions("[{version: 1.0}]"), "versions[0].version: found `1.0`; a text is needed: put it in quotes"],
  ["a hexadecimal one", versions("[{version: 0x1F}]"), "found `0x1F`; a text is needed: put it in quotes"],
  ["a large one", "costConfig: {costCenter: 00123456789012345678901}", "found `00123456789012345678901`; a text"],
  ["a word that YAML reads", "costConfig: {costCenter: True}", "found `True`; a text is needed: put it in quotes"],
  ["nothing", "costConfig:\n  costCenter:\n", "costConfig.costCenter: found `null`; a text is needed"],
  ["an alias", "sloConfig: {latencyP95Ms: &a 1.50}\ncostConfig: {costCenter: *a}", "found `1.50`; a text is needed"],
  [
    "what is merged",
    "sloConfig: &a {throughputRps: '5'}\nscalingConfig: {<<: *a}",
    'sloConfig.throughputRps: found `"5"`;',
  ],
  ["a list", "costConfig: {costCenter: [1]}", "found a list; a text is needed"],
  ["a block", "costConfig: {costCenter: {a: 1}}", "found a block; a text is needed"],
  ["a list as the whole", "- services\n", "(whole file): found a list; a block of keys is needed"],
  ["a list in place of a section", "sloConfig: [1]", "sloConfig: found a list; a block of keys is needed"],
  ["a number in quotes", 'sloConfig: {latencyP95Ms: "500"}', '`"500"`; a number is needed: take the quotes away'],
  ["a truth in quotes", "monitoringConfig: {selfMonitoring: 'no'}", '`"no"`; true or false is needed'],
  [
    "a day of a freeze window",
    "deploymentConfig: {freezeWindows: [{name: w, days: [friday], start: '16:00', end: '23:59'}]}",
    'freezeWindows[0].days[0]: found `friday`; Invalid option: expected one of "mon"',
  ],
  [
    "a time of a freeze window",
    "deploymentConfig: {freezeWindows: [{name: w, from: yesterday, to: '2026-12-01T00:00:00Z'}]}",
    "freezeWindows[0].from: found `yesterday`; ",
  ],
  [
    "a stray key of a freeze window",
    "deploymentConfig: {freezeWindows: [{name: w, days: [fri], start: '16:00', end: '23:59', timezone: UTC}]}",
    "freezeWindows[0].timezone: no such key here; did you mean timeZone?",
  ],
  [
    "a missing key of a freeze window",
    "deploymentConfig: {freezeWindows: [{name: w, days: [fri], start: '16:00'}]}",
    "freezeWindows[0].end: found nothing; a text is needed",
  ],
  [
    "what may be of several kinds",
    "monitoringConfig: {healthEndpoints: [{name: a, type: http, url: 'http://a.test/', jsonPath: {path: x, equals: [1]}}]}",
    "jsonPath.equals: found a list; a text or a number or true or false is needed",
  ],
  ["a number out of range", "sloConfig: {latencyP95Ms: -1.0}", "found `-1.0`; "],
])("says %s as it is written", (_, text, message) => {
  expect(said(text)).toContain(message);
});

it("tells where a merged value stands, and takes what is written beside it first", () => {
  const service = (more: string) =>
    `{${more}local: {command: [x], versions: [{version: "1"}]}, environments: {production: {initialVersion: "1"}}}`;
  const text = `services:\n  - &a ${service("name: a, owner: 1.0, ")}\n  - ${service("<<: *a, name: b, owner: 2.0, ")}\n  - {<<: *a, name: c}\n`;
  const lines = said(text).split("\n");
  expect(lines).toEqual([
    expect.stringMatching(/^f:2:\d+ services\[0\]\.owner: found `1\.0`/),
    expect.stringMatching(/^f:2:\d+ services\[2\]\.owner: found `1\.0`/),
    expect.stringMatching(/^f:3:\d+ services\[1\]\.owner: found `2\.0`/),
  ]);
});

it.each([
  ["healthpath", "did you mean healthPath? allowed: dependsOn, deployment, "],
  ["enviroments", "did you mean environments? allowed: "],
  ["qqq", "no such key here; allowed: dependsOn, deployment, "],
])("names the nearest key for %s where one is near", (key, message) => {
  expect(said(versions('[{version: "1"}]').replace("{name", `{${key}: 1, name`))).toContain(message);
});
