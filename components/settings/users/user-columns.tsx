"use client";

import { Ellipsis } from "lucide-react";
import type { UserView } from "#server/auth/schema.ts";
import type { Column } from "../../data-table/data-table.tsx";
import { Mark } from "../../feedback/mark.tsx";
import { Time } from "../../feedback/time.tsx";
import { VisibleText } from "../../feedback/visible-text.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Menu, MenuItem } from "../../ui/menu.tsx";

export type Asked = { what: "role" | "disable" | "enable" | "reset"; user: UserView };

export const userColumns = (myId: string, onAsk: ((asked: Asked) => void) | null): readonly Column<UserView>[] => [
  {
    id: "name",
    header: "Name",
    cell: (user) => (
      <>
        <span className="font-medium">
          <VisibleText text={user.name} />
        </span>
        {user.id === myId ? <span className="text-ink-3"> (you)</span> : null}
        <span className="block break-all text-ink-3 text-xs">{user.email}</span>
      </>
    ),
  },
  { id: "role", header: "Role", cell: (user) => user.role },
  {
    id: "state",
    header: "State",
    cell: (user) => (
      <span className="flex flex-wrap items-center gap-2">
        {user.disabledAt ? <Mark tone="quiet">disabled</Mark> : <Mark tone="ok">enabled</Mark>}
        {user.mustChangePassword ? <Badge>one-time password</Badge> : null}
      </span>
    ),
    hideBelow: "sm",
  },
  { id: "created", header: "Created", cell: (user) => <Time at={user.createdAt} />, hideBelow: "md" },
  {
    id: "actions",
    header: <span className="sr-only">Actions</span>,
    className: "text-right",
    cell: (user) => (onAsk ? <UserMenu user={user} mine={user.id === myId} onAsk={onAsk} /> : null),
  },
];

const UserMenu = ({ user, mine, onAsk }: { user: UserView; mine: boolean; onAsk: (asked: Asked) => void }) => (
  <Menu
    trigger={
      <Button variant="ghost" size="icon" aria-label={`Actions for ${user.name}`}>
        <Ellipsis />
      </Button>
    }
  >
    <MenuItem onSelect={() => onAsk({ what: "role", user })}>Change the role…</MenuItem>
    {mine ? null : <MenuItem onSelect={() => onAsk({ what: "reset", user })}>Reset the password…</MenuItem>}
    {user.disabledAt ? (
      <MenuItem onSelect={() => onAsk({ what: "enable", user })}>Enable…</MenuItem>
    ) : (
      <MenuItem onSelect={() => onAsk({ what: "disable", user })}>Disable…</MenuItem>
    )}
  </Menu>
);
