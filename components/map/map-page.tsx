"use client";

import { useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { parseAsString, parseAsStringLiteral, useQueryState } from "nuqs";
import { useCallback } from "react";
import type { ServiceMapOutput } from "#server/agent/traces/schema.ts";
import { MAP_RANGES } from "#server/agent/traces/words.ts";
import { QueryBoundary } from "../feedback/query-boundary.tsx";
import { SourceNote } from "../feedback/source-note.tsx";
import { VisibleText } from "../feedback/visible-text.tsx";
import { Page, Section } from "../layout/page.tsx";
import { cn } from "../lib/cn.ts";
import { useEnvironment } from "../lib/environment.tsx";
import { useWide } from "../lib/wide.ts";
import { useTRPC } from "../trpc/client.tsx";
import { READ_TOGETHER } from "../trpc/read-together.ts";
import { Segmented } from "../ui/segmented.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { DEFAULT_MAP_RANGE, MAP_RANGE_WORDS } from "./map-range.ts";
import { MapSide, NoMap } from "./map-side.tsx";
import { MapTables } from "./map-tables.tsx";

const HEIGHT = "h-[max(24rem,calc(100dvh-17rem))]";
const MapCanvas = dynamic(() => import("./map-canvas.tsx").then((module) => module.MapCanvas), {
  ssr: false,
  loading: () => <div className={cn(HEIGHT, "mb-[33px] bg-page")} />,
});
const VIEWS = ["map", "table"] as const;
const REFRESH_MS = 15_000;

/** Who calls whom, what fails, and who feels it? */
export function MapPage() {
  const trpc = useTRPC();
  const { environment } = useEnvironment();
  const [range, setRange] = useQueryState("range", parseAsStringLiteral(MAP_RANGES).withDefault(DEFAULT_MAP_RANGE));
  const [view, setView] = useQueryState("view", parseAsStringLiteral(VIEWS));
  const wide = useWide(768);
  const query = useQuery(
    trpc.traces.map.queryOptions(
      { range, ...(environment ? { environment } : {}) },
      {
        ...READ_TOGETHER,
        refetchInterval: REFRESH_MS,
        placeholderData: (before) => (before?.environment === environment ? before : undefined),
      },
    ),
  );
  return (
    <Page
      title="Service map"
      meta={query.data ? <SourceNote source={query.data.source} /> : <Skeleton className="h-3 w-28" />}
      actions={
        <>
          <Segmented
            label="View"
            value={view ?? (wide ? "map" : "table")}
            onChange={(next) => void setView(next)}
            options={[
              { value: "map", label: "Map" },
              { value: "table", label: "Table" },
            ]}
          />
          <Segmented
            label="Range"
            value={range}
            onChange={(next) => void setRange(next)}
            options={MAP_RANGES.map((value) => ({ value, label: value, title: MAP_RANGE_WORDS[value] }))}
          />
        </>
      }
    >
      <QueryBoundary
        query={query}
        what="the service map"
        skeleton={<Loading />}
        empty={(data) =>
          data.nodes.length === 0 ? (
            <Section title="Services">
              <NoMap />
            </Section>
          ) : null
        }
      >
        {(data) => <Loaded key={`${environment} ${range}`} map={data} view={view} environment={environment} />}
      </QueryBoundary>
    </Page>
  );
}

interface LoadedProps {
  map: ServiceMapOutput;
  /** null: nobody has chosen, so the width decides */
  view: (typeof VIEWS)[number] | null;
  environment: string | null;
}

function Loaded({ map, view, environment }: LoadedProps) {
  const { nodes, edges } = map;
  const [chosen, setChosen] = useQueryState("node", parseAsString);
  const choose = useCallback((id: string | null) => void setChosen(id, { history: "replace" }), [setChosen]);
  const node = nodes.find(({ id }) => id === chosen) ?? null;
  const side = { nodes, edges, environment, chosen: node, onChoose: choose };
  return (
    <div className="flex flex-col gap-4">
      <p className="min-h-5 font-medium">
        <VisibleText text={map.summary} />
      </p>
      <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_20rem]">
        {view === "table" ? null : (
          <section className={cn("overflow-hidden rounded-md border bg-surface", view === null && "max-md:hidden")}>
            <h2 className="sr-only">Map</h2>
            <MapCanvas nodes={nodes} edges={edges} chosen={node?.id ?? null} onChoose={choose} className={HEIGHT} />
          </section>
        )}
        {view === "map" ? null : (
          <div className={cn("min-w-0", view === null && "md:hidden")}>
            <MapTables nodes={nodes} edges={edges} onChoose={choose} />
          </div>
        )}
        <div className={cn(node === null && (view === "table" ? "hidden" : view === null && "max-md:hidden"))}>
          <MapSide {...side} className="max-h-[max(26rem,calc(100dvh-15rem))] overflow-y-auto" />
        </div>
      </div>
      {map.truncated ? (
        <p className="text-ink-3 text-xs">
          Services that are well and called least are left out: there are too many to draw.
        </p>
      ) : null}
    </div>
  );
}

const Loading = () => (
  <div className="flex flex-col gap-4">
    <Skeleton className="h-5 w-2/3" />
    <Skeleton className={HEIGHT} />
  </div>
);
