"use client";

import { useEffect, useMemo, useSyncExternalStore } from "react";
import { useTRPCClient } from "../../trpc/client.tsx";
import { windowInput } from "../log-scope.ts";
import type { LogView } from "../use-log-view.ts";
import { createLineReader } from "./line-reader.ts";

const PAGE_LINES = 500;

/** The lines of a search, newest first, read as they are looked at. Another scope or window is another search. */
export function useLineReader(scope: LogView["scope"], window: { from: Date; to: Date }) {
  const client = useTRPCClient();
  const reader = useMemo(() => {
    const input = { ...windowInput(window), ...scope, limit: PAGE_LINES };
    return createLineReader((cursor, signal) =>
      client.logs.search.query({ ...input, ...(cursor ? { cursor } : {}) }, { signal, context: { alone: true } }),
    );
  }, [client, scope, window]);
  useEffect(() => {
    void reader.see(0, 0);
    return reader.close;
  }, [reader]);
  const state = useSyncExternalStore(reader.subscribe, reader.state, reader.state);
  return { reader, state };
}
