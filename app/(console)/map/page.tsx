import type { Metadata } from "next";
import { oneOf, type SearchParams } from "#components/lib/search-params.ts";
import { MapPage } from "#components/map/map-page.tsx";
import { mapRangeOf } from "#components/map/map-range.ts";
import { Prefetched } from "#components/trpc/prefetched.tsx";

export const metadata: Metadata = { title: "Service map" };

export default async function ServiceMap({ searchParams }: { searchParams: SearchParams }) {
  const query = await searchParams;
  const environment = oneOf(query.env);
  const range = mapRangeOf(oneOf(query.range));
  return (
    <Prefetched
      reads={(api, client) => [
        client.prefetchQuery(api.traces.map.queryOptions({ range, ...(environment ? { environment } : {}) })),
      ]}
    >
      <MapPage />
    </Prefetched>
  );
}
