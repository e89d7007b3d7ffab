import { expect, it } from "vitest";
import { worstFirst } from "./warnings.ts";

it("shows the worst warnings first, and leaves those of one severity in their order", () => {
  const warnings = [
    { severity: "info", message: "a" },
    { severity: "warning", message: "b" },
    { severity: "critical", message: "c" },
    { severity: "warning", message: "d" },
  ] as const;
  expect(worstFirst(warnings).map(({ message }) => message)).toEqual(["c", "b", "d", "a"]);
});
