import { expect, it } from "vitest";
import { judgeWindows } from "./judge-recorded.ts";

/** Traffic of the sample's checkout as it was recorded: windows of a minute in which the new version has 550 requests. */
it("recorded traffic: passes the good version and fails both bad ones, in at least 99 of 100 windows", () => {
  const windows = judgeWindows(100);
  expect(windows["2.4.1"]?.pass, JSON.stringify(windows)).toBeGreaterThanOrEqual(99);
  expect(windows["2.5.0"]?.fail, JSON.stringify(windows)).toBeGreaterThanOrEqual(99);
  expect(windows["2.6.0"]?.fail, JSON.stringify(windows)).toBeGreaterThanOrEqual(99);
});
