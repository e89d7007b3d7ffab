import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { utc, utcClock, utcMinute } from "./utc.ts";

const AT = new Date("2026-11-27T23:59:10.400Z");

it("a time in a sentence names its zone", () => {
  expect([utc(AT), utcClock(AT), utcMinute(AT)]).toEqual(["2026-11-27 23:59 UTC", "23:59:10 UTC", "23:59 UTC"]);
});

it("no sentence of the core writes a clock by itself", () => {
  const files = globSync("server/agent/**/*.ts").filter((file) => !file.includes(".test."));
  const own = files.filter((file) => /toISOString\(\)\s*\.slice\(11,/.test(readFileSync(file, "utf8")));
  expect(own).toEqual(["server/agent/text/utc.ts"]);
});
