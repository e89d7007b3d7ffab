import { expect, it } from "vitest";
import { fileName } from "./download.ts";

it.each([
  ["Services, worst first", "csv", "services-worst-first-2026-11-22T140307Z.csv"],
  ["../ …", "json", "operate-2026-11-22T140307Z.json"],
] as const)("a file of %j as %s is %s", (of, ending, name) => {
  expect(fileName(of, ending, new Date("2026-11-22T14:03:07.123Z"))).toBe(name);
});
