import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { oneOf, type SearchParams } from "#components/lib/search-params.ts";
import { coveringRange, movedRange } from "#components/services/ranges.ts";
import { ServicePage } from "#components/services/service-page.tsx";
import { signalsInput } from "#components/services/signals-input.ts";
import { parseRange, resolveRange } from "#components/time-range/range.ts";
import { TimeRangeProvider } from "#components/time-range/time-range.tsx";
import { Prefetched } from "#components/trpc/prefetched.tsx";
import { currentSession, pageCaller } from "#components/trpc/server.ts";

interface Props {
  params: Promise<{ service: string }>;
  searchParams: SearchParams;
}

const nameOf = async (params: Props["params"]): Promise<string> => decodeURIComponent((await params).service);

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: await nameOf(params) };
}

/** The environment in which a service fares worst; null for one that is not configured, or while nobody is signed in. */
async function worstEnvironment(service: string): Promise<string | null> {
  if (!(await currentSession())) return null;
  const { rows } = await (await pageCaller()).services.list({});
  return rows.find((row) => row.service === service)?.environment ?? null;
}

export default async function Service({ params, searchParams }: Props) {
  const service = await nameOf(params);
  const query = await searchParams;
  const named = oneOf(query.env);
  const moved = movedRange(oneOf(query.range));
  if (moved)
    redirect(
      `/services/${encodeURIComponent(service)}?${new URLSearchParams({ ...moved, ...(named ? { env: named } : {}) })}`,
    );
  const environment = named ?? (await worstEnvironment(service));
  const renderedAt = Date.now();
  const asked = parseRange(oneOf(query.from), oneOf(query.to), renderedAt);
  const { fromMs, toMs } = resolveRange(asked, renderedAt);
  const window = { from: new Date(fromMs), to: new Date(toMs) };
  const range = coveringRange(asked, window);
  const compare = oneOf(query.compare) === "true";
  return (
    <Prefetched
      reads={(api, client) =>
        environment
          ? [
              client.prefetchQuery(api.services.get.queryOptions({ service, environment, range })),
              client.prefetchQuery(api.deploy.policy.queryOptions({ service, environment })),
              client.prefetchQuery(
                api.metrics.signals.queryOptions(signalsInput(window, { service, environment }, compare)),
              ),
            ]
          : []
      }
    >
      <TimeRangeProvider renderedAt={renderedAt}>
        <ServicePage service={service} defaultEnvironment={environment} />
      </TimeRangeProvider>
    </Prefetched>
  );
}
