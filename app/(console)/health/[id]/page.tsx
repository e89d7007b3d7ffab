import type { Metadata } from "next";
import { HealthTargetPage } from "#components/health/health-target-page.tsx";
import { targetTitle } from "#components/health/target-title.ts";
import { oneOf, type SearchParams } from "#components/lib/search-params.ts";
import { pageTitle } from "#components/trpc/page-title.ts";
import { Prefetched } from "#components/trpc/prefetched.tsx";
import { HEALTH_RANGES } from "#server/agent/health/words.ts";

interface Props {
  params: Promise<{ id: string }>;
  searchParams: SearchParams;
}

const idOf = async (params: Props["params"]): Promise<string> => decodeURIComponent((await params).id);

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const targetId = await idOf(params);
  return pageTitle("Health check", async (api) =>
    targetTitle((await api.health.history({ targetId, range: "1h" })).target),
  );
}

export default async function HealthTarget({ params, searchParams }: Props) {
  const id = await idOf(params);
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
