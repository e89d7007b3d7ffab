import { expect, it } from "vitest";
import { recoverState } from "../state/recover-state.ts";
import type { LoadedState, ServiceRecord } from "../state/state-file.ts";
import type { MarkedProcess } from "./orphans.ts";
import { identityOf } from "./process.ts";

// What runs beats an older record: who is taken over, who is started again, who takes the requests.

type Process = NonNullable<ServiceRecord["instances"][number]["process"]>;
const process_ = (pid: number, more: Partial<Process> = {}): Process => ({
  ...{ pid, identity: `boot:${pid}`, port: 1, startedAt: "2026-01-01T00:00:00.000Z", ...more },
});
const instance = (id: string, pid: number | null, more: object = {}) => ({
  ...{ id, key: id, version: id.startsWith("A") ? "1" : "2", createdAt: "2026-01-01T00:00:00.000Z", restarts: 0 },
  ...{ draining: false, removed: false, launch: null, process: pid === null ? null : process_(pid), ...more },
});
const marked = (instanceId: string, pid: number, generation: number, more: object = {}): MarkedProcess => ({
  ...{ instanceId, service: "web", environment: "staging", version: instanceId.startsWith("A") ? "1" : "2" },
  ...{ pid, identity: `boot:${pid}`, port: 9, balancerPort: 5, generation, launchId: `launch-${pid}`, ...more },
});
const CANARY = { weights: { 1: 95, 2: 5 }, candidate: "2" };

function recover(
  instances: ServiceRecord["instances"],
  running: MarkedProcess[],
  { weights = null, candidate = null, doubt = null, ...more }: Partial<ServiceRecord> & Partial<LoadedState> = {},
) {
  const record: ServiceRecord = {
    ...{ service: "web", environment: "staging", port: 5, weights, candidate, salt: null, doubt, instances },
  };
  const said: string[] = [];
  const loaded: LoadedState = { services: [record], generation: 10, origin: "file", problem: null, ...more };
  const file = { load: () => loaded, setBrokenAside: () => {} };
  const logger = { error: (...given: unknown[]) => said.push(String(given.at(-1))) };
  const { services, generation } = recoverState(file, running, logger as never);
  const [found] = services;
  const pids = Object.fromEntries(found?.instances.map((one) => [one.id, one.process?.pid ?? null]) ?? []);
  return {
    pids,
    weights: found?.weights,
    candidate: found?.candidate,
    doubt: found?.doubt,
    said,
    generation,
  };
}

it("changes nothing of a record that tells what runs, and starts again what does not run", () => {
  const told = recover(
    [instance("A1", 100), instance("A2", 101), instance("B1", 200)],
    [marked("A1", 100, 3), marked("B1", 200, 9)],
    CANARY,
  );
  expect(told).toEqual({ pids: { A1: 100, A2: 101, B1: 200 }, ...CANARY, doubt: null, said: [], generation: 10 });
});

it("takes over the process that an instance has now, and one that the record does not know, of the same service", () => {
  const found = recover(
    [instance("A1", 100), instance("A2", 101)],
    [marked("A1", 500, 12), marked("A2", 101, 3), marked("B1", 300, 14)],
    CANARY,
  );
  expect(found.pids).toEqual({ A1: 500, A2: 101, B1: 300 });
  expect(found.generation).toBe(14);
  expect(found.said.join("\n")).toMatch(/older than what runs(.|\n)*web\/staging: 1, 2 is taken over as it runs/);
});

it.each([
  ["started again unsaved", 12],
  ["started again before the record was written", 3],
  ["marked by an earlier Operate", 0],
])("takes over an instance with its real process: %s", (_name, generation) => {
  expect(recover([instance("A1", 100)], [marked("A1", 500, generation)]).pids).toEqual({ A1: 500 });
  expect(recover([instance("A1", null)], [marked("A1", 500, generation)]).pids).toEqual({ A1: 500 });
});

it("does not take what the instance's dead process left behind, nor a twin of its live one, for the instance", () => {
  const left = process_(100, { launchId: "L" });
  expect(recover([instance("A1", null, { process: left })], [marked("A1", 500, 3, { launchId: "L" })]).pids).toEqual({
    A1: 100,
  });
  const identity = identityOf(process.pid) ?? "";
  const live = process_(process.pid, { identity });
  expect(recover([instance("A1", null, { process: live })], [marked("A1", 500, 12)]).pids).toEqual({ A1: process.pid });
});

it.each([
  ["a later record", 11, { A1: 100 }],
  ["the record of its start", 10, { A1: 100, A9: 900 }],
  ["an earlier record", 9, { A1: 100, A9: 900 }],
  ["a record of an earlier Operate", 0, { A1: 100, A9: 900 }],
])("an instance that is not named by %s", (_name, generation, pids) => {
  const running = [marked("A1", 100, Math.min(3, generation)), marked("A9", 900, 10)];
  expect(recover([instance("A1", 100)], running, { generation }).pids).toEqual(pids);
});

it("leaves an instance that was to be removed so, whatever its process is", () => {
  const found = recover([instance("A1", 100, { removed: true })], [marked("A1", 500, 12)]);
  expect(found.pids).toEqual({ A1: 500 });
});

const two = [instance("A1", 100), instance("A2", 101)];
it.each([
  [
    "after an unsaved promotion",
    [...two, instance("B1", 200)],
    [marked("A1", 100, 3), marked("B1", 200, 9), marked("B2", 201, 12)],
    "2",
    { A1: 100, B1: 200, B2: 201 },
  ],
  [
    "after an unsaved rollback",
    [...two, instance("B1", 200)],
    [marked("A1", 500, 12), marked("A2", 101, 3), marked("B1", 200, 9)],
    "1",
    { A1: 500, A2: 101, B1: 200 },
  ],
  [
    "with a canary that it does not know",
    two,
    [marked("A1", 100, 3), marked("A2", 101, 3), marked("B1", 200, 12)],
    "1",
    { A1: 100, A2: 101, B1: 200 },
  ],
  ["with as many of both", two, [marked("A1", 100, 3), marked("B1", 200, 12)], "1", { A1: 100, B1: 200 }],
])("gives no requests by weights that are older than what runs: %s", (_name, instances, running, serving, pids) => {
  const other = serving === "1" ? "2" : "1";
  const found = recover(instances, running, CANARY);
  expect(found).toMatchObject({ pids, weights: { [serving]: 100, [other]: 0 }, candidate: null });
  expect(found.doubt).toMatch(`all requests go to ${serving}, which has the most instances, and none to ${other}.`);
  expect(found.said).toContain(found.doubt);
});

it("keeps a guess a guess over later starts, for whom the state tells what runs", () => {
  const running = [marked("A1", 100, 3), marked("B1", 200, 12)];
  const { weights, doubt } = recover(two, running, CANARY);
  expect(doubt).toMatch("all requests go to 1");
  const instances = [instance("A1", 100), instance("B1", 200)];
  for (const origin of ["file", "copy"] as const) {
    const again = recover(instances, running, { weights, doubt, generation: 20, origin } as never);
    expect(again).toMatchObject({ weights: { 1: 100, 2: 0 }, doubt });
    expect(again.said).toContain(doubt);
  }
  const restarted = recover(instances, [marked("A1", 500, 3), marked("B1", 200, 12)], {
    ...{ weights, doubt, generation: 20 },
  } as never);
  expect(restarted).toMatchObject({ pids: { A1: 500, B1: 200 }, weights: { 1: 100, 2: 0 }, doubt });
});

it("gives requests by number to the one version that is left, and brings none back that went", () => {
  const found = recover([...two, instance("B1", 200)], [marked("B1", 200, 9), marked("B2", 201, 12)], CANARY);
  expect(found).toMatchObject({ pids: { B1: 200, B2: 201 }, weights: null, candidate: null, doubt: null });
});

it("starts again what was the serving version's and may well be wanted", () => {
  const found = recover([...two, instance("B1", 200)], [marked("A1", 500, 12)], CANARY);
  expect(found.pids).toEqual({ A1: 500, A2: 101 });
});

it("knows no weights without a record: the version with the most instances serves", () => {
  const running = [marked("A1", 100, 3), marked("B1", 200, 12), marked("B2", 201, 12)];
  const lost = recover([], running, { services: [], origin: "none", generation: 0 });
  expect(lost).toMatchObject({ weights: { 1: 0, 2: 100 }, pids: { A1: 100, B1: 200, B2: 201 }, generation: 12 });
});
