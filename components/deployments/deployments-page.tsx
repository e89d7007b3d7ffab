"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Rocket } from "lucide-react";
import { parseAsString, parseAsStringLiteral, useQueryState } from "nuqs";
import { DataTable } from "../data-table/data-table.tsx";
import { Facet } from "../data-table/facet.tsx";
import { LoadMore } from "../data-table/load-more.tsx";
import { EmptyState } from "../feedback/empty-state.tsx";
import { QueryBoundary } from "../feedback/query-boundary.tsx";
import { Page, Section } from "../layout/page.tsx";
import { useEnvironment } from "../lib/environment.ts";
import { useShortcuts } from "../lib/shortcuts.ts";
import { DEPLOYMENT_STATUSES } from "../marks/vocabulary.ts";
import { useTRPC } from "../trpc/client.tsx";
import { useCan } from "../trpc/session.tsx";
import { Button } from "../ui/button.tsx";
import { SkeletonRows } from "../ui/skeleton.tsx";
import { useDeploy } from "./deploy-dialog-provider.tsx";
import { DEPLOYMENT_COLUMNS } from "./deployment-columns.tsx";
import { deploymentsInput } from "./list-input.ts";

const STATUS_OPTIONS = DEPLOYMENT_STATUSES.map((value) => ({ value, label: value.replace("_", " ") }));

/** What was deployed, newest first. */
export function DeploymentsPage() {
  const trpc = useTRPC();
  const { environment } = useEnvironment();
  const [service, setService] = useQueryState("service", parseAsString);
  const [status, setStatus] = useQueryState("status", parseAsStringLiteral(DEPLOYMENT_STATUSES));
  const services = useQuery(trpc.services.list.queryOptions({}));
  const query = useInfiniteQuery(
    trpc.deploy.list.infiniteQueryOptions(deploymentsInput({ environment, service, status }), {
      getNextPageParam: (page) => page.nextCursor,
    }),
  );
  const filtered = Boolean(service || status || environment);
  const clear = () => void Promise.all([setService(null), setStatus(null)]);

  return (
    <Page title="Deployments" actions={<DeployButton service={service} environment={environment} />}>
      <Section
        title={environment ? `In ${environment}` : "In all environments"}
        note="newest first"
        actions={
          <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
            <Facet
              label="Service"
              value={service}
              onChange={(value) => void setService(value)}
              options={[...new Set(services.data?.rows.map((row) => row.service))].sort()}
            />
            <Facet label="Status" value={status} onChange={(value) => void setStatus(value)} options={STATUS_OPTIONS} />
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
                action={service || status ? <Button onClick={clear}>Clear the filters</Button> : undefined}
              >
                Nothing was deployed with this service, status and environment.
              </EmptyState>
            ) : (
              <EmptyState title="Nothing was deployed yet">
                Choose Deploy, a service and a version: you see the plan before anything starts. An agent does the same
                with the tool <code className="num">deploy_application</code>.
              </EmptyState>
            )
          }
        >
          {(data) => {
            const rows = data.pages.flatMap((page) => page.items);
            return (
              <>
                <DataTable
                  label="Deployments, newest first"
                  columns={DEPLOYMENT_COLUMNS}
                  rows={rows}
                  rowKey={(row) => row.id}
                  navigable
                />
                <LoadMore query={query} shown={rows.length} of={rows.length === 1 ? "deployment" : "deployments"} />
              </>
            );
          }}
        </QueryBoundary>
      </Section>
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
