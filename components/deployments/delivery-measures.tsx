"use client";

import { useQuery } from "@tanstack/react-query";
import { parseAsStringLiteral, useQueryState } from "nuqs";
import { type Column, DataTable } from "../data-table/data-table.tsx";
import { EmptyState } from "../feedback/empty-state.tsx";
import { QueryBoundary } from "../feedback/query-boundary.tsx";
import { VisibleText } from "../feedback/visible-text.tsx";
import { EnvLink } from "../layout/env-link.tsx";
import { Section } from "../layout/page.tsx";
import { type RouterOutputs, useTRPC } from "../trpc/client.tsx";
import { Badge, type Tone } from "../ui/badge.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { SkeletonRows } from "../ui/skeleton.tsx";
import { failuresOf, frequencyOf, gradeOf, leadTimeOf, restoreOf, restoreRatingOf } from "./delivery-words.ts";

type Row = RouterOutputs["deploy"]["dora"]["rows"][number];

const DAYS = ["7", "30", "90"] as const;
const TONE: Record<NonNullable<Row["frequencyRating"]>, Tone> = {
  elite: "ok",
  high: "ok",
  medium: "neutral",
  low: "warning",
};

interface RatedProps {
  value: string | null;
  rating: Row["frequencyRating"];
  /** what the value is of, or why there is none */
  base: string;
}

export const Rated = ({ value, rating, base }: RatedProps) => (
  <span className="flex flex-col py-0.5">
    {value === null ? null : (
      <span className="inline-flex flex-wrap items-center gap-x-2 xl:whitespace-nowrap">
        <span className="num">{value}</span>
        {rating ? <Badge tone={TONE[rating]}>{gradeOf(rating)}</Badge> : null}
      </span>
    )}
    <span className="text-ink-3 text-xs">{base}</span>
  </span>
);

const COLUMNS: readonly Column<Row>[] = [
  {
    id: "service",
    header: "Service",
    cell: (row) => (
      <>
        <EnvLink href={`/services/${row.service}?env=${encodeURIComponent(row.environment)}`} className="link">
          <VisibleText text={row.service} />
        </EnvLink>{" "}
        <span className="block text-ink-3 text-xs">{row.environment}</span>
      </>
    ),
  },
  {
    id: "frequency",
    header: "Deployed",
    cell: (row) => <Rated {...frequencyOf(row)} rating={row.frequencyRating} />,
  },
  {
    id: "lead",
    header: "Lead time",
    cell: (row) => <Rated {...leadTimeOf(row)} rating={row.leadTimeRating} />,
    hideBelow: "md",
  },
  {
    id: "failures",
    header: "Failed changes",
    cell: (row) => <Rated {...failuresOf(row)} rating={row.failureRating} />,
  },
  {
    id: "restore",
    header: "Time to restore",
    cell: (row) => <Rated {...restoreOf(row)} rating={restoreRatingOf(row)} />,
    hideBelow: "sm",
  },
];

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
            columns={COLUMNS}
            rows={[...data.rows].sort((a, b) => b.deployments + b.failures - (a.deployments + a.failures))}
            rowKey={(row) => `${row.service}/${row.environment}`}
          />
        )}
      </QueryBoundary>
    </Section>
  );
}
