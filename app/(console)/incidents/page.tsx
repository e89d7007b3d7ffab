import type { Metadata } from "next";
import { incidentsInput } from "#components/incidents/incidents-input.ts";
import { IncidentsPage } from "#components/incidents/incidents-page.tsx";
import { oneOf, type SearchParams } from "#components/lib/search-params.ts";
import { Prefetched } from "#components/trpc/prefetched.tsx";

export const metadata: Metadata = { title: "Incidents" };

export default async function Incidents({ searchParams }: { searchParams: SearchParams }) {
  const query = await searchParams;
  const input = incidentsInput({
    environment: oneOf(query.env),
    service: oneOf(query.service),
    severity: oneOf(query.severity),
    show: oneOf(query.show),
  });
  return (
    <Prefetched
      reads={(api, client) => [
        client.prefetchInfiniteQuery(
          api.incidents.list.infiniteQueryOptions(input, { getNextPageParam: (page) => page.nextCursor }),
        ),
      ]}
    >
      <IncidentsPage />
    </Prefetched>
  );
}
