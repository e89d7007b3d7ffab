"use client";

import { useQuery } from "@tanstack/react-query";
import { EmptyState } from "../../feedback/empty-state.tsx";
import { EnvLink } from "../../layout/env-link.tsx";
import { Page, Section } from "../../layout/page.tsx";
import { plural } from "../../lib/format.ts";
import { useTRPC } from "../../trpc/client.tsx";
import { Button, buttonClass } from "../../ui/button.tsx";

/** Why a trace cannot be shown, and for how long spans are kept. */
export function NoTrace({ traceId, message, onRetry }: { traceId: string; message: string; onRetry: () => void }) {
  const trpc = useTRPC();
  const kept = useQuery(trpc.ingest.overview.queryOptions({}));
  const days = kept.data?.storage.find(({ signal }) => signal === "traces")?.keptDays;
  return (
    <Page title="Trace" meta={<span className="num break-all text-ink-3 text-xs">{traceId}</span>}>
      <Section title="Spans">
        <EmptyState
          title="This trace is not there"
          action={
            <span className="flex gap-2">
              <Button onClick={onRetry}>Look again</Button>
              <EnvLink className={buttonClass({ variant: "ghost" })} href="/traces">
                All traces
              </EnvLink>
            </span>
          }
        >
          {message} {days ? `The built-in store keeps spans for ${plural(days, "day")}.` : ""}
        </EmptyState>
      </Section>
    </Page>
  );
}
