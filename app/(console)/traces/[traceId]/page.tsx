import type { Metadata } from "next";
import { TracePage } from "#components/traces/detail/trace-page.tsx";
import { FIRST_SPANS } from "#components/traces/page-sizes.ts";
import { traceTitle } from "#components/traces/trace-title.ts";
import { pageTitle } from "#components/trpc/page-title.ts";
import { Prefetched } from "#components/trpc/prefetched.tsx";

interface Props {
  params: Promise<{ traceId: string }>;
}

const idOf = async (params: Props["params"]): Promise<string> => decodeURIComponent((await params).traceId);

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const traceId = await idOf(params);
  return pageTitle("Trace", async (api) => traceTitle(await api.traces.get({ traceId, limit: 1 })));
}

export default async function Trace({ params }: Props) {
  const traceId = await idOf(params);
  return (
    <Prefetched
      reads={(api, client) => [client.prefetchQuery(api.traces.get.queryOptions({ traceId, limit: FIRST_SPANS }))]}
    >
      <TracePage traceId={traceId} />
    </Prefetched>
  );
}
