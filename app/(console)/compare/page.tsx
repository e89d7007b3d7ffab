import type { Metadata } from "next";
import { compareInput } from "#components/compare/compare-input.ts";
import { ComparePage } from "#components/compare/compare-page.tsx";
import { oneOf, type SearchParams } from "#components/lib/search-params.ts";
import { Prefetched } from "#components/trpc/prefetched.tsx";

export const metadata: Metadata = { title: "Compare versions" };

export default async function Compare({ searchParams }: { searchParams: SearchParams }) {
  const query = await searchParams;
  const input = compareInput({
    service: oneOf(query.service),
    environment: oneOf(query.environment),
    baseline: oneOf(query.baseline),
    candidate: oneOf(query.candidate),
    minutes: oneOf(query.minutes),
  });
  return (
    <Prefetched reads={(api, client) => (input ? [client.prefetchQuery(api.deploy.compare.queryOptions(input))] : [])}>
      <ComparePage />
    </Prefetched>
  );
}
