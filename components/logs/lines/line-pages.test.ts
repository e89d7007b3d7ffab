import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LogLineView } from "#server/agent/logs/schema.ts";
import { appendPage, lineAt, missingPage, NO_PAGES, pageOf, refillPage } from "./line-pages.ts";

const lines = (start: number, count: number): LogLineView[] =>
  Array.from({ length: count }, (_, i) => ({
    id: String(start + i),
    at: "2026-11-25T10:00:00.000000Z",
    service: "checkout",
    environment: "production",
    version: "",
    instance: "",
    level: null,
    body: "",
    attributes: {},
    traceId: null,
    spanId: null,
    patternId: null,
  }));

function read(counts: number[]) {
  let state = NO_PAGES;
  counts.forEach((count, i) => {
    const nextCursor = i === counts.length - 1 ? null : `c${i + 1}`;
    state = appendPage(state, { lines: lines(state.count, count), nextCursor });
  });
  return state;
}

describe("pages of lines", () => {
  it("finds the line of every row, whatever the pages' sizes", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 10 }), (counts) => {
        const state = read(counts);
        for (let row = 0; row < state.count; row++) expect(lineAt(state, row)?.id).toBe(String(row));
        expect(lineAt(state, state.count)).toBeNull();
        expect(pageOf(state, -1)).toBe(-1);
        expect(state.ended).toBe(true);
      }),
    );
  });

  it("skips empty pages", () => {
    const state = read([2, 0, 0, 2]);
    expect(lineAt(state, 2)?.id).toBe("2");
    expect(state.pages[3]?.cursor).toBe("c3");
  });

  it("holds the lines around the newest page only, and says which page to read again", () => {
    const state = read(Array.from({ length: 200 }, () => 500));
    const held = state.pages.filter((page) => page.lines !== null);
    expect(state.count).toBe(100_000);
    expect(held.length).toBeLessThanOrEqual(13);
    expect(lineAt(state, 10)).toBeNull();
    expect(missingPage(state, 0, 30)).toBe(0);
    expect(missingPage(state, 99_900, 99_999)).toBe(-1);
    expect(missingPage(state, 200_000, 200_050), "beyond what was read").toBe(-1);
  });

  it("fills a page again without moving a row, and lets others go", () => {
    const state = read(Array.from({ length: 40 }, () => 10));
    const filled = refillPage(state, 3, lines(30, 12));
    expect(filled.count).toBe(state.count);
    expect(lineAt(filled, 35)?.id).toBe("35");
    expect(lineAt(filled, 40)).toBeNull();
    expect(filled.pages.filter((page) => page.lines !== null).length).toBeLessThanOrEqual(13);
  });
});
