import type { Metadata } from "next";
import { oneOf, type SearchParams } from "#components/lib/search-params.ts";
import { ExplorerPage } from "#components/metrics/explorer-page.tsx";
import { TimeRangeProvider } from "#components/time-range/time-range.tsx";
import { Prefetched } from "#components/trpc/prefetched.tsx";

export const metadata: Metadata = { title: "Metrics" };

export default async function MetricsExplorer({ searchParams }: { searchParams: SearchParams }) {
  const asked = oneOf((await searchParams).source);
  const source = asked === "built-in" || asked === "external" ? asked : null;
  return (
    <Prefetched
      reads={(api, client) => [
        client.prefetchQuery(api.metrics.list.queryOptions({ limit: 1, ...(source ? { source } : {}) })),
      ]}
    >
      <TimeRangeProvider renderedAt={Date.now()}>
        <ExplorerPage />
      </TimeRangeProvider>
    </Prefetched>
  );
}
