"use client";

import { useQuery } from "@tanstack/react-query";
import { parseAsStringLiteral, useQueryState } from "nuqs";
import { DataTable } from "../data-table/data-table.tsx";
import { EmptyState } from "../feedback/empty-state.tsx";
import { QueryBoundary } from "../feedback/query-boundary.tsx";
import { Section } from "../layout/page.tsx";
import { useTRPC } from "../trpc/client.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { SkeletonRows } from "../ui/skeleton.tsx";
import { DELIVERY_COLUMNS } from "./delivery-columns.tsx";

const DAYS = ["7", "30", "90"] as const;

/** The four key measures of delivery per service, after DORA; those without a deployment last. */
export function DeliveryMeasures({ environment, service }: { environment: string | null; service: string | null }) {
  const trpc = useTRPC();
  const [days, setDays] = useQueryState("days", parseAsStringLiteral(DAYS).withDefault("30"));
  const query = useQuery(
    trpc.deploy.dora.queryOptions({
      days: Number(days),
      ...(environment ? { environment } : {}),
      ...(service ? { service } : {}),
    }),
  );
  return (
    <Section
      title="Delivery"
      note={
        <>
          the four key measures of{" "}
          <a href="https://dora.dev/guides/dora-metrics-four-keys/" className="link" target="_blank" rel="noreferrer">
            DORA
          </a>
          , medians
        </>
      }
      actions={
        <Segmented
          label="Days"
          value={days}
          onChange={(value) => void setDays(value)}
          options={DAYS.map((value) => ({ value, label: `${value} d` }))}
        />
      }
    >
      <QueryBoundary
        query={query}
        what="the measures"
        skeleton={<SkeletonRows rows={4} />}
        empty={(data) =>
          data.rows.length > 0 ? null : service || environment ? (
            <EmptyState title="No service fits">Choose another filter.</EmptyState>
          ) : (
            <EmptyState title="No service is configured yet">Deployments are measured per service.</EmptyState>
          )
        }
      >
        {(data) => (
          <DataTable
            label="Delivery per service"
            columns={DELIVERY_COLUMNS}
            rows={[...data.rows].sort((a, b) => b.deployments + b.failures - (a.deployments + a.failures))}
            rowKey={(row) => `${row.service}/${row.environment}`}
          />
        )}
      </QueryBoundary>
    </Section>
  );
}
