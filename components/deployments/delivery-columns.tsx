"use client";

import type { Column } from "../data-table/data-table.tsx";
import { VisibleText } from "../feedback/visible-text.tsx";
import { EnvLink } from "../layout/env-link.tsx";
import { EnvironmentName } from "../marks/environment.tsx";
import type { RouterOutputs } from "../trpc/client.tsx";
import { Badge, type Tone } from "../ui/badge.tsx";
import { failuresOf, frequencyOf, gradeOf, leadTimeOf, restoreOf, restoreRatingOf } from "./delivery-words.ts";

type Row = RouterOutputs["deploy"]["dora"]["rows"][number];

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

export const DELIVERY_COLUMNS: readonly Column<Row>[] = [
  {
    id: "service",
    header: "Service",
    cell: (row) => (
      <>
        <EnvLink href={`/services/${row.service}?env=${encodeURIComponent(row.environment)}`} className="link">
          <VisibleText text={row.service} />
        </EnvLink>{" "}
        <EnvironmentName name={row.environment} className="block text-xs" />
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
