"use client";

import { useQuery } from "@tanstack/react-query";
import { parseAsString, useQueryState } from "nuqs";
import { useState } from "react";
import type { DeploymentStatus } from "#server/agent/deploy/schema.ts";
import { EmptyState } from "../feedback/empty-state.tsx";
import { QueryBoundary } from "../feedback/query-boundary.tsx";
import { Page, Section } from "../layout/page.tsx";
import { useDocumentTitle } from "../lib/document-title.ts";
import { useShortcuts } from "../lib/shortcuts.ts";
import { DeploymentMark } from "../marks/deployment-mark.tsx";
import { ACTIVE_STATUSES } from "../marks/vocabulary.ts";
import { InstanceTable } from "../services/instance-table.tsx";
import { LogDrawer } from "../services/log-drawer.tsx";
import { type RouterOutputs, useTRPC } from "../trpc/client.tsx";
import { Skeleton, SkeletonRows } from "../ui/skeleton.tsx";
import { CancelDialog } from "./cancel-dialog.tsx";
import { DeploymentActions } from "./deployment-actions.tsx";
import { DeploymentEffect } from "./deployment-effect.tsx";
import { DeploymentNow } from "./deployment-now.tsx";
import { DeploymentTimeline } from "./deployment-timeline.tsx";
import { deploymentTitle } from "./deployment-title.ts";
import { VersionChange } from "./version-change.tsx";

/** CPU, memory and requests in flight change without a hint. */
const ACTIVE_POLL_MS = 3_000;
const ENDED_POLL_MS = 15_000;

const isActive = (status: DeploymentStatus): boolean =>
  (ACTIVE_STATUSES as readonly DeploymentStatus[]).includes(status);

/** One deployment, live. */
export function DeploymentPage({ id }: { id: string }) {
  const trpc = useTRPC();
  const query = useQuery(
    trpc.deploy.get.queryOptions(
      { deploymentId: id },
      {
        refetchInterval: ({ state }) =>
          state.data && isActive(state.data.deployment.status) ? ACTIVE_POLL_MS : ENDED_POLL_MS,
      },
    ),
  );
  return (
    <QueryBoundary query={query} what="the deployment" skeleton={<Loading />}>
      {(data) => <Loaded data={data} />}
    </QueryBoundary>
  );
}

type Data = RouterOutputs["deploy"]["get"];

function Loaded({ data }: { data: Data }) {
  const { deployment, events, instances, progress } = data;
  const { service, environment, version, previousVersion, status } = deployment;
  const active = isActive(status);
  useDocumentTitle(deploymentTitle(deployment));
  const [cancelling, setCancelling] = useState(false);
  const [logs, setLogs] = useQueryState("logs", parseAsString);
  const newest = instances.find((one) => one.version === version) ?? instances[0];

  useShortcuts(
    newest
      ? [{ keys: "l", label: "Log of the newest instance", group: "This page", run: () => void setLogs(newest.id) }]
      : [],
  );

  return (
    <Page
      title={`${service} in ${environment}`}
      meta={
        <>
          <VersionChange from={previousVersion} to={version} />
          <DeploymentMark status={status} className="font-medium" />
        </>
      }
      actions={<DeploymentActions deployment={deployment} active={active} onCancel={() => setCancelling(true)} />}
    >
      <div className="grid gap-4 lg:grid-cols-2">
        <DeploymentNow deployment={deployment} instances={instances} progress={progress} active={active} />
        <DeploymentEffect deployment={deployment} />
      </div>
      <DeploymentTimeline events={events} active={active} />
      <Section
        title="Instances now"
        note={`of ${service} in ${environment}${active ? "" : ", which may have been deployed again since"}`}
      >
        {instances.length > 0 ? (
          <InstanceTable instances={instances} onOpen={(instance) => void setLogs(instance.id)} />
        ) : (
          <EmptyState title="No instance can be seen">
            None runs, or the place where they run does not answer. What the deployment did is recorded above.
          </EmptyState>
        )}
      </Section>
      <LogDrawer service={service} environment={environment} instanceId={logs} onClose={() => void setLogs(null)} />
      <CancelDialog
        deployment={deployment}
        onNewVersion={progress.onNewVersion}
        open={cancelling && active}
        onOpenChange={setCancelling}
      />
    </Page>
  );
}

const Loading = () => (
  <Page title={<Skeleton className="h-7 w-72" />}>
    <div className="grid gap-4 lg:grid-cols-2">
      <Skeleton className="h-64" />
      <Skeleton className="h-64" />
    </div>
    <div className="rounded-md border bg-surface">
      <SkeletonRows rows={6} />
    </div>
  </Page>
);
