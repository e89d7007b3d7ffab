import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEventJoiner } from "./event-joiner.ts";

const at = (atMs: number, ...texts: string[]) => texts.map((text) => ({ text, atMs }));
const TRACE = ["TypeError: x is not a function", "    at charge (pay.js:10:5)", "    at main (pay.js:2:1)"];

function joined(lines: readonly { text: string; atMs: number }[]) {
  const joiner = createEventJoiner<{ text: string; atMs: number }>();
  return [...lines.flatMap((line) => joiner.push(line)), ...joiner.flush(Number.POSITIVE_INFINITY)];
}

describe("lines that are one event", () => {
  it("come with what stood beside each of them", () => {
    const events = joined(at(0, "before", ...TRACE, '{"msg":"after"}', "last"));
    expect(events.map(({ text }) => text)).toEqual(["before", TRACE.join("\n"), '{"msg":"after"}', "last"]);
    expect(events.map(({ lines }) => lines.length)).toEqual([1, 3, 1, 1]);
  });

  it("are held back until something new comes or the stream is quiet", () => {
    const joiner = createEventJoiner();
    expect(at(1_000, ...TRACE).flatMap((line) => joiner.push(line))).toEqual([]);
    expect(joiner.flush(1_100)).toEqual([]);
    expect(joiner.flush(2_000)).toMatchObject([{ text: TRACE.join("\n") }]);
    expect(joiner.flush(9_000)).toEqual([]);
  });

  it("are the text of their lines, in order, none lost and none twice", () => {
    const text = fc.oneof(
      fc.constantFrom(
        ...TRACE,
        '{"level":"info"}',
        "{not json}",
        "",
        "  indented",
        "Caused by: java.io.IOException: x",
      ),
      fc.string().map((any) => any.replaceAll("\n", " ")),
    );
    fc.assert(
      fc.property(fc.array(fc.record({ text, atMs: fc.integer({ min: 0, max: 3_000 }) })), (given) => {
        const lines = given.sort((a, b) => a.atMs - b.atMs);
        const events = joined(lines);
        expect(events.flatMap((event) => event.lines)).toEqual(lines);
        for (const event of events) expect(event.lines.map((line) => line.text).join("\n")).toBe(event.text);
      }),
    );
  });
});
