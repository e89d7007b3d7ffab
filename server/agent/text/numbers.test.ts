import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { groupedCount, threeDigits } from "./numbers.ts";

const plain = (text: string) => text.replaceAll("\u00a0", " ");

describe("numbers", () => {
  it.each([
    [0, "0"],
    [999, "999"],
    [1_156, "1 156"],
    [137_376, "137 376"],
    [-12_345, "-12 345"],
    [1e21, "1 000 000 000 000 000 000 000"],
    [1_000.4, "1 000"],
  ])("%d is counted as %s", (value, words) => expect(plain(groupedCount(value))).toBe(words));

  it.each([
    [0, "0"],
    [0.0451, "0.045"],
    [5.126, "5.13"],
    [41, "41"],
    [1_034.2, "1 030"],
    [1_234_567, "1 230 000"],
    [-9.6, "-9.6"],
  ])("%d has three digits: %s", (value, words) => expect(plain(threeDigits(value))).toBe(words));
});

it("every sentence uses them: no other formatter of numbers is left", () => {
  const root = resolve(import.meta.dirname, "../../..");
  const files = ["server", "components", "mcp", "app"].flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: "utf8" }).map((name) => join(room, name)),
  );
  const ours = files.filter((name) => /\.tsx?$/.test(name) && !/\.test\.|generated/.test(name));
  expect(ours.length).toBeGreaterThan(500);
  expect(
    ours.filter((name) => /toLocaleString\(|Intl\.NumberFormat/.test(readFileSync(join(root, name), "utf8"))),
  ).toEqual([]);
});
