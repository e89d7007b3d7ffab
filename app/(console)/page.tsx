import type { Metadata } from "next";
import { oneOf, type SearchParams } from "#components/lib/search-params.ts";
import { OverviewPage } from "#components/services/overview-page.tsx";
import { Prefetched } from "#components/trpc/prefetched.tsx";

export const metadata: Metadata = { title: "Overview" };

export default async function Overview({ searchParams }: { searchParams: SearchParams }) {
  const environment = oneOf((await searchParams).env);
  return (
    <Prefetched
      reads={(api, client) => [
        client.prefetchQuery(api.services.list.queryOptions(environment ? { environment } : {})),
      ]}
    >
      <OverviewPage />
    </Prefetched>
  );
}
