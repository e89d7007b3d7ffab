import type { Metadata } from "next";
import { IncidentPage } from "#components/incidents/incident-page.tsx";
import { pageTitle } from "#components/trpc/page-title.ts";
import { Prefetched } from "#components/trpc/prefetched.tsx";

interface Props {
  params: Promise<{ id: string }>;
}

const idOf = async (params: Props["params"]): Promise<string> => decodeURIComponent((await params).id);

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const id = await idOf(params);
  return pageTitle("Incident", async (api) => {
    const { incident } = await api.incidents.get({ incidentId: id });
    return `${incident.label} ${incident.title}`;
  });
}

export default async function Incident({ params }: Props) {
  const id = await idOf(params);
  return (
    <Prefetched reads={(api, client) => [client.prefetchQuery(api.incidents.get.queryOptions({ incidentId: id }))]}>
      <IncidentPage id={id} />
    </Prefetched>
  );
}
