"use client";

import { useMemo } from "react";
import type { ListServicesOutput } from "#server/agent/services/schema.ts";
import { DataTable } from "../data-table/data-table.tsx";
import { EmptyState } from "../feedback/empty-state.tsx";
import { type BoundaryQuery, QueryBoundary } from "../feedback/query-boundary.tsx";
import { EnvLink } from "../layout/env-link.tsx";
import { Button } from "../ui/button.tsx";
import { SkeletonRows } from "../ui/skeleton.tsx";
import { serviceColumns } from "./service-columns.tsx";

/** A row per service and environment, worst first unless the URL says otherwise. */
export function ServiceTable({
  query,
  showEnvironment,
}: {
  query: BoundaryQuery<ListServicesOutput>;
  showEnvironment: boolean;
}) {
  const columns = useMemo(() => serviceColumns(showEnvironment), [showEnvironment]);
  return (
    <QueryBoundary
      query={query}
      what="the services"
      skeleton={<SkeletonRows rows={9} />}
      empty={(data) =>
        data.rows.length === 0 ? (
          <EmptyState
            title="No service is configured here yet"
            action={
              <Button asChild>
                <EnvLink href="/settings?tab=config">See the configuration</EnvLink>
              </Button>
            }
          >
            Name what you operate under services in operate.config.yaml; it appears here within seconds of a restart.
          </EmptyState>
        ) : null
      }
    >
      {(data) => (
        <DataTable
          label="Services, worst first"
          columns={columns}
          rows={data.rows}
          rowKey={(row) => `${row.service}/${row.environment}`}
          sortParameter="sort"
          navigable
        />
      )}
    </QueryBoundary>
  );
}
