import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ErrorLineCounter, isErrorLine } from "./error-lines.ts";

describe("an error line", () => {
  it.each([
    ['{"level":"error","message":"x"}', "out", true],
    ['{"level":50,"msg":"x"}', "out", true],
    ['{"level":30,"msg":"error in name only"}', "err", false],
    ['{"severity":"CRITICAL"}', "out", true],
    ["level=error msg=x", "out", true],
    ['time=1 level="info" msg="error"', "err", false],
    ["2026-03-01T10:00:00Z ERROR no route", "out", true],
    ["[2026-03-01 10:00:00,123] FATAL no route", "out", true],
    ["listening, error pages are on", "out", false],
    ["TypeError: x is not a function", "err", true],
    ["    at main (index.js:1:1)", "err", false],
    ["{broken", "out", false],
  ] as const)("%s on %s: %s", (text, stream, expected) => {
    expect(isErrorLine(text, stream)).toBe(expected);
  });
});

describe("counting as a file grows", () => {
  let dir: string;
  let path: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "operate-lines-"));
    path = join(dir, "a.log");
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it("counts each line once, an unfinished one when it is whole, and begins anew after a cut", async () => {
    const counter = new ErrorLineCounter();
    const count = () => counter.countNew(path, "out", true);
    expect(await count()).toBe(0);
    writeFileSync(path, "level=error a\nlevel=info b\nlevel=err");
    expect(await count()).toBe(1);
    appendFileSync(path, "or c\n");
    expect(await count()).toBe(1);
    expect(await count()).toBe(0);
    writeFileSync(path, "level=error d\n");
    expect(await count()).toBe(1);
  });

  it("passes over what was there before it looked, when it comes late", async () => {
    const counter = new ErrorLineCounter();
    writeFileSync(path, "level=error a\n");
    expect(await counter.countNew(path, "out", false)).toBe(0);
    appendFileSync(path, "level=error b\n");
    expect(await counter.countNew(path, "out", false)).toBe(1);
  });
});
