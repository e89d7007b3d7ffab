"use client";

import { useEffect, useRef, useState } from "react";
import type { LogLineView } from "#server/agent/logs/schema.ts";
import { useTRPCClient } from "../../trpc/client.tsx";
import type { LogView } from "../use-log-view.ts";
import { addToTail, EMPTY_TAIL, type TailBuffer } from "./tail-buffer.ts";

const POLL_MS = 1_200;
const AFTER_ERROR_MS = 5_000;
/** so long after it was written a line may still arrive in its place */
const LATE_MS = 15_000;
/** clocks of senders and of the browser may be off by so much */
const SKEW_MS = 3_600_000;
const PAGE_LINES = 500;
/** more than this between two polls is not shown line by line */
const MOST_PAGES = 4;

export interface Tail {
  buffer: TailBuffer;
  /** lines came faster than they could be read: some between two polls are not shown */
  skipped: boolean;
  error: unknown;
  /** false until the first answer */
  started: boolean;
}

const NOTHING: Tail = { buffer: EMPTY_TAIL, skipped: false, error: null, started: false };

/** Follows the newest lines while the tab is seen, oldest first. */
export function useTail(scope: LogView["scope"]): Tail {
  const client = useTRPCClient();
  const [tail, setTail] = useState(NOTHING);
  const buffer = useRef(EMPTY_TAIL);
  /** the source's clock at its last answer */
  const sourceNow = useRef<number | null>(null);

  useEffect(() => {
    buffer.current = EMPTY_TAIL;
    sourceNow.current = null;
    setTail(NOTHING);
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let polling = false;

    const poll = async (): Promise<void> => {
      const now = sourceNow.current ?? Date.now();
      const newest = buffer.current.lines.at(-1)?.at;
      const from = newest ? Math.min(Date.parse(newest), now) - LATE_MS : now - SKEW_MS;
      const input = {
        ...scope,
        startTime: new Date(from).toISOString(),
        endTime: new Date(now + SKEW_MS).toISOString(),
        limit: PAGE_LINES,
      };
      const known = new Set(buffer.current.lines.map((line) => line.id));
      const came: LogLineView[] = [];
      let cursor: string | null = null;
      let caughtUp = false;
      for (let page = 0; page < (newest ? MOST_PAGES : 1) && !caughtUp; page++) {
        const answer: Awaited<ReturnType<typeof client.logs.search.query>> = await client.logs.search.query(
          { ...input, ...(cursor ? { cursor } : {}) },
          { signal: stop.signal, context: { alone: true } },
        );
        sourceNow.current = Date.parse(answer.source.asOf);
        came.push(...answer.lines);
        cursor = answer.nextCursor;
        caughtUp = cursor === null || answer.lines.some((line) => known.has(line.id));
      }
      buffer.current = addToTail(buffer.current, came);
      const missed = !caughtUp && newest !== undefined;
      setTail((before) => ({
        buffer: buffer.current,
        skipped: before.skipped || missed,
        error: null,
        started: true,
      }));
    };

    const loop = async (): Promise<void> => {
      timer = undefined;
      if (document.hidden) return;
      let wait = POLL_MS;
      polling = true;
      try {
        await poll();
      } catch (error) {
        if (stop.signal.aborted) return;
        setTail((before) => ({ ...before, error }));
        wait = AFTER_ERROR_MS;
      } finally {
        polling = false;
      }
      if (!stop.signal.aborted) timer = setTimeout(() => void loop(), wait);
    };

    const onVisible = () => {
      // seen again while a poll is under way: that one goes on by itself
      if (!document.hidden && timer === undefined && !polling) timer = setTimeout(() => void loop(), 0);
    };
    timer = setTimeout(() => void loop(), 0);
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      stop.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, [client, scope]);

  return tail;
}
