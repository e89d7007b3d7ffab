import { describe, expect, it } from "vitest";
import { judgeByPolicy, type PolicyFacts, type PolicyQuestion, type VersionRecord } from "./rules.ts";

const question: PolicyQuestion = {
  action: "deploy",
  service: "checkout",
  environment: "production",
  version: "1.1.0",
  at: new Date("2026-11-28T12:00:00Z"),
};
const nothing: PolicyFacts = { lock: null, freezeWindows: [], required: [] };
const lock: PolicyFacts["lock"] = {
  service: "checkout",
  environment: "production",
  reason: "inventory",
  by: { kind: "person", id: "usr_ada", name: "Ada" },
  at: "2026-11-28T11:00:00.000Z",
};
const freezeWindows: PolicyFacts["freezeWindows"] = [
  { name: "weekend", environments: [], services: [], from: "2026-11-28T00:00:00Z", to: "2026-11-30T00:00:00Z" },
];
const staging = (record: VersionRecord) => [{ environment: "staging", record }];

describe("judgeByPolicy", () => {
  it.each<[string, Partial<PolicyFacts>, string[]]>([
    ["nothing", {}, []],
    ["a lock", { lock }, ["locked"]],
    ["a freeze window in force", { freezeWindows }, ["frozen"]],
    ["a version that never was where it must have passed", { required: staging("never") }, ["wave"]],
    ["one that regressed there", { required: staging("regressed") }, ["wave"]],
    ["one that passed there", { required: staging("passed") }, []],
    [
      "all of them, in the order of the rules",
      { lock, freezeWindows, required: staging("never") },
      ["locked", "frozen", "wave"],
    ],
    [
      "two environments that come before",
      { required: [...staging("never"), { environment: "test", record: "regressed" }] },
      ["wave", "wave"],
    ],
  ])("%s", (_, facts, reasons) => {
    const { obstacles } = judgeByPolicy(question, { ...nothing, ...facts });
    expect(obstacles.map(({ reason }) => reason)).toEqual(reasons);
  });

  it.each<[VersionRecord, string[]]>([
    ["passed", []],
    ["watching", ["1.1.0 is still being watched in staging."]],
    ["undecided", ["The watch over 1.1.0 in staging could not decide whether it holds."]],
  ])("notes of a version whose record is %s", (record, notes) => {
    expect(judgeByPolicy(question, { ...nothing, required: staging(record) })).toEqual({ obstacles: [], notes });
  });

  it("a window counts at the instant that is asked about", () => {
    const later = { ...question, at: new Date("2026-11-30T00:00:00Z") };
    expect(judgeByPolicy(later, { ...nothing, freezeWindows }).obstacles).toEqual([]);
  });
});
