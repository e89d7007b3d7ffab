import type { Metadata } from "next";
import { IngestPage } from "#components/ingest/ingest-page.tsx";
import { ingestRangeOf } from "#components/ingest/ingest-range.ts";
import { oneOf, type SearchParams } from "#components/lib/search-params.ts";
import { Prefetched } from "#components/trpc/prefetched.tsx";

export const metadata: Metadata = { title: "Ingest" };

export default async function Ingest({ searchParams }: { searchParams: SearchParams }) {
  const range = ingestRangeOf(oneOf((await searchParams).range));
  return (
    <Prefetched reads={(api, client) => [client.prefetchQuery(api.ingest.overview.queryOptions({ range }))]}>
      <IngestPage />
    </Prefetched>
  );
}
