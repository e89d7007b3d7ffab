"use client";

import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import type { TokenView } from "#server/auth/schema.ts";
import { DataTable } from "../data-table/data-table.tsx";
import { LoadMore } from "../data-table/load-more.tsx";
import { EmptyState } from "../feedback/empty-state.tsx";
import { QueryBoundary } from "../feedback/query-boundary.tsx";
import { Section } from "../layout/page.tsx";
import { useTRPC } from "../trpc/client.tsx";
import { useMe } from "../trpc/session.tsx";
import { Button } from "../ui/button.tsx";
import { SkeletonRows } from "../ui/skeleton.tsx";
import { ConfirmDialog } from "./confirm-dialog.tsx";
import { NewTokenDialog } from "./new-token-dialog.tsx";
import { tokenColumns } from "./token-columns.tsx";

/** What agents and programs sign in with. Everyone sees their own, an admin all. */
export function TokensPanel() {
  const trpc = useTRPC();
  const me = useMe();
  const query = useInfiniteQuery(
    trpc.tokens.list.infiniteQueryOptions({}, { getNextPageParam: (page) => page.nextCursor }),
  );
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<TokenView | null>(null);
  return (
    <Section
      title="API tokens"
      note={me.role === "admin" ? "of everyone" : "your own"}
      actions={
        <Button size="sm" variant="primary" onClick={() => setCreating(true)}>
          <Plus aria-hidden="true" /> New token
        </Button>
      }
    >
      <QueryBoundary
        query={query}
        what="the tokens"
        skeleton={<SkeletonRows rows={4} />}
        empty={(data) =>
          data.pages[0]?.items.length ? null : (
            <EmptyState title="No token yet">
              Make one for each agent or program that uses Operate: what it does is then recorded under the token's
              name.
            </EmptyState>
          )
        }
      >
        {(data) => {
          const tokens = data.pages.flatMap((page) => page.items);
          return (
            <>
              <DataTable
                label="API tokens"
                columns={tokenColumns(me.id, setRevoking)}
                rows={tokens}
                rowKey={(token) => token.id}
              />
              <LoadMore query={query} shown={tokens.length} of={tokens.length === 1 ? "token" : "tokens"} />
            </>
          );
        }}
      </QueryBoundary>
      <NewTokenDialog open={creating} onOpenChange={setCreating} />
      {revoking ? <RevokeDialog token={revoking} onClose={() => setRevoking(null)} /> : null}
    </Section>
  );
}

function RevokeDialog({ token, onClose }: { token: TokenView; onClose: () => void }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const revoke = useMutation(
    trpc.tokens.revoke.mutationOptions({
      onSuccess: onClose,
      onSettled: () => queryClient.invalidateQueries(trpc.tokens.pathFilter()),
    }),
  );
  return (
    <ConfirmDialog
      title={`Revoke ${token.name}`}
      action={`Revoke ${token.name}`}
      mutation={revoke}
      onConfirm={() => revoke.mutate({ tokenId: token.id })}
      onClose={onClose}
    >
      Whatever signs in with it is refused from its next request on. This cannot be undone: make a new token instead.
    </ConfirmDialog>
  );
}
