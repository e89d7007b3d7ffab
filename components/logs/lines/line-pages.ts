import type { LogLineView } from "#server/agent/logs/schema.ts";

/** One page that was read: how to read it again, and its lines while they are near to what is seen. */
interface Page {
  cursor: string | null;
  start: number;
  count: number;
  lines: readonly LogLineView[] | null;
}

/** The pages of one search, as far as it was scrolled. Lines far from what is seen are let go and read again. */
export interface LinePages {
  pages: readonly Page[];
  /** rows in all pages */
  count: number;
  /** of the page that comes next; null at the end */
  nextCursor: string | null;
  ended: boolean;
}

/** pages whose lines are held at once */
const HELD = 12;

export const NO_PAGES: LinePages = { pages: [], count: 0, nextCursor: null, ended: false };

/** The next page was read. */
export function appendPage(
  state: LinePages,
  page: { lines: readonly LogLineView[]; nextCursor: string | null },
): LinePages {
  const next: Page = { cursor: state.nextCursor, start: state.count, count: page.lines.length, lines: page.lines };
  return letGo(
    {
      pages: [...state.pages, next],
      count: state.count + page.lines.length,
      nextCursor: page.nextCursor,
      ended: page.nextCursor === null,
    },
    state.pages.length,
  );
}

/** A page was read again. It keeps its number of rows, so that nothing moves: lines never change once written. */
export function refillPage(state: LinePages, index: number, lines: readonly LogLineView[]): LinePages {
  const pages = state.pages.map((page, i) => (i === index ? { ...page, lines: lines.slice(0, page.count) } : page));
  return letGo({ ...state, pages }, index);
}

/** Holds the lines of the pages around `near` only. */
function letGo(state: LinePages, near: number): LinePages {
  const held = state.pages.filter((page) => page.lines !== null).length;
  if (held <= HELD) return state;
  const pages = state.pages.map((page, i) => (Math.abs(i - near) * 2 < HELD ? page : { ...page, lines: null }));
  return { ...state, pages };
}

/** Index of the page a row is in, by bisection; -1 beyond the last. */
export function pageOf(state: LinePages, row: number): number {
  if (row < 0 || row >= state.count) return -1;
  let [low, high] = [0, state.pages.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((state.pages[middle]?.start ?? 0) <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The line of a row; null while its page is being read again. */
export function lineAt(state: LinePages, row: number): LogLineView | null {
  const page = state.pages[pageOf(state, row)];
  return page?.lines?.[row - page.start] ?? null;
}

/** The first page that is seen, or next to one, and whose lines were let go; -1 when all are there. */
export function missingPage(state: LinePages, firstRow: number, lastRow: number): number {
  const pageWithin = (row: number) => pageOf(state, Math.min(row, state.count - 1));
  const to = pageWithin(lastRow);
  for (let i = Math.max(0, pageWithin(firstRow)); i <= to; i++) if (state.pages[i]?.lines === null) return i;
  return -1;
}
