import type { Metadata } from "next";
import { oneOf, type SearchParams } from "#components/lib/search-params.ts";
import { ServicesPage } from "#components/services/services-page.tsx";
import { Prefetched } from "#components/trpc/prefetched.tsx";

export const metadata: Metadata = { title: "Services" };

export default async function Services({ searchParams }: { searchParams: SearchParams }) {
  const environment = oneOf((await searchParams).env);
  return (
    <Prefetched
      // without an environment it is the frame's read, which is there already
      reads={(api, client) =>
        environment ? [client.prefetchQuery(api.services.list.queryOptions({ environment }))] : []
      }
    >
      <ServicesPage />
    </Prefetched>
  );
}
