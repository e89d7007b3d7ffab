import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { KillableOperate, PARTS, type PartName } from "../testing/killing.ts";

/** `npm run storm:kill` kills each of the 63 subsets; these are the ones most likely to differ. */
vi.setConfig({ testTimeout: 600_000, hookTimeout: 360_000 });
const SUBSETS: PartName[][] = [
  ...PARTS.map((part) => [part]),
  ["supervisor", "postmaster"],
  ["supervisor", "daemon"],
  ["supervisor", "daemon", "postmaster"],
  [...PARTS],
];

const operate = new KillableOperate();
beforeAll(() => operate.start());
afterAll(async () => {
  const left = await operate.stop();
  await operate.dispose();
  expect(left).toEqual([]);
});

it.each(SUBSETS.map((parts) => [parts.join(", "), parts] as const))(
  "kill -9 of %s: instances and traffic live, and all is back alone or by one start",
  async (_name, parts) => {
    expect((await operate.kill(parts)).faults, operate.shown).toEqual([]);
  },
);
