import type { Metadata } from "next";
import { oneOf, type SearchParams } from "#components/lib/search-params.ts";
import { parseRange, resolveRange } from "#components/time-range/range.ts";
import { TimeRangeProvider } from "#components/time-range/time-range.tsx";
import { PAGE } from "#components/traces/page-sizes.ts";
import { scopeOf } from "#components/traces/trace-scope.ts";
import { TracesPage } from "#components/traces/traces-page.tsx";
import { Prefetched } from "#components/trpc/prefetched.tsx";

export const metadata: Metadata = { title: "Traces" };

const numberOf = (text: string | null): number | null => (text && Number.isFinite(Number(text)) ? Number(text) : null);

export default async function Traces({ searchParams }: { searchParams: SearchParams }) {
  const query = await searchParams;
  const renderedAt = Date.now();
  const { fromMs, toMs } = resolveRange(parseRange(oneOf(query.from), oneOf(query.to), renderedAt), renderedAt);
  const window = { startTime: new Date(fromMs).toISOString(), endTime: new Date(toMs).toISOString() };
  const scope = scopeOf({
    service: oneOf(query.service),
    operation: oneOf(query.operation),
    environment: oneOf(query.env),
    version: oneOf(query.version),
    min: numberOf(oneOf(query.min)),
    max: numberOf(oneOf(query.max)),
    errors: oneOf(query.errors) === "true",
  });
  const { service } = scope;
  return (
    <Prefetched
      reads={(api, client) => [
        client.prefetchInfiniteQuery(
          api.traces.list.infiniteQueryOptions(
            { ...window, ...scope, limit: PAGE },
            { getNextPageParam: (page) => page.nextCursor },
          ),
        ),
        client.prefetchQuery(api.traces.facets.queryOptions({ ...window, ...(service ? { service } : {}) })),
      ]}
    >
      <TimeRangeProvider renderedAt={renderedAt}>
        <TracesPage />
      </TimeRangeProvider>
    </Prefetched>
  );
}
