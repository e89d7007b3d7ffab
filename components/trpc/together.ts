import type { Query, QueryClient } from "@tanstack/react-query";

/** Reads so close are of one moment. */
const MOMENT_MS = 1_000;

/**
 * Whenever one of these reads begins, those that were not read in the same moment begin with it, in one batch; and where
 * one comes to the page beside older ones, those are read again. @returns ends it
 */
export function keepTogether(queryClient: QueryClient): () => void {
  const cache = queryClient.getQueryCache();
  const begun = new WeakMap<Query, number>();
  const isOne = (query: Query) => query.meta?.readTogether === true && query.isActive();
  const readAt = (query: Query) => Math.max(begun.get(query) ?? 0, query.state.dataUpdatedAt);
  const readOlder = (than: number) => {
    const isOlder = (query: Query) =>
      isOne(query) && query.state.fetchStatus === "idle" && readAt(query) < than - MOMENT_MS;
    void queryClient.refetchQueries({ predicate: isOlder }, { cancelRefetch: false });
  };
  return cache.subscribe((event) => {
    const { query } = event;
    if (event.type === "updated" && event.action.type === "fetch") {
      begun.set(query, Date.now());
      // those that begin in the same turn for a reason of their own are not begun twice
      if (isOne(query)) queueMicrotask(() => readOlder(Date.now()));
    }
    if (event.type === "observerAdded" && isOne(query))
      readOlder(Math.max(...cache.getAll().filter(isOne).map(readAt)));
  });
}
