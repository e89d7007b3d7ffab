import { expect, it } from "vitest";
import { type FailedTraces, tracesSentence } from "./traces-sentence.ts";

const trace = (durationMs: number, errors = 0) => ({ rootService: "gateway", durationMs, errors });
const plain = (text: string) => text.replaceAll("\u00a0", " ");

it("says how many, how many failed and which was slowest", () => {
  expect(plain(tracesSentence([trace(20), trace(1_240, 2), trace(90)], false, "in the last hour", null))).toBe(
    "3 traces in the last hour: 1 with errors, the slowest took 1.24 s and began in gateway.",
  );
});

it("does not pass a page off as all there is: errors are those of the whole window", () => {
  const sentence = (failed: FailedTraces | null) =>
    plain(tracesSentence([trace(20), trace(10)], true, "in the last hour", failed));
  const newest = "Of the newest 2, the slowest took 20 ms and began in gateway.";
  expect(sentence({ count: 11, more: false })).toBe(`More than 2 traces in the last hour, 11 with errors. ${newest}`);
  expect(sentence({ count: 100, more: true })).toContain("in the last hour, at least 100 with errors. ");
  expect(sentence({ count: 0, more: false })).toContain("in the last hour, none with errors. ");
  expect(sentence(null), "not known yet: nothing is said").toBe(`More than 2 traces in the last hour. ${newest}`);
});

it("says that there is nothing", () => {
  expect(tracesSentence([], false, "in the last hour", null)).toBe("No traces in the last hour.");
});
