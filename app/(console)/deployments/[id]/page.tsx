import type { Metadata } from "next";
import { DeploymentPage } from "#components/deployments/deployment-page.tsx";
import { Prefetched } from "#components/trpc/prefetched.tsx";

export const metadata: Metadata = { title: "Deployment" };

export default async function Deployment({ params }: { params: Promise<{ id: string }> }) {
  const id = decodeURIComponent((await params).id);
  return (
    <Prefetched reads={(api, client) => [client.prefetchQuery(api.deploy.get.queryOptions({ deploymentId: id }))]}>
      <DeploymentPage id={id} />
    </Prefetched>
  );
}
