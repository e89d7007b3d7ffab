"use client";

import { useEffect, useState } from "react";
import { useTimeRange } from "./time-range.tsx";

interface Window {
  from: Date;
  to: Date;
}

/**
 * The page's window for a read that may take longer than the range stands still: it moves on with the clock only while
 * `busy` is false, else no read would ever come to its end. Another range is taken at once.
 */
export function useCalmWindow(busy: boolean): Window {
  const { range, from, to } = useTimeRange();
  const [held, setHeld] = useState({ range, from, to });
  const stale = held.range !== range;
  useEffect(() => {
    if (!busy || stale)
      setHeld((before) => (before.from === from && before.range === range ? before : { range, from, to }));
  }, [busy, stale, range, from, to]);
  return stale ? { from, to } : held;
}
