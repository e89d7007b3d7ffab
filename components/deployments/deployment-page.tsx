"use client";

import { useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { parseAsString, useQueryState } from "nuqs";
import type { DeploymentStatus } from "#server/agent/deploy/schema.ts";
import { ACTIVE_STATUSES } from "#server/agent/deploy/words.ts";
import { EmptyState } from "../feedback/empty-state.tsx";
import { QueryBoundary } from "../feedback/query-boundary.tsx";
import { Page, Section } from "../layout/page.tsx";
import { useDocumentTitle } from "../lib/document-title.ts";
import { useShortcuts } from "../lib/shortcuts.ts";
import { DeploymentMark } from "../marks/deployment-mark.tsx";
import { type RouterOutputs, useTRPC } from "../trpc/client.tsx";
import { useCan } from "../trpc/session.tsx";
import { Skeleton, SkeletonRows } from "../ui/skeleton.tsx";
import { DeploymentActions } from "./deployment-actions.tsx";
import { DeploymentNow } from "./deployment-now.tsx";
import { DeploymentTimeline } from "./deployment-timeline.tsx";
import { deploymentTitle } from "./deployment-title.ts";
import { DecisionBar } from "./detail/decision-bar.tsx";
import { eventsOnce, reasonsIn } from "./detail/said-once.ts";
import { StepList } from "./detail/step-list.tsx";
import { TrafficSplit } from "./detail/traffic-split.tsx";
import { VersionChange } from "./version-change.tsx";

const LogDrawer = dynamic(() => import("../services/detail/log-drawer.tsx").then((module) => module.LogDrawer), {
  ssr: false,
});
const NewPatterns = dynamic(() => import("./detail/new-patterns.tsx").then((module) => module.NewPatterns), {
  loading: () => null,
});
/** What these say comes by reads of their own, so that their scripts may come after the page's. */
const Compared = dynamic(() => import("./detail/compared.tsx").then((module) => module.Compared), {
  ssr: false,
  loading: () => <Skeleton className="h-40" />,
});
const VersionCharts = dynamic(() => import("./detail/version-charts.tsx").then((module) => module.VersionCharts), {
  ssr: false,
  loading: () => (
    <div className="grid gap-4 lg:grid-cols-3">
      <Skeleton className="h-[237px]" />
      <Skeleton className="h-[237px]" />
      <Skeleton className="h-[237px]" />
    </div>
  ),
});
const JudgePanel = dynamic(() => import("./detail/judge-panel.tsx").then((module) => module.JudgePanel), {
  ssr: false,
  loading: () => <Skeleton className="h-48" />,
});

/** Below what is seen first: its scripts come after the others, and what they do waits. */
const InstanceTable = dynamic(
  () => import("../services/detail/instance-table.tsx").then((module) => module.InstanceTable),
  { loading: () => <SkeletonRows rows={3} /> },
);

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
    <QueryBoundary
      query={query}
      what="the deployment"
      list={{ href: "/deployments", label: "All deployments" }}
      skeleton={<Loading />}
    >
      {(data) => <Loaded data={data} />}
    </QueryBoundary>
  );
}

type Data = RouterOutputs["deploy"]["get"];

function Loaded({ data }: { data: Data }) {
  const {
    deployment,
    allowed,
    steps,
    analyses,
    events,
    instances,
    progress,
    serviceNow,
    split,
    splitWindow,
    evidenceNow,
  } = data;
  const { service, environment, version, previousVersion, status, watchState } = deployment;
  const active = isActive(status);
  const live = active || watchState === "watching";
  // while it runs there is no end yet under which the reason could stand
  const reasons = active ? [] : reasonsIn(deployment.summary, steps, events);
  useDocumentTitle(deploymentTitle(deployment));
  const mayReadTelemetry = useCan("telemetry.read");
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
          <DeploymentMark deployment={deployment} className="font-medium" />
        </>
      }
      actions={active ? null : <DeploymentActions deployment={deployment} />}
    >
      {active || deployment.waiting ? (
        <DecisionBar
          deployment={deployment}
          accepted={allowed}
          steps={steps}
          analyses={analyses}
          serviceNow={serviceNow}
          evidenceNow={evidenceNow}
        />
      ) : null}
      <div className="grid gap-4 xl:grid-cols-2">
        <div className="flex min-w-0 flex-col gap-4">
          <DeploymentNow
            deployment={deployment}
            steps={steps}
            instances={instances}
            progress={progress}
            active={active}
          />
          <StepList deploymentId={deployment.id} steps={steps} active={active} reasons={reasons} />
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          <TrafficSplit deployment={deployment} split={split} window={splitWindow} active={active} />
          <Compared deployment={deployment} steps={steps} active={live} />
          <DeploymentTimeline events={eventsOnce(events, reasons)} active={active} />
        </div>
      </div>
      <VersionCharts deployment={deployment} steps={steps} active={live} />
      <JudgePanel deployment={deployment} steps={steps} active={live} />
      {mayReadTelemetry ? <NewPatterns deployment={deployment} /> : null}
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
      {logs ? (
        <LogDrawer service={service} environment={environment} instanceId={logs} onClose={() => void setLogs(null)} />
      ) : null}
    </Page>
  );
}

const Loading = () => (
  <Page title={<Skeleton className="h-7 w-72" />}>
    <Skeleton className="h-14" />
    <div className="grid gap-4 xl:grid-cols-2">
      <Skeleton className="h-96" />
      <Skeleton className="h-96" />
    </div>
    <div className="rounded-md border bg-surface">
      <SkeletonRows rows={6} />
    </div>
  </Page>
);
