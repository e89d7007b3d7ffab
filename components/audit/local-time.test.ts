import { expect, it } from "vitest";
import { toLocalInput } from "./local-time.ts";

it("writes what the browser's field reads back as the same minute", () => {
  const at = new Date("2026-03-01T20:31:00.000Z");
  expect(new Date(toLocalInput(at)).getTime()).toBe(at.getTime());
  expect(toLocalInput(at, 345)).toBe("2026-03-02T02:16");
  expect(toLocalInput(null)).toBe("");
});
