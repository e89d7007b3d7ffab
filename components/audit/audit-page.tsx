"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { parseAsString, useQueryState } from "nuqs";
import { DataTable } from "../data-table/data-table.tsx";
import { LoadMore } from "../data-table/load-more.tsx";
import { TableMenu } from "../data-table/table-menu.tsx";
import { EmptyState } from "../feedback/empty-state.tsx";
import { QueryBoundary } from "../feedback/query-boundary.tsx";
import { Page, Section } from "../layout/page.tsx";
import { useTRPC } from "../trpc/client.tsx";
import { useCan } from "../trpc/session.tsx";
import { SkeletonRows } from "../ui/skeleton.tsx";
import { auditColumns } from "./audit-columns.tsx";
import { AuditEntry } from "./audit-entry.tsx";
import { AuditFilters, useAuditFilters } from "./audit-filters.tsx";
import type { AuditEntryView } from "./entry.ts";

const PAGE = 50;

interface ActionNames {
  /** those that are on record today, for the filter */
  actions: readonly string[];
}

/** Who did what, on whose word: every change that was made or refused. */
export function AuditPage({ actions }: ActionNames) {
  return (
    <Page title="Audit">
      {useCan("audit.read") ? (
        <AuditLog actions={actions} />
      ) : (
        <Section title="Not for your role">
          <EmptyState title="The audit log needs the role responder">Ask an admin for it.</EmptyState>
        </Section>
      )}
    </Page>
  );
}

function AuditLog({ actions }: ActionNames) {
  const trpc = useTRPC();
  const filters = useAuditFilters();
  const [entryId, setEntryId] = useQueryState("entry", parseAsString);
  const query = useInfiniteQuery(
    trpc.audit.list.infiniteQueryOptions(
      { limit: PAGE, ...filters.input },
      { getNextPageParam: (page) => page.nextCursor },
    ),
  );
  const entries = query.data?.pages.flatMap((page) => page.items) ?? [];
  const table = {
    label: "Audit log, newest first",
    columns: auditColumns((id) => void setEntryId(id)),
    rows: entries,
    hideParameter: "hide",
  };
  return (
    <>
      <AuditFilters {...filters} actions={actions} actors={actorsOf(entries)} />
      <Section title="Changes" note="newest first, refused ones too" actions={<TableMenu {...table} />}>
        <QueryBoundary
          query={query}
          what="the audit log"
          skeleton={<SkeletonRows rows={12} />}
          empty={(data) =>
            data.pages[0]?.items.length ? null : (
              <EmptyState title={filters.any ? "No entry matches" : "Nothing was changed yet"}>
                {filters.any
                  ? "Choose other filters, or clear them all."
                  : "Every change by a person, an agent or Operate itself appears here, with what it was before and after."}
              </EmptyState>
            )
          }
        >
          {() => (
            <>
              <DataTable {...table} rowKey={(entry) => entry.id} navigable />
              <LoadMore query={query} shown={entries.length} of={entries.length === 1 ? "entry" : "entries"} />
            </>
          )}
        </QueryBoundary>
      </Section>
      <AuditEntry entry={entries.find((entry) => entry.id === entryId) ?? null} onClose={() => void setEntryId(null)} />
    </>
  );
}

const actorsOf = (entries: readonly AuditEntryView[]) =>
  [...new Map(entries.map(({ actor }) => [actor.id, actor])).values()].sort((a, b) => a.name.localeCompare(b.name));
