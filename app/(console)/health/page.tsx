import type { Metadata } from "next";
import { HealthPage } from "#components/health/health-page.tsx";
import { monitorInput, PAGE_TARGETS } from "#components/health/monitor-input.ts";
import { oneOf, type SearchParams } from "#components/lib/search-params.ts";
import { Prefetched } from "#components/trpc/prefetched.tsx";

export const metadata: Metadata = { title: "Health" };

export default async function Health({ searchParams }: { searchParams: SearchParams }) {
  const query = await searchParams;
  const input = monitorInput({
    environment: oneOf(query.env),
    state: oneOf(query.state),
    limit: Number(oneOf(query.limit) ?? PAGE_TARGETS),
  });
  return (
    <Prefetched reads={(api, client) => [client.prefetchQuery(api.health.monitor.queryOptions(input))]}>
      <HealthPage />
    </Prefetched>
  );
}
