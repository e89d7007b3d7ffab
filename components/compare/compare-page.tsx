"use client";

import { useQuery } from "@tanstack/react-query";
import { parseAsString, parseAsStringLiteral, useQueryState } from "nuqs";
import { Facet } from "../data-table/facet.tsx";
import { Charts } from "../deployments/detail/version-charts.tsx";
import { EmptyState } from "../feedback/empty-state.tsx";
import { Mark, type MarkTone } from "../feedback/mark.tsx";
import { QueryBoundary } from "../feedback/query-boundary.tsx";
import { Time } from "../feedback/time.tsx";
import { Page, Section } from "../layout/page.tsx";
import { formatCount } from "../lib/format.ts";
import { type RouterOutputs, useTRPC } from "../trpc/client.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { Skeleton, SkeletonRows } from "../ui/skeleton.tsx";

type Data = RouterOutputs["deploy"]["compare"];
type Metric = Data["metrics"][number];

const MINUTES = ["5", "30", "120"] as const;
const LOOK: Record<Metric["better"], { tone: MarkTone; word: string }> = {
  better: { tone: "ok", word: "better" },
  worse: { tone: "critical", word: "worse" },
  same: { tone: "quiet", word: "no difference" },
  unknown: { tone: "unknown", word: "not judged" },
};

/** One version against another, in words with numbers and on one axis. */
export function ComparePage() {
  const trpc = useTRPC();
  const [service] = useQueryState("service", parseAsString.withDefault(""));
  const [environment] = useQueryState("environment", parseAsString.withDefault(""));
  const [baseline, setBaseline] = useQueryState("baseline", parseAsString);
  const [candidate, setCandidate] = useQueryState("candidate", parseAsString);
  const [minutes, setMinutes] = useQueryState("minutes", parseAsStringLiteral(MINUTES).withDefault("30"));
  const query = useQuery(
    trpc.deploy.compare.queryOptions(
      {
        ...{ service, environment, minutes: Number(minutes) },
        ...(baseline ? { baseline } : {}),
        ...(candidate ? { candidate } : {}),
      },
      { enabled: service !== "" && environment !== "", refetchInterval: 15_000, placeholderData: (before) => before },
    ),
  );
  if (service === "" || environment === "")
    return (
      <Page title="Compare versions">
        <EmptyState title="Nothing is chosen">Open it from a service or a deployment: Compare versions.</EmptyState>
      </Page>
    );
  const { data } = query;
  return (
    <Page
      title={`${service} in ${environment}`}
      meta={<span className="text-ink-2">version against version</span>}
      actions={
        <>
          <Facet
            label="Old"
            value={baseline ?? data?.baseline?.version ?? null}
            onChange={(value) => void setBaseline(value)}
            options={data?.versions ?? []}
          />
          <Facet
            label="New"
            value={candidate ?? data?.candidate?.version ?? null}
            onChange={(value) => void setCandidate(value)}
            options={data?.versions ?? []}
          />
          <Segmented
            label="Minutes of each"
            value={minutes}
            onChange={(value) => void setMinutes(value)}
            options={MINUTES.map((value) => ({ value, label: value === "120" ? "2 h" : `${value} min` }))}
          />
        </>
      }
    >
      <QueryBoundary query={query} what="the comparison" skeleton={<Loading />}>
        {(loaded) => <Loaded data={loaded} />}
      </QueryBoundary>
    </Page>
  );
}

const Loading = () => (
  <>
    <div className="rounded-md border bg-surface">
      <SkeletonRows rows={9} />
    </div>
    <Skeleton className="h-[237px]" />
  </>
);

/** Follow from how the traffic is split; more of them is neither good nor bad. */
const CONTEXT = ["requestRate", "instances"];
const NO_MARKERS: { at: string; label: string }[] = [];

function Loaded({ data }: { data: Data }) {
  const { baseline, candidate, metrics, sameMinutes, summary, series, stepSeconds } = data;
  return (
    <div className="flex flex-col gap-4">
      <Section
        title={baseline && candidate ? `${candidate.version} against ${baseline.version}` : "Comparison"}
        note={
          sameMinutes ? "both served in the same minutes" : "each version's own newest minutes: other hours may differ"
        }
      >
        <div className="flex flex-col gap-2 p-3">
          <p className="text-base">{summary}.</p>
          <p className="text-ink-3 text-xs">
            {[baseline, candidate].map((side, i) =>
              side ? (
                <span key={side.version} className="mr-4">
                  <span className="num">{side.version}</span>: {formatCount(side.requests)} requests, until{" "}
                  <Time at={side.to} />
                </span>
              ) : (
                // biome-ignore lint/suspicious/noArrayIndexKey: two places
                <span key={i} />
              ),
            )}
          </p>
        </div>
        <ul className="border-t">
          {metrics.map((metric) => (
            <li
              key={metric.name}
              className="flex flex-wrap items-baseline gap-x-4 gap-y-1 border-t px-3 py-1.5 text-sm first:border-t-0"
            >
              {CONTEXT.includes(metric.name) ? (
                <span className="w-32 shrink-0 text-ink-3">for context</span>
              ) : (
                <Mark tone={LOOK[metric.better].tone} className="w-32 shrink-0">
                  {LOOK[metric.better].word}
                </Mark>
              )}
              <span className="min-w-0 flex-1 basis-64">{metric.sentence}</span>
            </li>
          ))}
        </ul>
      </Section>
      {series.length > 0 ? (
        <Charts versions={series} stepSeconds={stepSeconds} markers={NO_MARKERS} cursor="compare" />
      ) : null}
    </div>
  );
}
