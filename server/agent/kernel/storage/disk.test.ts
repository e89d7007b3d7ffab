import { describe, expect, it } from "vitest";
import { bytesInWords, diskLevel, diskOf, diskSentence, isDiskFull } from "./disk.ts";
import { fullDiskSentence } from "./storage-failure.ts";

const GIB = 2 ** 30;
const disk = (sizeGib: number, freeGib: number) =>
  diskOf({
    bsize: 4_096,
    blocks: (sizeGib * GIB) / 4_096,
    bfree: (freeGib * GIB) / 4_096,
    bavail: (freeGib * GIB) / 4_096,
  });

const withFiles = (files: number, ffree: number) =>
  diskOf({ bsize: 4_096, blocks: 1e8, bfree: 5e7, bavail: 5e7, files, ffree });

describe("diskLevel", () => {
  it.each([
    ["half full", disk(100, 50), "ok"],
    ["80 % full", disk(100, 19.9), "filling"],
    ["79 % of a large disk", disk(1_000, 210), "ok"],
    ["80 % of a large disk", disk(1_000, 199), "filling"],
    ["half its inodes free", withFiles(1_000_000, 500_000), "ok"],
    ["80 % of its inodes used", withFiles(1_000_000, 199_000), "filling"],
    ["next to no inodes, with room", withFiles(1_000_000, 1_900), "full"],
    ["inodes without a number", withFiles(0, 0), "ok"],
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

it("says that inodes are missing where space is not", () => {
  expect([isDiskFull(withFiles(1_000_000, 0)), isDiskFull(withFiles(0, 0))]).toEqual([true, false]);
  expect(diskSentence(withFiles(1_000_000, 0))).toBe(
    "The disk has 0 of 1000000 inodes left, of which each file takes one. Telemetry is refused so that the database keeps them. Delete files; space alone does not help.",
  );
  expect(diskSentence(withFiles(1_000_000, 150_000))).toContain("Delete files before there are none.");
  expect(fullDiskSentence(withFiles(1_000_000, 0))).toContain("no inodes are left for files, though 191 GiB are free");
  expect(fullDiskSentence(withFiles(1_000_000, 900_000))).toContain("though 191 GiB are free: look for a quota");
  expect(fullDiskSentence(disk(100, 0))).toContain("is full (0 bytes free): free some space");
});

it.each([
  [0, "0 B"],
  [999, "999 B"],
  [1_234_567, "1.18 MiB"],
  [5e15, "4.44 PiB"],
])("writes %d bytes as %s", (bytes, words) => expect(bytesInWords(bytes)).toBe(words));
