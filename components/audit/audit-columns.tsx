"use client";

import { type Column, RowButton } from "../data-table/data-table.tsx";
import { Mark } from "../feedback/mark.tsx";
import { Time } from "../feedback/time.tsx";
import { VisibleText } from "../feedback/visible-text.tsx";
import { AuditActor } from "./audit-actor.tsx";
import type { AuditEntryView } from "./entry.ts";
import { targetName } from "./target-name.ts";

export const OutcomeMark = ({ outcome }: { outcome: AuditEntryView["outcome"] }) => (
  <Mark tone={outcome === "done" ? "quiet" : "warning"}>{outcome}</Mark>
);

/** By its name where the entry tells it; the id on hover. */
const TargetName = ({ entry }: { entry: AuditEntryView }) => (
  <span title={entry.target?.id}>
    <VisibleText text={targetName(entry)} />
  </span>
);

const jsonOf = (value: unknown): string | null =>
  value === null || value === undefined ? null : JSON.stringify(value);

/** A row opens the entry beside the list; in a file it has all of the entry. */
export const auditColumns = (onOpen: (id: string) => void): readonly Column<AuditEntryView>[] => [
  {
    id: "action",
    header: "What",
    csv: (entry) => entry.action,
    more: [
      { name: "Error", csv: (entry) => entry.errorCode },
      { name: "Request", csv: (entry) => entry.requestId },
      { name: "Before", csv: (entry) => jsonOf(entry.before) },
      { name: "After", csv: (entry) => jsonOf(entry.after) },
    ],
    cell: (entry) => (
      <>
        <RowButton onClick={() => onOpen(entry.id)} className="num break-words max-sm:text-xs">
          {entry.action}
        </RowButton>
        <span className="block truncate text-ink-3 text-xs lg:hidden">
          <TargetName entry={entry} />
        </span>
      </>
    ),
    className: "max-w-36 sm:max-w-56",
  },
  {
    id: "who",
    header: "Who",
    csv: (entry) => entry.actor.name,
    more: [
      { name: "Kind of actor", csv: (entry) => entry.actor.kind },
      { name: "Id of actor", csv: (entry) => entry.actor.id },
    ],
    cell: (entry) => <AuditActor actor={entry.actor} />,
    className: "max-w-28 sm:max-w-64",
  },
  {
    id: "target",
    header: "On what",
    csv: (entry) => entry.target?.type ?? null,
    more: [{ name: "Id of what", csv: (entry) => entry.target?.id ?? null }],
    cell: (entry) => (
      <span className="text-ink-2">
        <TargetName entry={entry} />
      </span>
    ),
    hideBelow: "lg",
  },
  {
    id: "outcome",
    header: "Outcome",
    csv: (entry) => entry.outcome,
    cell: (entry) => <OutcomeMark outcome={entry.outcome} />,
    phone: (entry) => (entry.outcome === "done" ? null : <OutcomeMark outcome={entry.outcome} />),
    hideBelow: "sm",
  },
  {
    id: "reason",
    header: "Reason",
    csv: (entry) => entry.reason,
    cell: (entry) => <span className="line-clamp-1 text-ink-2">{entry.reason ?? ""}</span>,
    phone: (entry) => entry.reason || null,
    hideBelow: "xl",
    className: "w-1/4",
  },
  {
    id: "via",
    header: "Via",
    csv: (entry) => entry.via,
    cell: (entry) => <span className="text-ink-2">{entry.via}</span>,
    hideBelow: "md",
  },
  {
    id: "at",
    header: "When",
    csv: (entry) => entry.at,
    cell: (entry) => <Time at={entry.at} className="whitespace-nowrap text-ink-2" />,
  },
];
