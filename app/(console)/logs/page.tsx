import type { Metadata } from "next";
import { oneOf, type SearchParams } from "#components/lib/search-params.ts";
import { scopeOf, windowInput } from "#components/logs/log-scope.ts";
import { LogsPage } from "#components/logs/logs-page.tsx";
import { FIRST_PATTERNS } from "#components/logs/patterns/pattern-limits.ts";
import { parseRange, resolveRange } from "#components/time-range/range.ts";
import { TimeRangeProvider } from "#components/time-range/time-range.tsx";
import { Prefetched } from "#components/trpc/prefetched.tsx";

export const metadata: Metadata = { title: "Logs" };

export default async function Logs({ searchParams }: { searchParams: SearchParams }) {
  const query = await searchParams;
  const renderedAt = Date.now();
  const { fromMs, toMs } = resolveRange(parseRange(oneOf(query.from), oneOf(query.to), renderedAt), renderedAt);
  const window = windowInput({ from: new Date(fromMs), to: new Date(toMs) });
  const scope = scopeOf({
    query: oneOf(query.query),
    service: oneOf(query.service),
    level: oneOf(query.level),
    environment: oneOf(query.env),
  });
  const patterns = oneOf(query.tab) !== "lines";
  return (
    <Prefetched
      reads={(api, client) => [
        client.prefetchQuery(api.logs.facets.queryOptions(window)),
        client.prefetchQuery(api.logs.counts.queryOptions({ ...window, ...scope })),
        ...(patterns
          ? [client.prefetchQuery(api.logs.analyze.queryOptions({ ...window, ...scope, limit: FIRST_PATTERNS }))]
          : []),
      ]}
    >
      <TimeRangeProvider renderedAt={renderedAt}>
        <LogsPage />
      </TimeRangeProvider>
    </Prefetched>
  );
}
