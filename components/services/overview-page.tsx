"use client";

import { useQuery } from "@tanstack/react-query";
import { Rocket } from "lucide-react";
import { useDeploy } from "../deployments/request/deploy-dialog-provider.tsx";
import { Banner } from "../feedback/banner.tsx";
import { EmptyState } from "../feedback/empty-state.tsx";
import { QueryBoundary } from "../feedback/query-boundary.tsx";
import { EnvLink } from "../layout/env-link.tsx";
import { Page, Section } from "../layout/page.tsx";
import { useEnvironment } from "../lib/environment.tsx";
import { useTRPC } from "../trpc/client.tsx";
import { READ_TOGETHER } from "../trpc/read-together.ts";
import { useCan, useStart } from "../trpc/session.tsx";
import { Button } from "../ui/button.tsx";
import { SkeletonRows } from "../ui/skeleton.tsx";
import { ChangeList } from "./change-list.tsx";
import { ServiceTable, ServiceTableMenu } from "./table/service-table.tsx";

/** Rates change without an event; everything else is announced by the live feed. */
const RATES_MS = 10_000;

/** Is anything wrong, where, since when, who has it? */
export function OverviewPage() {
  const trpc = useTRPC();
  const { environment } = useEnvironment();
  const { sample } = useStart();
  const deploy = useDeploy();
  const mayDeploy = useCan("deployment.write");
  const mayReadTelemetry = useCan("telemetry.read");
  const query = useQuery(
    trpc.services.list.queryOptions(environment ? { environment } : {}, {
      ...READ_TOGETHER,
      refetchInterval: RATES_MS,
    }),
  );
  const all = environment === null;
  return (
    <Page
      title="Overview"
      actions={
        mayDeploy ? (
          <Button onClick={() => deploy(environment ? { environment } : {})}>
            <Rocket aria-hidden="true" /> Deploy…
          </Button>
        ) : null
      }
    >
      {sample ? <SampleBanner /> : null}
      {query.data && !query.data.platformReachable ? (
        <Banner tone="critical">
          The platform does not answer. Versions, instances and traffic are as last known until it does; what runs keeps
          running, but nobody carries requests to it until the platform is replaced, which Operate does by itself.
        </Banner>
      ) : null}
      <Section
        title="Services"
        note="worst first"
        actions={
          <>
            {mayReadTelemetry ? <MapLink /> : null}
            <ServiceTableMenu data={query.data} showEnvironment={all} />
          </>
        }
      >
        <ServiceTable query={query} showEnvironment={all} />
      </Section>
      <Section title="What changed" note="last 6 h">
        <QueryBoundary
          query={query}
          what="the changes"
          skeleton={<SkeletonRows rows={3} rowClassName="h-8" />}
          empty={(data) =>
            data.changes.length === 0 ? (
              <EmptyState title="Nothing changed in the last 6 h">
                Deployments and incidents appear here as they happen.
              </EmptyState>
            ) : null
          }
        >
          {(data) => <ChangeList changes={data.changes} showEnvironment={all} />}
        </QueryBoundary>
      </Section>
    </Page>
  );
}

const MapLink = () => (
  <EnvLink href="/map" className="link text-sm">
    Service map
  </EnvLink>
);

const SampleBanner = () => (
  <Banner
    action={
      useCan("settings.read") ? (
        <EnvLink href="/settings?tab=config" className="link">
          Operate your own system
        </EnvLink>
      ) : null
    }
  >
    This is the sample shop: real processes with real traffic on this machine. Deploy to it, break it, watch it recover.
  </Banner>
);
