"use client";

import { isConsole } from "#server/agent/kernel/own-service.ts";
import type { ListServicesOutput, ServiceRow } from "#server/agent/services/schema.ts";
import { DataTable } from "../../data-table/data-table.tsx";
import { TableMenu } from "../../data-table/table-menu.tsx";
import type { TableSource } from "../../data-table/table-state.ts";
import { EmptyState } from "../../feedback/empty-state.tsx";
import { type BoundaryQuery, QueryBoundary } from "../../feedback/query-boundary.tsx";
import { EnvLink } from "../../layout/env-link.tsx";
import { useCan } from "../../trpc/session.tsx";
import { buttonClass } from "../../ui/button.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { serviceColumns } from "./service-columns.tsx";

const tableOf = (rows: readonly ServiceRow[], showEnvironment: boolean): TableSource<ServiceRow> => ({
  label: "Services, worst first",
  columns: serviceColumns(showEnvironment),
  rows,
  sortParameter: "sort",
  hideParameter: "hide",
});

/** The table's menu, for the actions of its section. */
export const ServiceTableMenu = ({
  data,
  showEnvironment,
}: {
  data: ListServicesOutput | undefined;
  showEnvironment: boolean;
}) => <TableMenu {...tableOf(data?.rows ?? [], showEnvironment)} />;

/** A row per service and environment, worst first unless the URL says otherwise. */
export function ServiceTable({
  query,
  showEnvironment,
}: {
  query: BoundaryQuery<ListServicesOutput>;
  showEnvironment: boolean;
}) {
  return (
    <QueryBoundary
      query={query}
      what="the services"
      skeleton={<SkeletonRows rows={9} />}
      empty={(data) => (data.rows.every(isConsole) ? <NothingConfigured /> : null)}
    >
      {(data) => (
        <>
          {data.rows.every((row) => row.origin === "observed") ? <NothingConfigured /> : null}
          <DataTable
            {...tableOf(data.rows, showEnvironment)}
            rowKey={(row) => `${row.service}/${row.environment ?? ""}`}
            navigable
          />
        </>
      )}
    </QueryBoundary>
  );
}

const NothingConfigured = () => (
  <EmptyState
    title="No service is configured here yet"
    action={
      useCan("settings.read") ? (
        <EnvLink className={buttonClass()} href="/settings?tab=config">
          See the configuration
        </EnvLink>
      ) : null
    }
  >
    Name what you operate under services in operate.config.yaml; it appears here within seconds of a restart.
  </EmptyState>
);
