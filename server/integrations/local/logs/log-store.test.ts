import { appendFileSync, mkdtempSync, openSync, rmSync, statSync, utimesSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { GrowthMarks } from "./growth-marks.ts";
import { LogStore } from "./log-store.ts";
import { ownTimeMs } from "./log-tail.ts";
import { readOn } from "./read-on.ts";

const dir = mkdtempSync(join(tmpdir(), "operate-logs-"));
afterAll(() => rmSync(dir, { recursive: true }));

it.each([
  { text: '{"time":"2026-05-01T10:00:00.000Z","message":"x"}', at: "2026-05-01T10:00:00.000Z" },
  { text: '{"time":1777629600000}', at: "2026-05-01T10:00:00.000Z" },
  { text: '{"ts":1777629600.25}', at: "2026-05-01T10:00:00.250Z" },
  { text: "2026-05-01T10:00:00+05:45 started", at: "2026-05-01T04:15:00.000Z" },
  { text: "[2026-05-01 10:00:00,250Z] started", at: "2026-05-01T10:00:00.250Z" },
  { text: '{"time":"soon"}', at: null },
  { text: "{ not json", at: null },
  { text: "plain", at: null },
])("reads the time of $text", ({ text, at }) => {
  const ms = ownTimeMs(text);
  expect(ms === null ? null : new Date(ms).toISOString()).toBe(at);
});

it("merges both streams by time and keeps the newest lines", async () => {
  const store = new LogStore(dir);
  const line = (second: number) => `{"time":"2026-05-01T10:00:0${second}.000Z","n":${second}}\n`;
  appendFileSync(store.file("merge", "out"), line(1) + line(3) + line(5));
  appendFileSync(store.file("merge", "err"), line(2) + line(4));
  const lines = await store.tail("merge", 3);
  expect(lines.map((one) => [one.stream, one.at.slice(17, 19)])).toEqual([
    ["stdout", "03"],
    ["stderr", "04"],
    ["stdout", "05"],
  ]);
});

it("gives lines without a time the moment the file was seen to grow", async () => {
  const store = new LogStore(dir);
  const file = store.file("plain", "out");
  const before = Date.now();
  appendFileSync(file, "one\n");
  await store.watch(["plain"]);
  const after = Date.now();
  utimesSync(file, new Date(after + 60_000), new Date(after + 60_000));
  const [line] = await store.tail("plain", 10);
  expect(Date.parse(line?.at ?? "")).toBeGreaterThanOrEqual(before);
  expect(Date.parse(line?.at ?? "")).toBeLessThanOrEqual(after);
});

it("knows what a daemon before it saw, also of the file before this one, and what grew while none was there", async () => {
  const file = join(dir, "adopted.out.log");
  const at = (second: number) => new Date(Date.UTC(2026, 4, 1, 10, 0, second));
  const grown = async (text: string, second: number, store: LogStore | null) => {
    appendFileSync(file, text);
    utimesSync(file, at(second), at(second));
    await store?.watch(["adopted"]);
  };
  const first = new LogStore(dir, 20);
  await grown("one\n", 1, first);
  await grown("two, which is too long\n", 2, first);
  await grown("three\n", 3, first);
  await grown("four\n", 4, null);
  const next = new LogStore(dir, 20);
  await next.watch(["adopted"]);
  await grown("five\n", 5, next);
  for (const store of [next, new LogStore(dir, 20)]) {
    const seconds = (await store.tail("adopted", 10)).map((line) => [line.text.slice(0, 5), line.at.slice(17, 19)]);
    expect(seconds).toEqual([
      ["one", "01"],
      ["two, ", "02"],
      ["three", "03"],
      ["four", "04"],
      ["five", "05"],
    ]);
  }
  const lines = await readOn({
    ...{ file, cursor: undefined, complete: true, maxBytes: 1_000 },
    marksOf: (one) => next.marksOf(one),
  });
  expect(lines.lines.map((line) => line.at.slice(17, 19))).toEqual(["01", "02", "03", "04", "05"]);
});

it("keeps on disk about as many marks as it needs, and takes half a line for none", async () => {
  const file = join(dir, "many.out.log");
  const marks = new GrowthMarks();
  for (let i = 1; i <= 1_500; i++) await marks.note(file, { size: i, mtimeMs: 1_000 + i });
  appendFileSync(`${file}.marks`, "1501 25");
  expect(statSync(`${file}.marks`).size).toBeLessThan(1_201 * 10);
  const read = await new GrowthMarks().of(file);
  expect(read).toHaveLength(600);
  expect(read.at(-1)).toEqual({ endByte: 1_500, atMs: 2_510 });
});

it("cuts a file that grew too large without disturbing its writer, and can still tail across the cut", async () => {
  const store = new LogStore(dir, 1_000);
  const writer = openSync(store.file("large", "out"), "a");
  for (let i = 0; i < 100; i++) writeSync(writer, `line ${i} of many\n`);
  await store.watch(["large"]);
  expect(statSync(store.file("large", "out")).size).toBe(0);
  writeSync(writer, "line 100 of many\n");
  const lines = await store.tail("large", 3);
  expect(lines.map((line) => line.text)).toEqual(["line 98 of many", "line 99 of many", "line 100 of many"]);
});

it("shortens endless lines and starts a cut block at a whole line", async () => {
  const store = new LogStore(dir);
  appendFileSync(store.file("wide", "out"), `${"x".repeat(600_000)}\nshort\n${"y".repeat(20_000)}\n`);
  const lines = await store.tail("wide", 10);
  expect(lines.map((line) => line.text.length)).toEqual([5, 8_194]);
});

it("deletes files of instances that are gone for a day and leaves the others", async () => {
  const store = new LogStore(dir);
  const old = new Date(Date.now() - 25 * 3_600_000);
  for (const id of ["gone", "kept"]) {
    appendFileSync(store.file(id, "out"), "x\n");
    utimesSync(store.file(id, "out"), old, old);
  }
  appendFileSync(store.file("fresh", "out"), "x\n");
  await store.prune(new Set(["kept"]));
  expect(await Promise.all(["gone", "kept", "fresh"].map((id) => store.exists(id)))).toEqual([false, true, true]);
});
