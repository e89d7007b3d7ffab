"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { DataTable } from "../../data-table/data-table.tsx";
import { LoadMore } from "../../data-table/load-more.tsx";
import { QueryBoundary } from "../../feedback/query-boundary.tsx";
import { Section } from "../../layout/page.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { useCan, useMe } from "../../trpc/session.tsx";
import { Button } from "../../ui/button.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { DisableDialog, EnableDialog } from "./disable-dialog.tsx";
import { NewUserDialog } from "./new-user-dialog.tsx";
import { ResetPasswordDialog } from "./reset-password-dialog.tsx";
import { RoleDialog } from "./role-dialog.tsx";
import { type Asked, userColumns } from "./user-columns.tsx";

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
                columns={userColumns(me.id, mayWrite ? setAsked : null)}
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
