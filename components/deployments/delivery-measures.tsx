"use client";

import { useQuery } from "@tanstack/react-query";
import { parseAsStringLiteral, useQueryState } from "nuqs";
import { type Column, DataTable } from "../data-table/data-table.tsx";
import { EmptyState } from "../feedback/empty-state.tsx";
import { QueryBoundary } from "../feedback/query-boundary.tsx";
import { EnvLink } from "../layout/env-link.tsx";
import { Section } from "../layout/page.tsx";
import { formatDuration, formatNumber, formatPercent } from "../lib/format.ts";
import { type RouterOutputs, useTRPC } from "../trpc/client.tsx";
import { Badge, type Tone } from "../ui/badge.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { SkeletonRows } from "../ui/skeleton.tsx";

type Row = RouterOutputs["deploy"]["dora"]["rows"][number];

const DAYS = ["7", "30", "90"] as const;
const TONE: Record<NonNullable<Row["frequencyRating"]>, Tone> = {
  elite: "ok",
  high: "ok",
  medium: "warning",
  low: "critical",
};

const Rated = ({ value, rating, why }: { value: string | null; rating: Row["frequencyRating"]; why: string }) =>
  value === null ? (
    <span className="text-ink-3" title={why}>
      –
    </span>
  ) : (
    <span className="inline-flex items-center gap-2 whitespace-nowrap">
      <span className="num">{value}</span>
      {rating ? <Badge tone={TONE[rating]}>{rating}</Badge> : null}
    </span>
  );

const seconds = (value: number | null): string | null => (value === null ? null : formatDuration(value * 1_000));

const often = ({ deployments, perDay }: Row): string | null =>
  deployments === 0 ? null : perDay >= 1 ? `${formatNumber(perDay)} a day` : `${formatNumber(perDay * 7)} a week`;

const COLUMNS: readonly Column<Row>[] = [
  {
    id: "service",
    header: "Service",
    cell: (row) => (
      <>
        <EnvLink href={`/services/${row.service}?env=${encodeURIComponent(row.environment)}`} className="link">
          {row.service}
        </EnvLink>{" "}
        <span className="text-ink-3 text-xs">{row.environment}</span>
      </>
    ),
  },
  {
    id: "frequency",
    header: "Deployed",
    cell: (row) => <Rated value={often(row)} rating={row.frequencyRating} why="nothing was deployed" />,
  },
  {
    id: "lead",
    header: "Lead time",
    cell: (row) => (
      <Rated
        value={seconds(row.leadTimeSeconds)}
        rating={row.leadTimeRating}
        why="no commit times are known: set committedAt on the versions"
      />
    ),
    hideBelow: "lg",
  },
  {
    id: "failures",
    header: "Changes that failed",
    cell: (row) => (
      <Rated
        value={
          row.changeFailureRate === null
            ? null
            : `${formatPercent(row.changeFailureRate * 100)} (${row.failures} of ${row.changes})`
        }
        rating={row.failureRating}
        why="nothing was changed"
      />
    ),
  },
  {
    id: "restore",
    header: "Time to restore",
    cell: (row) => <Rated value={seconds(row.restoreSeconds)} rating={row.restoreRating} why="nothing failed" />,
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
          data.rows.length === 0 ? <EmptyState title="No service fits">Choose another filter.</EmptyState> : null
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
