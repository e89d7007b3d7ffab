"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { Ellipsis, Plus } from "lucide-react";
import { useState } from "react";
import type { UserView } from "#server/auth/schema.ts";
import { type Column, DataTable } from "../data-table/data-table.tsx";
import { LoadMore } from "../data-table/load-more.tsx";
import { Mark } from "../feedback/mark.tsx";
import { QueryBoundary } from "../feedback/query-boundary.tsx";
import { Time } from "../feedback/time.tsx";
import { VisibleText } from "../feedback/visible-text.tsx";
import { Section } from "../layout/page.tsx";
import { useTRPC } from "../trpc/client.tsx";
import { useCan, useMe } from "../trpc/session.tsx";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Menu, MenuItem } from "../ui/menu.tsx";
import { SkeletonRows } from "../ui/skeleton.tsx";
import { DisableDialog, EnableDialog } from "./disable-dialog.tsx";
import { NewUserDialog } from "./new-user-dialog.tsx";
import { ResetPasswordDialog } from "./reset-password-dialog.tsx";
import { RoleDialog } from "./role-dialog.tsx";

type Asked = { what: "role" | "disable" | "enable" | "reset"; user: UserView };

/** Who may sign in, and as what. */
export function UsersPanel() {
  const trpc = useTRPC();
  const me = useMe();
  const mayWrite = useCan("user.write");
  const query = useInfiniteQuery(
    trpc.users.list.infiniteQueryOptions({}, { getNextPageParam: (page) => page.nextCursor }),
  );
  const [creating, setCreating] = useState(false);
  const [asked, setAsked] = useState<Asked | null>(null);
  const close = () => setAsked(null);
  return (
    <Section
      title="Users"
      note="nobody can sign up by themselves"
      actions={
        mayWrite ? (
          <Button size="sm" variant="primary" onClick={() => setCreating(true)}>
            <Plus aria-hidden="true" /> New user
          </Button>
        ) : null
      }
    >
      <QueryBoundary query={query} what="the users" skeleton={<SkeletonRows rows={4} />}>
        {(data) => {
          const users = data.pages.flatMap((page) => page.items);
          return (
            <>
              <DataTable
                label="Users"
                columns={columns(me.id, mayWrite ? setAsked : null)}
                rows={users}
                rowKey={(user) => user.id}
              />
              <LoadMore query={query} shown={users.length} of={users.length === 1 ? "user" : "users"} />
            </>
          );
        }}
      </QueryBoundary>
      <NewUserDialog open={creating} onOpenChange={setCreating} />
      {asked?.what === "role" ? <RoleDialog user={asked.user} onClose={close} /> : null}
      {asked?.what === "disable" ? <DisableDialog user={asked.user} onClose={close} /> : null}
      {asked?.what === "enable" ? <EnableDialog user={asked.user} onClose={close} /> : null}
      {asked?.what === "reset" ? <ResetPasswordDialog user={asked.user} onClose={close} /> : null}
    </Section>
  );
}

const columns = (myId: string, onAsk: ((asked: Asked) => void) | null): readonly Column<UserView>[] => [
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
