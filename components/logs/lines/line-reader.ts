import type { z } from "zod";
import type { SearchLogsOutput } from "#server/agent/logs/schema.ts";
import { appendPage, type LinePages, missingPage, NO_PAGES, refillPage } from "./line-pages.ts";

type Answer = z.infer<typeof SearchLogsOutput>;
export type ReadPage = (cursor: string | null, signal: AbortSignal) => Promise<Answer>;

export interface ReaderState {
  pages: LinePages;
  /** lines in the whole window, where the source counts them */
  matched: number | null;
  source: Answer["source"] | null;
  reading: boolean;
  /** a person stopped it; `again` goes on */
  stopped: boolean;
  error: unknown;
}

/** Rows before the end of what was read at which the next page is read. */
const AHEAD = 200;

/**
 * Reads the pages of one search as they are looked at, one request at a time, and holds what is near. An error stops it
 * until `again` is called; what was read stays.
 */
export function createLineReader(read: ReadPage) {
  let state: ReaderState = {
    pages: NO_PAGES,
    matched: null,
    source: null,
    reading: false,
    stopped: false,
    error: null,
  };
  let seen = { first: 0, last: 0 };
  let running: AbortController | null = null;
  const listeners = new Set<() => void>();

  const set = (change: Partial<ReaderState>) => {
    state = { ...state, ...change };
    for (const listener of listeners) listener();
  };

  /** What is wanted next: a page that was let go and is seen again, or the next one. */
  function wanted(): { cursor: string | null; refill: number } | null {
    const { pages } = state;
    const refill = missingPage(pages, seen.first, seen.last);
    if (refill >= 0) return { cursor: pages.pages[refill]?.cursor ?? null, refill };
    return !pages.ended && seen.last + AHEAD >= pages.count ? { cursor: pages.nextCursor, refill: -1 } : null;
  }

  async function go(): Promise<void> {
    const next = running || state.stopped || state.error ? null : wanted();
    if (!next) return;
    const controller = new AbortController();
    running = controller;
    set({ reading: true });
    try {
      const answer = await read(next.cursor, controller.signal);
      if (running !== controller) return;
      running = null;
      set({
        pages: next.refill >= 0 ? refillPage(state.pages, next.refill, answer.lines) : appendPage(state.pages, answer),
        ...(state.pages.pages.length === 0 ? { matched: answer.matched } : {}),
        source: answer.source,
        reading: false,
      });
    } catch (error) {
      if (running !== controller) return;
      running = null;
      set({ reading: false, error });
    }
    await go();
  }

  const abort = () => {
    running?.abort();
    running = null;
  };

  return {
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    state: () => state,
    /** Rows that are looked at. */
    see: (first: number, last: number) => {
      seen = { first, last };
      return go();
    },
    stop: () => {
      abort();
      set({ reading: false, stopped: true });
    },
    again: () => {
      set({ stopped: false, error: null });
      return go();
    },
    /** Nobody looks any longer; `see` begins anew. */
    close: () => {
      abort();
      if (state.reading) set({ reading: false });
    },
  };
}
