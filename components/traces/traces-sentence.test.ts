import { expect, it } from "vitest";
import { tracesSentence } from "./traces-sentence.ts";

const trace = (durationMs: number, errors = 0) => ({ rootService: "gateway", durationMs, errors });
const plain = (text: string) => text.replaceAll("\u00a0", " ");

it("says how many, how many failed and which was slowest", () => {
  expect(plain(tracesSentence([trace(20), trace(1_240, 2), trace(90)], false, "in the last hour"))).toBe(
    "3 traces in the last hour: 1 with errors, the slowest took 1.24 s and began in gateway.",
  );
});

it("does not pass a page off as all there is", () => {
  expect(plain(tracesSentence([trace(20), trace(10)], true, "in the last hour"))).toBe(
    "More than 2 traces in the last hour. Of the newest 2, none has errors and the slowest took 20 ms and began in gateway.",
  );
});

it("says that there is nothing", () => {
  expect(tracesSentence([], false, "in the last hour")).toBe("No traces in the last hour.");
});
