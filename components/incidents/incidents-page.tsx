"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { parseAsString, parseAsStringLiteral, useQueryState } from "nuqs";
import { useState } from "react";
import type { IncidentView } from "#server/agent/incidents/schema.ts";
import { SEVERITIES } from "#server/agent/incidents/words.ts";
import { DataTable } from "../data-table/data-table.tsx";
import { Facet } from "../data-table/facet.tsx";
import { LoadMore } from "../data-table/load-more.tsx";
import { focusedRowKey } from "../data-table/row-navigation.ts";
import { TableMenu } from "../data-table/table-menu.tsx";
import { EmptyState } from "../feedback/empty-state.tsx";
import { FormError } from "../feedback/form-error.tsx";
import { QueryBoundary } from "../feedback/query-boundary.tsx";
import { Page, Section } from "../layout/page.tsx";
import { useEnvironment } from "../lib/environment.tsx";
import { plural } from "../lib/format.ts";
import { useShortcuts } from "../lib/shortcuts.ts";
import { placesOf } from "../services/places.ts";
import { useTRPC } from "../trpc/client.tsx";
import { useCan } from "../trpc/session.tsx";
import { Button } from "../ui/button.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { SkeletonRows } from "../ui/skeleton.tsx";
import { INCIDENT_COLUMNS } from "./incident-columns.tsx";
import { incidentsInput } from "./incidents-input.ts";
import { NewIncidentDialog } from "./new-incident-dialog.tsx";
import { ResolveDialog } from "./resolve-dialog.tsx";
import { useManageIncident } from "./use-manage-incident.ts";

const SHOWN = [
  { value: "unresolved", label: "Unresolved" },
  { value: "all", label: "All" },
] as const;

/** What is or was wrong; what is not resolved unless all are asked for. */
export function IncidentsPage() {
  const trpc = useTRPC();
  const mayWrite = useCan("incident.write");
  const { environment } = useEnvironment();
  const [show, setShow] = useQueryState("show", parseAsStringLiteral(["unresolved", "all"]).withDefault("unresolved"));
  const [severity, setSeverity] = useQueryState("severity", parseAsStringLiteral(SEVERITIES));
  const [service, setService] = useQueryState("service", parseAsString);
  const [creating, setCreating] = useQueryState("new", parseAsString);
  const services = useQuery(trpc.services.list.queryOptions({}));
  const query = useInfiniteQuery(
    trpc.incidents.list.infiniteQueryOptions(incidentsInput({ environment, service, severity, show }), {
      getNextPageParam: (page) => page.nextCursor,
    }),
  );
  const clear = () => void Promise.all([setSeverity(null), setService(null)]);
  const table = {
    label: "Incidents",
    columns: INCIDENT_COLUMNS,
    rows: query.data?.pages.flatMap((page) => page.items) ?? [],
    sortParameter: "sort",
    hideParameter: "hide",
  };
  const unresolved = query.data?.pages[0]?.unresolved;

  return (
    <Page
      title="Incidents"
      meta={
        unresolved === undefined ? null : (
          <span className="text-ink-2">{plural(unresolved, "incident")} not resolved</span>
        )
      }
      actions={
        mayWrite ? (
          <Button variant="primary" onClick={() => void setCreating("1")}>
            <Plus aria-hidden="true" /> New incident
          </Button>
        ) : (
          <span className="text-ink-3 text-sm">Changing incidents needs the role responder.</span>
        )
      }
    >
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <Segmented label="Which incidents" value={show} onChange={(value) => void setShow(value)} options={SHOWN} />
        <Facet
          label="Severity"
          value={severity}
          onChange={(value) => void setSeverity(value)}
          options={SEVERITIES.toReversed()}
        />
        <Facet
          label="Service"
          value={service}
          onChange={(value) => void setService(value)}
          options={[...new Set(placesOf(services.data?.rows).map((row) => row.service))].sort()}
        />
      </div>
      <Section
        title={show === "unresolved" ? "Not resolved" : "All incidents"}
        note={environment ? `in ${environment}, newest first` : "newest first"}
        actions={<TableMenu {...table} />}
      >
        <QueryBoundary
          query={query}
          what="the incidents"
          skeleton={<SkeletonRows rows={6} />}
          empty={(data) =>
            data.pages[0]?.items.length ? null : severity || service || (environment && show === "all") ? (
              <EmptyState
                title="No incident matches"
                action={severity || service ? <Button onClick={clear}>Clear the filters</Button> : undefined}
              >
                {environment ? `Incidents of other environments than ${environment} are not shown.` : null}
              </EmptyState>
            ) : show === "unresolved" ? (
              <EmptyState title="Nothing is broken as far as Operate knows">
                A failing health check and a failed deployment open an incident by themselves; open one yourself when
                you know more.
              </EmptyState>
            ) : (
              <EmptyState title="There has been no incident yet">
                A failing health check and a failed deployment open one by themselves.
              </EmptyState>
            )
          }
        >
          {() => (
            <>
              {mayWrite ? <RowActions rows={table.rows} /> : null}
              <DataTable {...table} rowKey={(row) => row.id} navigable />
              <LoadMore
                query={query}
                shown={table.rows.length}
                of={table.rows.length === 1 ? "incident" : "incidents"}
              />
            </>
          )}
        </QueryBoundary>
      </Section>
      <NewIncidentDialog
        open={creating !== null && mayWrite}
        onOpenChange={(open) => void setCreating(open ? "1" : null)}
        service={service}
        environment={environment}
      />
    </Page>
  );
}

/** e and r act on the row that has the focus. */
function RowActions({ rows }: { rows: readonly IncidentView[] }) {
  const manage = useManageIncident();
  const [resolving, setResolving] = useState<IncidentView | null>(null);
  const focused = () => rows.find((row) => row.id === focusedRowKey());
  useShortcuts([
    {
      keys: "e",
      label: "Acknowledge",
      group: "List",
      run: () => {
        const row = focused();
        if (row && !manage.isPending) manage.mutate({ action: "update", incidentId: row.id, status: "acknowledged" });
      },
    },
    {
      keys: "r",
      label: "Resolve…",
      group: "List",
      run: () => setResolving(focused() ?? null),
    },
  ]);
  return (
    <>
      {manage.error ? (
        <div className="border-b px-3 py-2">
          <FormError error={manage.error} />
        </div>
      ) : null}
      {resolving ? (
        <ResolveDialog incident={resolving} open onOpenChange={(open) => open || setResolving(null)} />
      ) : null}
    </>
  );
}
