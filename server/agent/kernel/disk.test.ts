import { describe, expect, it } from "vitest";
import { bytesInWords, diskLevel, diskOf, diskSentence } from "./disk.ts";

const GIB = 2 ** 30;
const disk = (sizeGib: number, freeGib: number) =>
  diskOf({
    bsize: 4_096,
    blocks: (sizeGib * GIB) / 4_096,
    bfree: (freeGib * GIB) / 4_096,
    bavail: (freeGib * GIB) / 4_096,
  });

describe("diskLevel", () => {
  it.each([
    ["half full", disk(100, 50), "ok"],
    ["80 % full", disk(100, 19.9), "filling"],
    ["90 % of a disk so large that there is room", disk(1_000, 100), "ok"],
    ["97 % of a large disk", disk(1_000, 19), "filling"],
    ["less than 512 MiB", disk(100, 0.49), "full"],
    ["a small disk with 300 MiB", disk(1, 0.29), "ok"],
    ["a small disk, filling", disk(1, 0.19), "filling"],
    ["a small disk with 2 %", disk(1, 0.02), "full"],
    ["no room at all", disk(1, 0), "full"],
    ["a file system that tells nothing", disk(0, 0), "full"],
  ])("%s", (_name, given, level) => expect(diskLevel(given)).toBe(level));
});

it("counts what is reserved for root as not free, as df does", () => {
  expect(diskOf({ bsize: 1, blocks: 100, bfree: 30, bavail: 20 })).toEqual({
    sizeBytes: 100,
    freeBytes: 20,
    usedShare: 70 / 90,
  });
});

it("says how full it is, with its base and what to do", () => {
  expect(diskSentence(disk(100, 50))).toBeNull();
  expect(diskSentence(disk(100, 15))).toBe(
    "The disk is 85 % full: 15 GiB of 100 GiB are free. Telemetry is refused once 512 MiB are left. Free some space, or lower monitoringConfig.retention.",
  );
  expect(diskSentence(disk(100, 0.1))).toContain("Telemetry is refused so that the database keeps its last 512 MiB.");
});

it.each([
  [0, "0 B"],
  [999, "999 B"],
  [1_234_567, "1.18 MiB"],
  [5e15, "4.44 PiB"],
])("writes %d bytes as %s", (bytes, words) => expect(bytesInWords(bytes)).toBe(words));
