"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Rocket } from "lucide-react";
import { parseAsString, parseAsStringLiteral, useQueryState } from "nuqs";
import { DEPLOYMENT_STATUSES } from "#server/agent/deploy/words.ts";
import { DataTable } from "../data-table/data-table.tsx";
import { Facet } from "../data-table/facet.tsx";
import { LoadMore } from "../data-table/load-more.tsx";
import { TableMenu } from "../data-table/table-menu.tsx";
import { EmptyState } from "../feedback/empty-state.tsx";
import { QueryBoundary } from "../feedback/query-boundary.tsx";
import { Page, Section } from "../layout/page.tsx";
import { useEnvironment } from "../lib/environment.tsx";
import { useShortcuts } from "../lib/shortcuts.ts";
import { useTRPC } from "../trpc/client.tsx";
import { useCan } from "../trpc/session.tsx";
import { Button } from "../ui/button.tsx";
import { SkeletonRows } from "../ui/skeleton.tsx";
import { DeliveryMeasures } from "./delivery-measures.tsx";
import { DEPLOYMENT_COLUMNS } from "./deployment-columns.tsx";
import { deploymentsInput, filtersInput, KINDS, SHOWN_STRATEGIES } from "./deployments-input.ts";
import { counted } from "./facet-counts.ts";
import { PolicyBanner } from "./policy-banner.tsx";
import { useDeploy } from "./request/deploy-dialog-provider.tsx";

/** What was deployed, newest first. */
export function DeploymentsPage() {
  const trpc = useTRPC();
  const { environment, setEnvironment } = useEnvironment();
  const [service, setService] = useQueryState("service", parseAsString);
  const [status, setStatus] = useQueryState("status", parseAsStringLiteral(DEPLOYMENT_STATUSES));
  const [strategy, setStrategy] = useQueryState("strategy", parseAsStringLiteral(SHOWN_STRATEGIES));
  const [kind, setKind] = useQueryState("kind", parseAsStringLiteral(KINDS));
  const url = { environment, service, status, strategy, kind };
  const facets = useQuery(trpc.deploy.facets.queryOptions(filtersInput(url), { placeholderData: (before) => before }));
  const query = useInfiniteQuery(
    trpc.deploy.list.infiniteQueryOptions(deploymentsInput(url), { getNextPageParam: (page) => page.nextCursor }),
  );
  const chosen = Boolean(service || status || strategy || kind);
  const filtered = chosen || Boolean(environment);
  const table = {
    label: "Deployments, newest first",
    columns: DEPLOYMENT_COLUMNS,
    rows: query.data?.pages.flatMap((page) => page.items) ?? [],
    hideParameter: "hide",
  };
  const clear = () => void Promise.all([setService(null), setStatus(null), setStrategy(null), setKind(null)]);

  return (
    <Page title="Deployments" actions={<DeployButton service={service} environment={environment} />}>
      <PolicyBanner {...(environment ? { environment } : {})} />
      <Section
        title={environment ? `In ${environment}` : "In all environments"}
        note="newest first"
        actions={
          <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
            <Facet
              label="Service"
              value={service}
              onChange={(value) => void setService(value)}
              options={counted(facets.data?.service)}
            />
            <Facet
              label="Environment"
              value={environment}
              onChange={setEnvironment}
              options={counted(facets.data?.environment)}
            />
            <Facet
              label="Status"
              value={status}
              onChange={(value) => void setStatus(value)}
              options={counted(facets.data?.status, DEPLOYMENT_STATUSES)}
            />
            <Facet
              label="How"
              value={strategy}
              onChange={(value) => void setStrategy(value)}
              options={counted(facets.data?.strategy, SHOWN_STRATEGIES)}
            />
            <Facet
              label="Kind"
              value={kind}
              onChange={(value) => void setKind(value)}
              options={counted(facets.data?.kind, KINDS)}
            />
            <span className="ml-auto">
              <TableMenu {...table} />
            </span>
          </div>
        }
      >
        <QueryBoundary
          query={query}
          what="the deployments"
          skeleton={<SkeletonRows rows={10} />}
          empty={(data) =>
            data.pages[0]?.items.length ? null : filtered ? (
              <EmptyState
                title="No deployment matches"
                action={chosen ? <Button onClick={clear}>Clear the filters</Button> : undefined}
              >
                Nothing was deployed that fits these filters and this environment.
              </EmptyState>
            ) : (
              <EmptyState title="Nothing was deployed yet">
                Choose Deploy, a service and a version: you see the plan before anything starts. An agent does the same
                with the tool <code className="num">deploy_application</code>.
              </EmptyState>
            )
          }
        >
          {() => (
            <>
              <DataTable
                {...table}
                rowKey={(row) => row.id}
                navigable
                rowClassName={(row) => (row.waiting ? "bg-warning-soft" : undefined)}
              />
              <LoadMore
                query={query}
                shown={table.rows.length}
                of={table.rows.length === 1 ? "deployment" : "deployments"}
              />
            </>
          )}
        </QueryBoundary>
      </Section>
      <DeliveryMeasures environment={environment} service={service} />
    </Page>
  );
}

function DeployButton({ service, environment }: { service: string | null; environment: string | null }) {
  const deploy = useDeploy();
  return useCan("deployment.write") ? (
    <>
      <DeployKey
        onDeploy={() => deploy({ ...(service ? { service } : {}), ...(environment ? { environment } : {}) })}
      />
      <Button
        variant="primary"
        onClick={() => deploy({ ...(service ? { service } : {}), ...(environment ? { environment } : {}) })}
      >
        <Rocket aria-hidden="true" /> Deploy…
      </Button>
    </>
  ) : (
    <span className="text-ink-3 text-sm">Deploying needs the role operator.</span>
  );
}

function DeployKey({ onDeploy }: { onDeploy: () => void }) {
  useShortcuts([{ keys: "d", label: "Deploy…", group: "This page", run: onDeploy }]);
  return null;
}
