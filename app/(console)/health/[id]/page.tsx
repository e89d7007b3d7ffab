import type { Metadata } from "next";
import { HealthTargetPage } from "#components/health/health-target-page.tsx";
import { oneOf, type SearchParams } from "#components/lib/search-params.ts";
import { HEALTH_RANGES } from "#components/marks/vocabulary.ts";
import { Prefetched } from "#components/trpc/prefetched.tsx";

export const metadata: Metadata = { title: "Health check" };

interface Props {
  params: Promise<{ id: string }>;
  searchParams: SearchParams;
}

export default async function HealthTarget({ params, searchParams }: Props) {
  const id = decodeURIComponent((await params).id);
  const asked = oneOf((await searchParams).range);
  const range = HEALTH_RANGES.find((one) => one === asked) ?? "24h";
  return (
    <Prefetched
      reads={(api, client) => [client.prefetchQuery(api.health.history.queryOptions({ targetId: id, range }))]}
    >
      <HealthTargetPage id={id} />
    </Prefetched>
  );
}
