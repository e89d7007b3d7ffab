import type { Metadata } from "next";
import { oneOf, type SearchParams } from "#components/lib/search-params.ts";
import { OverviewPage } from "#components/services/overview-page.tsx";
import { Prefetched } from "#components/trpc/prefetched.tsx";

export const metadata: Metadata = { title: "Overview" };

export default async function Overview({ searchParams }: { searchParams: SearchParams }) {
  const environment = oneOf((await searchParams).env);
  return (
    <Prefetched
      // without an environment it is the frame's read, which is there already
      reads={(api, client) =>
        environment ? [client.prefetchQuery(api.services.list.queryOptions({ environment }))] : []
      }
    >
      <OverviewPage />
    </Prefetched>
  );
}
