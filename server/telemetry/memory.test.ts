import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAnswerMemory } from "./memory.ts";

const answer = (text: string) => ({ text, asOf: "2026-03-01T10:00:00.000Z" });

describe("the memory of answers", () => {
  it("gives back what was kept last", () => {
    const memory = createAnswerMemory();
    memory.keep("a", answer("1"));
    memory.keep("a", answer("2"));
    expect(memory.recall("a")).toMatchObject(answer("2"));
    expect(memory.recall("b")).toBeNull();
  });

  it("lets the longest unasked give way", () => {
    const memory = createAnswerMemory(800);
    const text = "x".repeat(79);
    for (const question of "abcdefghij") memory.keep(question, answer(text));
    memory.recall("a");
    memory.keep("k", answer(text));
    expect(memory.recall("a")).not.toBeNull();
    expect(memory.recall("b")).toBeNull();
  });

  it("forgets the old answer when the new one is too large to keep", () => {
    const memory = createAnswerMemory(800);
    memory.keep("a", answer("small"));
    memory.keep("a", answer("x".repeat(200)));
    expect(memory.recall("a")).toBeNull();
  });

  it("stays within its bounds and counts what it holds", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.string({ maxLength: 300 }))), (kept) => {
        const memory = createAnswerMemory(2_000);
        for (const [question, text] of kept) memory.keep(String(question), answer(text));
        expect(memory.bytes).toBeLessThanOrEqual(2_000);
        let held = 0;
        for (let question = 0; question < 10; question++) {
          const found = memory.recall(String(question));
          if (found) held += Buffer.byteLength(found.text) + 1;
        }
        expect(memory.bytes).toBe(held);
      }),
    );
  });
});
