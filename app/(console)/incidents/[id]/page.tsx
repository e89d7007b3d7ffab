import type { Metadata } from "next";
import { IncidentPage } from "#components/incidents/incident-page.tsx";
import { Prefetched } from "#components/trpc/prefetched.tsx";

export const metadata: Metadata = { title: "Incident" };

export default async function Incident({ params }: { params: Promise<{ id: string }> }) {
  const id = decodeURIComponent((await params).id);
  return (
    <Prefetched reads={(api, client) => [client.prefetchQuery(api.incidents.get.queryOptions({ incidentId: id }))]}>
      <IncidentPage id={id} />
    </Prefetched>
  );
}
