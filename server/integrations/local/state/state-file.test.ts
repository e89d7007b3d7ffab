import { linkSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { canMount, fillDisk, mountSmallDisk } from "#server/testing/small-disk.ts";
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
  ...{ salt: "c2FsdA", doubt: null },
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
  expect(new StateFile(path).load()).toEqual({ services: [], generation: 0, origin: "none", problem: null });
  const file = new StateFile(path);
  await file.save([record(20_000)]);
  const { generation } = file;
  const expected = { services: [record(20_000)], generation, origin: "file", problem: null };
  expect(new StateFile(path).load()).toEqual(expected);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(dir)).toEqual(["state.json", "state.json.spare"]);
});

it("numbers its writes upwards, with the clock and over a clock that was set back", async () => {
  const file = new StateFile(path);
  const startedAt = Date.now();
  const seen = [];
  for (let i = 0; i < 3; i++) {
    await file.save([record(20_000 + i)]);
    seen.push(new StateFile(path).load().generation);
  }
  expect(seen[0]).toBeGreaterThanOrEqual(startedAt);
  expect(seen).toEqual([...new Set(seen)].sort());
  file.continueFrom(startedAt + 3_600_000);
  await file.save([record(20_003)]);
  expect(new StateFile(path).load().generation).toBe(startedAt + 3_600_001);
});

it("takes the copy where the file is an older one that was put back", async () => {
  const file = new StateFile(path);
  await file.save([record(20_000)]);
  const old = readFileSync(path);
  for (const port of [20_001, 20_002]) await file.save([record(port)]);
  writeFileSync(path, old);
  const problem = expect.stringContaining("is older than the copy beside it");
  expect(new StateFile(path).load()).toMatchObject({ services: [record(20_001)], origin: "copy", problem });
});

it("never writes over a file that a crash left under a second name", async () => {
  const file = new StateFile(path);
  for (const port of [20_000, 20_001, 20_002]) await file.save([record(port)]);
  for (const other of [path, `${path}.previous`]) {
    const before = readFileSync(other, "utf8");
    rmSync(`${path}.spare`, { force: true });
    linkSync(other, `${path}.spare`);
    linkSync(other, `${path}.kept`);
    await file.save([record(20_003)]);
    expect(readFileSync(`${path}.kept`, "utf8")).toBe(before);
    rmSync(`${path}.kept`);
    expect(new StateFile(path).load()).toMatchObject({ services: [record(20_003)], origin: "file" });
  }
});

describe.runIf(canMount)("a full disk (a real tmpfs, where it may be mounted)", () => {
  let unmount: () => void;
  beforeEach(() => {
    unmount = mountSmallDisk(dir, "256k");
  });
  afterEach(() => unmount());

  it("takes every further state, also one that has grown by a half, and keeps the one before it", async () => {
    const file = new StateFile(path);
    const records = (count: number) => Array.from({ length: count }, (_, i) => record(20_000 + i));
    for (let i = 0; i < 3; i++) await file.save(records(20 + i));
    fillDisk(join(dir, "ballast"));
    for (let count = 23; count <= 30; count++) {
      await file.save(records(count));
      expect(new StateFile(path).load()).toMatchObject({ services: records(count), origin: "file" });
    }
    writeFileSync(path, "");
    expect(new StateFile(path).load()).toMatchObject({ services: records(29), origin: "copy" });
  });

  it("refuses a state that is too large for it, says why, and keeps what there is", async () => {
    const file = new StateFile(path);
    for (let i = 0; i < 3; i++) await file.save([record(20_000 + i)]);
    fillDisk(join(dir, "ballast"));
    const huge = Array.from({ length: 300 }, () => record(20_009));
    await expect(file.save(huge)).rejects.toThrow(/state\.json cannot be written: the disk is full/);
    expect(new StateFile(path).load()).toMatchObject({ services: [record(20_002)], origin: "file" });
    rmSync(join(dir, "ballast"));
    await file.save([record(20_010)]);
    expect(new StateFile(path).load()).toMatchObject({ services: [record(20_010)], origin: "file" });
  });
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
    expect(new StateFile(path).load()).toMatchObject(expected);
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
  writeFileSync(path, '{"format":7,"services":[]}');
  expect(() => new StateFile(path).load()).toThrow(/newer Operate/);
  expect(readdirSync(dir)).toEqual(["state.json"]);
});
