import { expect, it } from "vitest";
import { faultLine } from "./fault-line.ts";

const away = Object.assign(new Error("Invalid value ada@example.com"), { name: "DriverError", code: "P1008" });
it.each([
  [
    "a bare status",
    "INTERNAL_SERVER_ERROR",
    [new Error("of ada@example.com", { cause: away })],
    "a session or sign-in could not be served (Error, caused by DriverError P1008)",
  ],
  [
    "a status without an error",
    "INTERNAL_SERVER_ERROR",
    [],
    "a session or sign-in could not be served (INTERNAL_SERVER_ERROR)",
  ],
  ["words", "Failed to read the session", ["ada@example.com"], "Failed to read the session"],
])("says of %s what was being done and the class of the fault, never a value", (_, message, rest, line) =>
  expect(faultLine(message, rest)).toBe(line),
);
