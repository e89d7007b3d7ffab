import type { QueryKey } from "@tanstack/react-query";
import { useState } from "react";
import { scopeKey } from "./same-scope.ts";

interface Read<T> {
  data: T | undefined;
  error: unknown;
  isPlaceholderData: boolean;
  dataUpdatedAt: number;
}

interface Kept<T> {
  scope: string;
  data: T;
  dataUpdatedAt: number;
}

/** What of an answer is to be kept for a read that fails; `before` while nothing new was read. */
export function keptOf<T>(before: Kept<T> | null, query: Read<T>, key: QueryKey): Kept<T> | null {
  const { data, dataUpdatedAt, isPlaceholderData } = query;
  if (data === undefined || isPlaceholderData || before?.data === data) return before;
  return { scope: scopeKey(key), data, dataUpdatedAt };
}

/** A read that failed without data of its own, with what was last read for the same question and when that was. */
export function withKept<T, Q extends Read<T>>(query: Q, kept: Kept<T> | null, key: QueryKey): Q {
  if (query.data !== undefined || !query.error || kept?.scope !== scopeKey(key)) return query;
  return { ...query, data: kept.data, dataUpdatedAt: kept.dataUpdatedAt };
}

/**
 * A query whose window moves on: when the next window cannot be read, that of the last one stays, and `dataUpdatedAt`
 * says how old it is.
 */
export function useKept<T, Q extends Read<T>>(query: Q & Read<T>, key: QueryKey): Q {
  const [before, setBefore] = useState<Kept<T> | null>(null);
  const kept = keptOf<T>(before, query, key);
  if (kept !== before) setBefore(kept);
  return withKept<T, Q>(query, kept, key);
}
