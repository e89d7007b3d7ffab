import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { localPaths } from "../integrations/local/state/paths.ts";
import { StateFile } from "../integrations/local/state/state-file.ts";
import { isLiveInstance } from "./live-instances.ts";

let dataDir: string;
let state: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "operate-live-"));
  const paths = localPaths(dataDir);
  mkdirSync(paths.dir, { recursive: true });
  state = paths.state;
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(dataDir, { recursive: true, force: true });
});

async function save(...ids: string[]): Promise<void> {
  const instance = { key: "k", version: "1", createdAt: "", restarts: 0, draining: false, removed: false };
  await new StateFile(state).save([
    {
      ...{ service: "shop", environment: "staging", port: 1, weights: null, candidate: null, salt: null, doubt: null },
      instances: ids.map((id) => ({ ...instance, id, process: null, launch: null })),
    },
  ]);
}
const live = (...ids: string[]) => Promise.all(ids.map((id) => isLiveInstance(dataDir, id)));

it("the state says who lives and who has ended", async () => {
  await save("a");
  await save("a", "b");
  expect(await live("a", "b", "c")).toEqual([true, true, false]);
  await save("b");
  expect(await live("a", "b")).toEqual([false, true]);
});

it("without a state nothing is known at first, then that there never was an instance", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  expect(await live("a")).toEqual([null]);
  vi.advanceTimersByTime(59_000);
  expect(await live("a")).toEqual([null]);
  vi.advanceTimersByTime(1_000);
  expect(await live("a")).toEqual([false]);
  await save("a");
  expect(await live("a", "b")).toEqual([true, false]);
  rmSync(state);
  vi.advanceTimersByTime(3_600_000);
  expect(await live("a", "b"), "it was there").toEqual([true, null]);
});

it("a place that cannot be reached is no state that never was", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  rmSync(dirname(state), { recursive: true });
  writeFileSync(dirname(state), "");
  expect(await live("a")).toEqual([null]);
  vi.advanceTimersByTime(3_600_000);
  expect(await live("a")).toEqual([null]);
});

it("the copy serves while the state is gone: whom it does not name may have started since", async () => {
  await save("a");
  await save("b");
  rmSync(state);
  expect(await live("a", "b")).toEqual([true, null]);
});

it.each<[string, () => void]>([
  ["gone", () => rmSync(state)],
  ["not JSON", () => writeFileSync(state, "{")],
  ["empty", () => writeFileSync(state, "")],
  ["of a newer Operate", () => writeFileSync(state, '{"format":1000,"services":[]}')],
  [
    "a folder",
    () => {
      rmSync(state);
      mkdirSync(state);
    },
  ],
])("nobody has ended because both files cannot be read: %s", async (_, spoil) => {
  await save("a");
  expect(await live("a")).toEqual([true]);
  spoil();
  rmSync(`${state}.previous`, { force: true });
  expect(await live("a", "b"), "as it was known last").toEqual([true, null]);
  rmSync(state, { recursive: true, force: true });
  await save("b");
  expect(await live("a", "b")).toEqual([false, true]);
});
