import type { Metadata } from "next";
import { DeploymentPage } from "#components/deployments/deployment-page.tsx";
import { deploymentTitle } from "#components/deployments/deployment-title.ts";
import { pageTitle } from "#components/trpc/page-title.ts";
import { Prefetched } from "#components/trpc/prefetched.tsx";

interface Props {
  params: Promise<{ id: string }>;
}

const idOf = async (params: Props["params"]): Promise<string> => decodeURIComponent((await params).id);

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const id = await idOf(params);
  return pageTitle("Deployment", async (api) =>
    deploymentTitle((await api.deploy.get({ deploymentId: id })).deployment),
  );
}

export default async function Deployment({ params }: Props) {
  const id = await idOf(params);
  return (
    <Prefetched reads={(api, client) => [client.prefetchQuery(api.deploy.get.queryOptions({ deploymentId: id }))]}>
      <DeploymentPage id={id} />
    </Prefetched>
  );
}
