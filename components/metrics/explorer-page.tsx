"use client";

import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { Facet } from "../data-table/facet.tsx";
import { SourceNote } from "../feedback/source-note.tsx";
import { Page } from "../layout/page.tsx";
import { formatCount } from "../lib/format.ts";
import { RangePicker } from "../time-range/range-picker.tsx";
import { ZoomOutButton } from "../time-range/zoom-out-button.tsx";
import { useTRPC } from "../trpc/client.tsx";
import { Button } from "../ui/button.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { MetricPanel } from "./metric-panel.tsx";
import { usePanels } from "./use-panels.ts";

/** Any number there is, over time: pick a metric, narrow it down, split it, compare. */
export function ExplorerPage() {
  const trpc = useTRPC();
  const { panels, source, setSource, change, remove, add } = usePanels();
  const known = useQuery(
    trpc.metrics.list.queryOptions({ limit: 1, ...(source ? { source } : {}) }, { staleTime: 60_000 }),
  );
  return (
    <Page
      title="Metrics"
      meta={
        known.data ? (
          <>
            <span className="text-ink-2">{formatCount(known.data.total)} known</span>
            <SourceNote source={known.data.source} />
          </>
        ) : known.error ? null : (
          <Skeleton className="h-3 w-40" />
        )
      }
      actions={
        <>
          <Facet
            label="Source"
            value={source}
            onChange={setSource}
            options={[
              { value: "built-in", label: "built-in store" },
              { value: "external", label: "external" },
            ]}
          />
          <ZoomOutButton />
          <RangePicker />
        </>
      }
    >
      {panels.map((panel, index) => (
        <MetricPanel
          // biome-ignore lint/suspicious/noArrayIndexKey: a panel is known by its place, in the URL too
          key={index}
          index={index}
          panel={panel}
          source={source}
          speaksPromql={known.data?.source.kind === "prometheus"}
          onChange={(next) => change(index, next)}
          onRemove={panels.length > 1 ? () => remove(index) : null}
        />
      ))}
      {add ? (
        <div>
          <Button onClick={add}>
            <Plus aria-hidden="true" /> Add a panel
          </Button>
        </div>
      ) : null}
    </Page>
  );
}
