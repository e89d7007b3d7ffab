"use client";

import { parseAsString, useQueryStates } from "nuqs";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { useHydrated } from "../feedback/time.tsx";
import {
  DEFAULT_RANGE,
  isRelative,
  parseRange,
  resolveRange,
  stepMs,
  type TimeRange,
  withinWords,
  wordsOf,
  writeMoment,
} from "./range.ts";

export interface TimeRangeState {
  range: TimeRange;
  /** the same object until the range moves on by a step, so that a query's key is stable */
  from: Date;
  /** exclusive */
  to: Date;
  /** it follows the clock */
  relative: boolean;
  /** "last hour", "25 Nov 14:00 to 15:30" */
  words: string;
  /** the same within a sentence: "in the last hour", "between 25 Nov 14:00 and 15:30 (Europe/Zurich)" */
  within: string;
  /** a new entry of the browser's history: the back button undoes it */
  setRange: (range: TimeRange) => void;
  zoomTo: (from: Date, to: Date) => void;
  /** how often what is shown grows old; false for a fixed range. From and to move on by themselves that often */
  refreshMs: number | false;
}

const TimeRangeContext = createContext<TimeRangeState | null>(null);

/**
 * Keeps the page's range in its URL, and moves it on with the clock while the tab is seen. `renderedAt` is the server's
 * time in ms: the first render in the browser must ask for the same window as the server did.
 */
export function TimeRangeProvider({ renderedAt, children }: { renderedAt: number; children: ReactNode }) {
  const [ends, setEnds] = useQueryStates({ from: parseAsString, to: parseAsString }, { history: "push" });
  const [nowMs, setNow] = useState(renderedAt);
  const hydrated = useHydrated();
  const range = useMemo(() => parseRange(ends.from, ends.to, renderedAt), [ends.from, ends.to, renderedAt]);
  const relative = isRelative(range);
  const step = stepMs(range, nowMs);
  const { fromMs, toMs } = resolveRange(range, nowMs);

  useEffect(() => {
    if (!relative) return;
    const present = () => Math.floor(Date.now() / step) * step;
    const move = () => {
      if (!document.hidden) setNow(present());
    };
    // what the server has just read stands for a step: to read it again at once would ask, and draw, everything twice
    const catchUp = () => {
      if (!document.hidden) setNow((at) => (Date.now() - at < step ? at : present()));
    };
    catchUp();
    const timer = setInterval(move, step);
    document.addEventListener("visibilitychange", catchUp);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", catchUp);
    };
  }, [relative, step]);

  const state = useMemo((): TimeRangeState => {
    const setRange = (next: TimeRange) => {
      const [from, to] = [writeMoment(next.from), writeMoment(next.to)];
      const isDefault = from === writeMoment(DEFAULT_RANGE.from) && to === "now";
      void setEnds(isDefault ? { from: null, to: null } : { from, to });
    };
    const [from, to] = [new Date(fromMs), new Date(toMs)];
    const offset = hydrated ? -to.getTimezoneOffset() : 0;
    return {
      range,
      from,
      to,
      relative,
      words: wordsOf(range, toMs, offset),
      within: withinWords(range, toMs, offset, hydrated ? viewersZone() : "UTC"),
      setRange,
      zoomTo: (start, end) =>
        setRange({ from: { kind: "at", ms: start.getTime() }, to: { kind: "at", ms: end.getTime() } }),
      refreshMs: relative ? step : false,
    };
  }, [range, fromMs, toMs, relative, step, hydrated, setEnds]);

  return <TimeRangeContext value={state}>{children}</TimeRangeContext>;
}

const viewersZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The page's range. Only below a TimeRangeProvider. */
export function useTimeRange(): TimeRangeState {
  const state = useContext(TimeRangeContext);
  if (!state) throw new Error("The range is used outside of a TimeRangeProvider");
  return state;
}
