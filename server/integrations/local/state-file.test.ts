import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, it } from "vitest";
import { recoverState } from "./recover-state.ts";
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

it("is empty before the first write and gives back what was written", async () => {
  expect(new StateFile(path).load()).toEqual({ services: [], origin: "none", problem: null });
  await new StateFile(path).save([record(20_000)]);
  expect(new StateFile(path).load()).toEqual({ services: [record(20_000)], origin: "file", problem: null });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(dir)).toEqual(["state.json"]);
});

it("writes many changes at once one after the other and ends with the last", async () => {
  const file = new StateFile(path);
  await Promise.all(Array.from({ length: 50 }, (_, i) => file.save([record(20_000 + i)])));
  expect(file.load().services).toEqual([record(20_049)]);
});

it.each(["", "{ half", "[]", '{"format":1,"services":[{"service":"web"}]}', null])(
  "uses what was written before in place of: %s",
  async (text) => {
    for (const port of [20_000, 20_001]) await new StateFile(path).save([record(port)]);
    if (text === null) rmSync(path);
    else writeFileSync(path, text);
    const problem =
      text === null ? `${path} is gone` : expect.stringMatching(/state\.json (is not JSON|has unexpected)/);
    const expected = { services: [record(20_000)], origin: "copy", problem };
    expect(new StateFile(path).load()).toEqual(expected);
    new StateFile(path).setBrokenAside();
    const broken = readdirSync(dir).filter((name) => name.includes(".broken-"));
    expect(broken.map((name) => readFileSync(join(dir, name), "utf8"))).toEqual(text === null ? [] : [text]);
    expect(new StateFile(path).load()).toMatchObject({ services: [record(20_000)], origin: "copy" });
    await new StateFile(path).save([record(20_002)]);
    expect(new StateFile(path).load().services).toEqual([record(20_002)]);
  },
);

it("says that the state is lost, again and again, as long as neither file can be read", () => {
  for (const name of [path, `${path}.previous`]) writeFileSync(name, "{ half");
  const running = () => recoverState(new StateFile(path), [], pino({ enabled: false }));
  for (let i = 0; i < 2; i++) expect(running).toThrow(/is not JSON.*no earlier copy.*Nothing was changed/);
  expect(readdirSync(dir).sort()).toEqual(["state.json", "state.json.previous"]);
});

it("leaves the state of a newer Operate alone", () => {
  writeFileSync(path, '{"format":4,"services":[]}');
  expect(() => new StateFile(path).load()).toThrow(/newer Operate/);
  expect(readdirSync(dir)).toEqual(["state.json"]);
});
