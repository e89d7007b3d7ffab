"use client";

import type { Virtualizer } from "@tanstack/react-virtual";
import { useCallback, useLayoutEffect, useRef, useState } from "react";

/** within so many pixels of the end, the view follows new lines */
const FOLLOW_PX = 48;

interface Followed {
  virtualizer: Virtualizer<HTMLDivElement, Element>;
  /** changes with every change of the list */
  version: unknown;
  count: number;
  keyOf: (row: number) => string;
}

/**
 * Keeps a list that grows at its end, and is shortened at its beginning, where the reader has it: at the end while the
 * end is in view, else at the line that is being read. `fresh` counts lines that came below the view.
 */
export function useFollowEnd({ virtualizer, version, count, keyOf }: Followed, enabled: boolean) {
  const following = useRef(true);
  const anchor = useRef<{ key: string; offset: number } | null>(null);
  const newestRead = useRef<string | null>(null);
  const [fresh, setFresh] = useState(0);

  const toEnd = useCallback(() => {
    following.current = true;
    setFresh(0);
    if (count > 0) virtualizer.scrollToIndex(count - 1, { align: "end" });
  }, [virtualizer, count]);

  const onScroll = useCallback(() => {
    const box = virtualizer.scrollElement;
    if (!box || !enabled) return;
    following.current = box.scrollHeight - box.scrollTop - box.clientHeight < FOLLOW_PX;
    const first = virtualizer.getVirtualItemForOffset(box.scrollTop);
    anchor.current = first ? { key: String(first.key), offset: box.scrollTop - first.start } : null;
    if (following.current) setFresh(0);
  }, [virtualizer, enabled]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when the list changed, and only then
  useLayoutEffect(() => {
    const box = virtualizer.scrollElement;
    if (!enabled || !box || count === 0) return;
    if (following.current) {
      virtualizer.scrollToIndex(count - 1, { align: "end" });
      newestRead.current = keyOf(count - 1);
      return;
    }
    const at = anchor.current;
    const row = at ? rowOf(at.key, count, keyOf) : -1;
    const start = row >= 0 ? virtualizer.measurementsCache[row]?.start : undefined;
    if (at && start !== undefined) box.scrollTop = start + at.offset;
    const read = newestRead.current ? rowOf(newestRead.current, count, keyOf) : -1;
    setFresh(count - 1 - read);
  }, [version, enabled]);

  return { fresh, toEnd, onScroll };
}

/** From the end: what is looked for is near to it more often than not. */
function rowOf(key: string, count: number, keyOf: (row: number) => string): number {
  for (let row = count - 1; row >= 0; row--) if (keyOf(row) === key) return row;
  return -1;
}
