import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type ServiceRecord, StateFile } from "./state-file.ts";

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "operate-state-"));
  path = join(dir, "state.json");
});
afterEach(() => rmSync(dir, { recursive: true }));

const record = (port: number): ServiceRecord => ({
  ...{ service: "web", environment: "staging", port, weights: { "1.0.0": 100 }, candidate: "1.0.0" },
  instances: [
    {
      ...{ id: "inst_1", key: "initial:1", version: "1.0.0", createdAt: "2026-05-01T00:00:00.000Z", restarts: 2 },
      ...{ draining: true, removed: false },
      launch: null,
      process: { pid: 7, identity: "123", port: 20_001, startedAt: "2026-05-01T00:00:01.000Z" },
    },
  ],
});

it("is null before the first write and gives back what was written", async () => {
  expect(new StateFile(path).load()).toBeNull();
  await new StateFile(path).save([record(20_000)]);
  expect(new StateFile(path).load()).toEqual([record(20_000)]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(dir)).toEqual(["state.json"]);
});

it("writes many changes at once one after the other and ends with the last", async () => {
  const file = new StateFile(path);
  await Promise.all(Array.from({ length: 50 }, (_, i) => file.save([record(20_000 + i)])));
  expect(file.load()).toEqual([record(20_049)]);
});

it.each(["{ half", "[]", '{"format":1,"services":[{"service":"web"}]}'])(
  "refuses broken content and keeps it beside: %s",
  (text) => {
    writeFileSync(path, text);
    expect(() => new StateFile(path).load()).toThrow(/kept as .*state\.json\.broken-/);
    const [kept = ""] = readdirSync(dir);
    expect(readFileSync(join(dir, kept), "utf8")).toBe(text);
    expect(new StateFile(path).load()).toBeNull();
  },
);

it("leaves the state of a newer Operate alone", () => {
  writeFileSync(path, '{"format":3,"services":[]}');
  expect(() => new StateFile(path).load()).toThrow(/newer Operate/);
  expect(readdirSync(dir)).toEqual(["state.json"]);
});
