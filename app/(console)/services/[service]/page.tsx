import type { Metadata } from "next";
import { oneOf, type SearchParams } from "#components/lib/search-params.ts";
import { rangeOf } from "#components/services/ranges.ts";
import { ServicePage } from "#components/services/service-page.tsx";
import { Prefetched } from "#components/trpc/prefetched.tsx";

interface Props {
  params: Promise<{ service: string }>;
  searchParams: SearchParams;
}

const nameOf = async (params: Props["params"]): Promise<string> => decodeURIComponent((await params).service);

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: await nameOf(params) };
}

export default async function Service({ params, searchParams }: Props) {
  const service = await nameOf(params);
  const query = await searchParams;
  const environment = oneOf(query.env);
  const range = rangeOf(oneOf(query.range));
  return (
    <Prefetched
      reads={(api, client) =>
        environment
          ? [
              client.prefetchQuery(api.services.get.queryOptions({ service, environment, range })),
              client.prefetchQuery(api.deploy.policy.queryOptions({ service, environment })),
            ]
          : []
      }
    >
      <ServicePage service={service} />
    </Prefetched>
  );
}
