import type { Metadata } from "next";
import { oneOf, type SearchParams } from "#components/lib/search-params.ts";
import { SettingsPage } from "#components/settings/settings-page.tsx";
import { Prefetched } from "#components/trpc/prefetched.tsx";

export const metadata: Metadata = { title: "Settings" };

export default async function Settings({ searchParams }: { searchParams: SearchParams }) {
  const tab = oneOf((await searchParams).tab) ?? "config";
  return (
    <Prefetched
      reads={(api, client) => (tab === "config" ? [client.prefetchQuery(api.settings.config.queryOptions())] : [])}
    >
      <SettingsPage />
    </Prefetched>
  );
}
