import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keepConfidential } from "../agent/kernel/confidential/confidential.ts";
import { createLogReader, createProcessLog } from "./process-log.ts";

let folder: string;
let errors: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "operate-log-"));
  errors = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

function open() {
  const log = createProcessLog({ file: join(folder, "web.log"), onError: (message) => errors.push(message) });
  return { ...log, ...log.output() };
}

describe("createProcessLog", () => {
  it("keeps everything in the file and joins lines that arrive in pieces", () => {
    const log = open();
    log.write('{"level":30,"msg":"lis');
    log.write('tening"}\nplain\n');
    expect(readFileSync(join(folder, "web.log"), "utf8")).toBe('{"level":30,"msg":"listening"}\nplain\n');
    expect(log.lastLines(5)).toEqual(["listening", "plain"]);
  });

  it("holds no confidential value, in however many pieces it comes and beside another output", () => {
    const secret = "hunter2-correct-horse";
    keepConfidential([{ value: secret, shown: "${env:DB_PASSWORD}", secret: true }]);
    const log = open();
    const errors = log.output();
    for (const character of `password ${secret}, again ${secret}\n`) {
      log.write(character);
      errors.write(character);
    }
    log.write(`half: ${secret.slice(0, 15)}`);
    errors.write("Error: h");
    log.end();
    errors.end();
    const written = readFileSync(join(folder, "web.log"), "utf8");
    expect(written.match(/\$\{env:DB_PASSWORD\}/g)).toHaveLength(4);
    expect(written).not.toContain(secret.slice(0, 8));
    expect(written).toMatch(/half: \[the beginning of a confidential value\]|h$/);
  });

  it("shows a person messages, without stack frames", () => {
    const log = open();
    log.write(
      'Error: no such file\n    at Object.open (node:fs:1)\n{"level":50,"msg":"gone","err":{"message":"ENOENT"}}\n',
    );
    expect(log.lastLines(5)).toEqual(["Error: no such file", "gone: ENOENT"]);
    expect(log.lastLines(1)).toEqual(["gone: ENOENT"]);
  });

  it("reports errors, the first of a burst only, and nothing below", () => {
    const log = open();
    log.write('{"level":40,"msg":"slow"}\n{"level":50,"msg":"first"}\n{"level":60,"msg":"second"}\n{not json\n');
    expect(errors).toEqual(["first"]);
  });

  it("reports one and the same trouble once in five minutes, another one meanwhile", () => {
    vi.useFakeTimers();
    try {
      const told: string[] = [];
      const reader = createLogReader((message) => told.push(message));
      for (let second = 0; second < 600; second += 5, vi.advanceTimersByTime(5_000)) {
        reader.report("its log cannot be written");
        if (second === 60) reader.report("this one comes too soon");
        if (second === 75) reader.report("another trouble");
      }
      expect(told.filter((line) => line.includes("cannot be written"))).toHaveLength(2);
      expect(told).toContain("another trouble");
    } finally {
      vi.useRealTimers();
    }
  });

  it("turns the file over at 5 MB and keeps one older", () => {
    const log = open();
    for (let written = 0; written < 11; written++) log.write(`${"x".repeat(2 ** 20 - 1)}\n`);
    expect(statSync(join(folder, "web.log")).size).toBeLessThanOrEqual(6 * 2 ** 20);
    expect(existsSync(join(folder, "web.log.1"))).toBe(true);
    expect(existsSync(join(folder, "web.log.2"))).toBe(false);
  });

  it("reports a file it cannot write instead of failing", () => {
    const log = open();
    rmSync(folder, { recursive: true });
    log.write("lost\n");
    expect(errors).toEqual([expect.stringContaining("cannot be written")]);
    expect(log.lastLines(1)).toEqual(["lost"]);
    folder = mkdtempSync(join(tmpdir(), "operate-log-"));
  });
});
