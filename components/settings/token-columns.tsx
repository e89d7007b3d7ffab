"use client";

import type { TokenView } from "#server/auth/schema.ts";
import type { Column } from "../data-table/data-table.tsx";
import { Mark } from "../feedback/mark.tsx";
import { Time } from "../feedback/time.tsx";
import { VisibleText } from "../feedback/visible-text.tsx";
import { MISSING } from "../lib/format.ts";
import { TOKEN_TONE } from "../marks/telemetry-states.ts";
import { Button } from "../ui/button.tsx";

export const tokenColumns = (myId: string, onRevoke: (token: TokenView) => void): readonly Column<TokenView>[] => [
  {
    id: "name",
    header: "Name",
    cell: (token) => (
      <>
        <span className="font-medium">
          <VisibleText text={token.name} />
        </span>
        <span className="num block text-ink-3 text-xs">{token.prefix}…</span>
      </>
    ),
  },
  { id: "state", header: "State", cell: (token) => <Mark tone={TOKEN_TONE[token.state]}>{token.state}</Mark> },
  { id: "role", header: "May at most", cell: (token) => token.role, hideBelow: "sm" },
  {
    id: "services",
    header: "Writes for",
    cell: (token) => {
      if (token.role !== "ingest") return MISSING;
      return token.services.length > 0 ? token.services.join(", ") : "any service";
    },
    hideBelow: "lg",
  },
  {
    id: "owner",
    header: "Whose",
    cell: (token) => (token.owner.id === myId ? "yours" : token.owner.name),
    hideBelow: "md",
  },
  {
    id: "used",
    header: "Last used",
    cell: (token) => (token.lastUsedAt ? <Time at={token.lastUsedAt} /> : <span className="text-ink-3">never</span>),
    hideBelow: "md",
  },
  { id: "made", header: "Made", cell: (token) => <Time at={token.createdAt} />, hideBelow: "lg" },
  { id: "expires", header: "Expires", cell: (token) => <Time at={token.expiresAt} />, hideBelow: "sm" },
  {
    id: "revoke",
    header: <span className="sr-only">Actions</span>,
    className: "text-right",
    cell: (token) =>
      token.state === "active" || token.state === "owner disabled" ? (
        <Button size="sm" onClick={() => onRevoke(token)} aria-label={`Revoke ${token.name}`}>
          Revoke…
        </Button>
      ) : null,
  },
];
