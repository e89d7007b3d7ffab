import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { cutFile } from "./log-cut.ts";
import { readOn } from "./read-on.ts";

const dir = mkdtempSync(join(tmpdir(), "operate-read-on-"));
afterAll(() => rmSync(dir, { recursive: true }));
let files = 0;
const newFile = (text = "") => {
  const file = join(dir, `${files++}.log`);
  writeFileSync(file, text);
  return file;
};

/** A reader that keeps its place, as the collector does. */
function reader(file: string) {
  let cursor: string | undefined;
  return async (given: { maxBytes?: number; complete?: boolean } = {}) => {
    const read = await readOn({
      file,
      cursor,
      marksOf: async () => [],
      complete: false,
      maxBytes: 1_000_000,
      ...given,
    });
    cursor = read.lines.at(-1)?.cursor ?? cursor;
    return read.lines.map((line) => line.text);
  };
}

describe("reading on", () => {
  it("waits for the end of a line, unless nothing more comes", async () => {
    const file = newFile("one\ntw");
    const read = reader(file);
    expect(await read()).toEqual(["one"]);
    expect(await read()).toEqual([]);
    appendFileSync(file, "o\nthr");
    expect(await read()).toEqual(["two"]);
    expect(await read({ complete: true })).toEqual(["thr"]);
    expect(await read({ complete: true })).toEqual([]);
  });

  it("goes on across a cut, also when the file grew past its place again", async () => {
    const file = newFile("one\ntwo\n");
    const read = reader(file);
    expect(await read()).toEqual(["one", "two"]);
    appendFileSync(file, "three\n");
    await cutFile(file, `${file}.1`);
    appendFileSync(file, "four, which is longer than all the others before it\n");
    expect(await read()).toEqual(["three", "four, which is longer than all the others before it"]);
    await cutFile(file, `${file}.1`);
    expect(await read()).toEqual([]);
    appendFileSync(file, "five\n");
    expect(await read()).toEqual(["five"]);
  });

  it("goes on with the oldest line that is kept after two cuts", async () => {
    const file = newFile("one\n");
    const read = reader(file);
    expect(await read()).toEqual(["one"]);
    for (const line of ["lost\n", "kept\n"]) {
      appendFileSync(file, line);
      await cutFile(file, `${file}.1`);
    }
    appendFileSync(file, "newest\n");
    expect(await read()).toEqual(["kept", "newest"]);
  });

  it("hands out a line of more than 64 KiB in parts, between characters", async () => {
    const long = `a${"ü".repeat(100_000)}`;
    const read = reader(newFile(`${long}\nnext\n`));
    const parts: string[] = [];
    for (let part = await read(); part.length > 0; part = await read()) parts.push(...part);
    expect(parts.at(-1)).toBe("next");
    expect(parts.slice(0, -1).join("")).toBe(long);
    expect(parts.length).toBeGreaterThan(3);
  });

  it("gives a line the moment the file was first seen to reach past it", async () => {
    const file = newFile("one\ntwo\nthree\n");
    const marks = [
      { endByte: 4, atMs: 1_000 },
      { endByte: 14, atMs: 2_000 },
    ];
    const { lines } = await readOn({
      file,
      cursor: undefined,
      marksOf: async () => marks,
      complete: false,
      maxBytes: 1_000,
    });
    expect(lines.map((line) => Date.parse(line.at))).toEqual([1_000, 2_000, 2_000]);
  });

  it("loses no line and hands out none twice, however it is written, cut and read", async () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.array(fc.string({ maxLength: 90 }), { maxLength: 8 }) },
      { weight: 2, arbitrary: fc.constant("read" as const) },
      { weight: 1, arbitrary: fc.constant("cut" as const) },
    );
    const sizes = fc.integer({ min: 1, max: 500 });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), sizes, async (steps, maxBytes) => {
        const file = newFile();
        const read = reader(file);
        const written: string[] = [];
        const seen: string[] = [];
        const readAll = async () => {
          for (let lines = await read({ maxBytes }); lines.length > 0; lines = await read({ maxBytes }))
            seen.push(...lines);
        };
        for (const one of steps) {
          if (one === "read") seen.push(...(await read({ maxBytes })));
          else if (one === "cut") {
            // the daemon cuts at 8 MB; a reader is never that far behind twice
            await readAll();
            await cutFile(file, `${file}.1`);
          } else
            for (const text of one) {
              const line = `${written.length} ${text.replaceAll(/\s/g, " ").trim()}.`;
              written.push(line);
              appendFileSync(file, `${line}\n`);
            }
        }
        await readAll();
        expect(seen).toEqual(written);
      }),
      { numRuns: 60 },
    );
  });
});
