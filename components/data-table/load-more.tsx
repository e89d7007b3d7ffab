"use client";

import { formatCount } from "../lib/format.ts";
import { describeError } from "../trpc/error-description.ts";
import { Button } from "../ui/button.tsx";

/** What it needs of `useInfiniteQuery`. */
interface Pages {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  isFetchNextPageError: boolean;
  error: unknown;
  fetchNextPage: () => unknown;
}

/** Foot of a list that comes page by page: how many are shown, and the way to the next ones. */
export const LoadMore = ({ query, shown, of }: { query: Pages; shown: number; of: string }) => (
  <div className="flex min-h-10 flex-wrap items-center gap-3 border-t px-3 py-1 text-ink-3 text-xs">
    <span>
      {formatCount(shown)} {of} shown{query.hasNextPage ? "" : ", that is all of them"}
    </span>
    {query.isFetchNextPageError ? (
      <span role="alert" className="text-critical">
        {describeError(query.error).message}
      </span>
    ) : null}
    {query.hasNextPage ? (
      <Button size="sm" onClick={() => void query.fetchNextPage()} disabled={query.isFetchingNextPage}>
        {query.isFetchingNextPage ? "Loading…" : "Load more"}
      </Button>
    ) : null}
  </div>
);
