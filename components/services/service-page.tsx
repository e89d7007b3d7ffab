"use client";

import { useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { parseAsString, useQueryState } from "nuqs";
import { useCallback } from "react";
import { EmptyState } from "../feedback/empty-state.tsx";
import { QueryBoundary } from "../feedback/query-boundary.tsx";
import { EnvLink } from "../layout/env-link.tsx";
import { Page, Section } from "../layout/page.tsx";
import { useEnvironment } from "../lib/environment.tsx";
import { useTimeRange } from "../time-range/time-range.tsx";
import { useTRPC } from "../trpc/client.tsx";
import { READ_TOGETHER } from "../trpc/read-together.ts";
import { useCan } from "../trpc/session.tsx";
import { Skeleton, SkeletonRows } from "../ui/skeleton.tsx";
import type { Instance } from "./detail/instance-columns.tsx";
import { ChartsSkeleton, ServiceCharts } from "./detail/service-charts.tsx";
import { ServiceActions, ServiceFacts, ServiceHeadline, ServiceNow } from "./detail/service-header.tsx";
import { placedService, placesOf, serviceHref } from "./places.ts";
import { coveringRange, RANGE_WORDS } from "./ranges.ts";
import { readySentence } from "./table/ready-words.ts";

const PolicyBanner = dynamic(() => import("../deployments/policy-banner.tsx").then((module) => module.PolicyBanner));
const ObservedService = dynamic(
  () => import("./detail/observed-service.tsx").then((module) => module.ObservedService),
  {
    loading: () => <ServiceSkeleton />,
  },
);
const NoService = dynamic(() => import("./no-service.tsx").then((module) => module.NoService));
const LogDrawer = dynamic(() => import("./detail/log-drawer.tsx").then((module) => module.LogDrawer), { ssr: false });
/** Below what is seen first: its scripts come after the others, and what they do waits. */
const ChangeList = dynamic(() => import("./change-list.tsx").then((module) => module.ChangeList), {
  loading: () => <SkeletonRows rows={3} />,
});
const InstanceTable = dynamic(() => import("./detail/instance-table.tsx").then((module) => module.InstanceTable), {
  loading: () => <SkeletonRows rows={3} />,
});
const VersionTable = dynamic(() => import("./detail/version-table.tsx").then((module) => module.VersionTable), {
  loading: () => <SkeletonRows rows={3} />,
});
const ServiceLogs = dynamic(() => import("./detail/service-logs.tsx").then((module) => module.ServiceLogs), {
  loading: () => (
    <Section title="Logs">
      <SkeletonRows rows={6} />
    </Section>
  ),
});

interface ServicePageProps {
  service: string;
  /** what the server chose because the URL names none; null when there is nothing to choose from */
  defaultEnvironment: string | null;
}

/** How is it doing, what changed? One service in one environment: the URL's, or the one the server rendered it for. */
export function ServicePage({ service, defaultEnvironment }: ServicePageProps) {
  const trpc = useTRPC();
  const chosen = useEnvironment().environment;
  const environment = chosen ?? defaultEnvironment;
  const time = useTimeRange();
  const range = coveringRange(time.range, time);
  const mayReadTelemetry = useCan("telemetry.read");
  const [instanceId, setInstance] = useQueryState("instance", parseAsString);

  const all = useQuery(trpc.services.list.queryOptions({})); // the frame's read
  const places = all.data
    ? placesOf(all.data.rows)
        .filter((row) => row.service === service)
        .map((row) => row.environment)
    : undefined;
  const isObserved = places?.length === 0;

  const query = useQuery(
    trpc.services.get.queryOptions(
      { service, environment: environment ?? "", range },
      {
        enabled: environment !== null && !isObserved,
        ...READ_TOGETHER,
        select: placedService,
        refetchInterval: range === "15m" || range === "1h" ? 10_000 : 60_000,
        placeholderData: (before) =>
          before?.row.service === service && before.row.environment === environment ? before : undefined,
      },
    ),
  );
  const openLog = useCallback((instance: Instance) => void setInstance(instance.id), [setInstance]);

  if (isObserved && mayReadTelemetry)
    return <ObservedService service={service} row={all.data?.rows.find((row) => row.service === service)} />;
  if (isObserved)
    return <NoService service={service} message="The list shows those that are configured or send telemetry." />;
  if (environment === null && places)
    return (
      <Page title={service}>
        <EmptyState title="Choose an environment">
          <span className="flex flex-wrap gap-x-3">
            {places.toSorted().map((place) => (
              <EnvLink key={place} href={serviceHref({ service, environment: place })} className="link">
                {place}
              </EnvLink>
            ))}
          </span>
        </EmptyState>
      </Page>
    );
  return (
    <Page
      title={service}
      meta={query.data ? <ServiceHeadline service={query.data} /> : <Skeleton className="h-5 w-52" />}
      actions={query.data ? <ServiceActions service={query.data} /> : <Skeleton className="h-8 w-60" />}
    >
      <QueryBoundary
        query={query}
        what="the service"
        list={{ href: "/services", label: "All services" }}
        skeleton={<ServiceSkeleton />}
      >
        {(data) => (
          <div className="flex flex-col gap-4">
            <ServiceNow service={data} />
            <PolicyBanner service={service} environment={data.row.environment} />
            <ServiceFacts service={data} />
            {mayReadTelemetry ? (
              <ServiceCharts
                key={`${service}/${data.row.environment}`}
                service={service}
                environment={data.row.environment}
              />
            ) : null}
            <Section title="Instances" note={readySentence(data.row)}>
              <InstanceTable instances={data.instances} onOpen={openLog} />
            </Section>
            <div className="grid items-start gap-4 lg:grid-cols-2">
              <Section title="Versions">
                <VersionTable service={data} />
              </Section>
              <Section title="What changed" note={RANGE_WORDS[range]}>
                {data.changes.length > 0 ? (
                  <ChangeList changes={data.changes} showEnvironment={false} />
                ) : (
                  <EmptyState title={`Nothing changed in the ${RANGE_WORDS[range]}`} />
                )}
              </Section>
            </div>
            {mayReadTelemetry ? <ServiceLogs service={service} environment={data.row.environment} /> : null}
          </div>
        )}
      </QueryBoundary>
      {environment && instanceId ? (
        <LogDrawer
          service={service}
          environment={environment}
          instanceId={instanceId}
          onClose={() => void setInstance(null)}
        />
      ) : null}
    </Page>
  );
}

/** The sizes of what comes, so that nothing moves when it does. */
const ServiceSkeleton = () => (
  <div className="flex flex-col gap-4">
    <Skeleton className="h-10 w-2/3" />
    <Skeleton className="h-8 w-24" />
    <ChartsSkeleton />
    <Skeleton className="h-40" />
    <Skeleton className="h-40" />
  </div>
);
