import type { Metadata } from "next";
import { deploymentsInput } from "#components/deployments/deployments-input.ts";
import { DeploymentsPage } from "#components/deployments/deployments-page.tsx";
import { oneOf, type SearchParams } from "#components/lib/search-params.ts";
import { Prefetched } from "#components/trpc/prefetched.tsx";

export const metadata: Metadata = { title: "Deployments" };

export default async function Deployments({ searchParams }: { searchParams: SearchParams }) {
  const query = await searchParams;
  const environment = oneOf(query.env);
  const input = deploymentsInput({
    environment,
    service: oneOf(query.service),
    status: oneOf(query.status),
    strategy: oneOf(query.strategy),
    kind: oneOf(query.kind),
  });
  return (
    <Prefetched
      reads={(api, client) => [
        client.prefetchInfiniteQuery(
          api.deploy.list.infiniteQueryOptions(input, { getNextPageParam: (page) => page.nextCursor }),
        ),
        client.prefetchQuery(api.deploy.facets.queryOptions(input)),
        client.prefetchQuery(api.deploy.policy.queryOptions(environment ? { environment } : {})),
      ]}
    >
      <DeploymentsPage />
    </Prefetched>
  );
}
