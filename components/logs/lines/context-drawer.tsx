"use client";

import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { LogLineView } from "#server/agent/logs/schema.ts";
import { MOST_LINES_AROUND } from "#server/agent/logs/words.ts";
import { QueryBoundary } from "../../feedback/query-boundary.tsx";
import { plural } from "../../lib/format.ts";
import { LONG_READ, useTRPC } from "../../trpc/client.tsx";
import { Button } from "../../ui/button.tsx";
import { Drawer } from "../../ui/dialog.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { LineDetail } from "./line-detail.tsx";
import { type LineLook, LineRow } from "./line-row.tsx";

const FIRST = 50;

interface ContextDrawerProps {
  /** null: closed */
  lineId: string | null;
  look: LineLook;
  onFilter: (field: string, value: string, negated: boolean) => void;
  onClose: () => void;
}

/** What the same instance wrote before and after a line, whatever the search. */
export function ContextDrawer({ lineId, look, onFilter, onClose }: ContextDrawerProps) {
  const trpc = useTRPC();
  const [around, setAround] = useState(FIRST);
  const query = useQuery(
    trpc.logs.context.queryOptions(
      { lineId: lineId ?? "", before: around, after: around },
      { ...LONG_READ, enabled: lineId !== null, staleTime: Number.POSITIVE_INFINITY, placeholderData: keepOf(lineId) },
    ),
  );
  const line = query.data?.lines.find((one) => one.id === lineId);
  return (
    <Drawer
      open={lineId !== null}
      onOpenChange={(open) => open || onClose()}
      title="Lines in context"
      description={
        line
          ? `What ${line.instance || line.service || "the same source"} wrote before and after, nothing left out.`
          : undefined
      }
      className="max-w-4xl"
    >
      <QueryBoundary query={query} what="the lines around it" skeleton={<SkeletonRows rows={20} rowClassName="h-6" />}>
        {(data) => (
          <>
            <Lines lines={data.lines} lineId={lineId} look={look} onFilter={onFilter} />
            {around < MOST_LINES_AROUND && data.lines.length >= around ? (
              <div className="border-t p-2">
                <Button size="sm" disabled={query.isFetching} onClick={() => setAround(MOST_LINES_AROUND)}>
                  Show {plural(MOST_LINES_AROUND, "line")} before and after
                </Button>
              </div>
            ) : null}
          </>
        )}
      </QueryBoundary>
    </Drawer>
  );
}

/** While more lines around the same one are read, those that are there stay. */
const keepOf =
  (lineId: string | null) =>
  <T extends { lines: readonly { id: string }[] }>(before: T | undefined): T | undefined =>
    before?.lines.some((line) => line.id === lineId) ? before : undefined;

function Lines({
  lines,
  lineId,
  look,
  onFilter,
}: Pick<ContextDrawerProps, "lineId" | "look" | "onFilter"> & { lines: readonly LogLineView[] }) {
  const [openId, setOpen] = useState<string | null>(null);
  const chosen = useRef<HTMLLIElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when more lines came around it
  useEffect(() => {
    chosen.current?.scrollIntoView({ block: "center" });
  }, [lineId, lines.length]);
  return (
    <ul aria-label="Lines in context, oldest first" className="py-1">
      {lines.map((line) => (
        <li key={line.id} ref={line.id === lineId ? chosen : null} aria-current={line.id === lineId || undefined}>
          <LineRow
            line={line}
            look={look}
            open={line.id === openId}
            onToggle={({ id }) => setOpen((before) => (before === id ? null : id))}
            chosen={line.id === lineId}
          />
          {line.id === openId ? <LineDetail line={line} mark={look.mark} onFilter={onFilter} /> : null}
        </li>
      ))}
    </ul>
  );
}
