"use client";

import { useQuery } from "@tanstack/react-query";
import { parseAsArrayOf, parseAsStringLiteral, useQueryState } from "nuqs";
import { useMemo } from "react";
import type { DeploymentView, StepView } from "#server/agent/deploy/schema.ts";
import { ChartPanel } from "../../charts/chart-panel.tsx";
import type { PanelInput } from "../../charts/prepare/panel.ts";
import { useTRPC } from "../../trpc/client.tsx";
import { describeError } from "../../trpc/error-description.ts";
import { Segmented } from "../../ui/segmented.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { joinVersions, type VersionSeries } from "./join-series.ts";

const PANELS = ["rate", "errors", "latency"] as const;
type PanelName = (typeof PANELS)[number];
const QUANTILES = ["p50", "p95", "p99"] as const;
const LATENCY = { p50: "p50Ms", p95: "p95Ms", p99: "p99Ms" } as const;

/** Both versions on one axis under one cursor; a thin vertical where the share changed. */
export function VersionCharts({
  deployment,
  steps,
  active,
}: {
  deployment: DeploymentView;
  steps: readonly StepView[];
  active: boolean;
}) {
  const trpc = useTRPC();
  const query = useQuery(
    trpc.deploy.series.queryOptions({ deploymentId: deployment.id }, { refetchInterval: active ? 5_000 : 30_000 }),
  );
  if (query.data)
    return (
      <Charts
        versions={query.data.versions}
        stepSeconds={query.data.stepSeconds}
        markers={steps
          .filter((step) => step.weight !== null && step.finishedAt !== null && step.status === "passed")
          .map((step) => ({ at: step.finishedAt ?? "", label: `${step.weight} %` }))}
        cursor="deployment"
      />
    );
  if (query.error)
    return <p className="text-ink-2 text-sm">The charts could not be read. {describeError(query.error).message}</p>;
  return (
    <div className="grid gap-4 lg:grid-cols-3">
      <Skeleton className="h-[237px]" />
      <Skeleton className="h-[237px]" />
      <Skeleton className="h-[237px]" />
    </div>
  );
}

interface ChartsProps {
  versions: readonly VersionSeries[];
  stepSeconds: number;
  markers: PanelInput["markers"];
  cursor: string;
}

/** Requests, errors and one latency quantile of two versions. */
export function Charts({ versions, stepSeconds, markers, cursor }: ChartsProps) {
  const [tables, setTables] = useQueryState("table", parseAsArrayOf(parseAsStringLiteral(PANELS)).withDefault([]));
  const [quantile, setQuantile] = useQueryState("latency", parseAsStringLiteral(QUANTILES).withDefault("p95"));
  const inputs = useMemo(() => {
    const lines = versions.map(({ version, role }) => ({
      key: role,
      label: version,
      weight: role === "new" ? ("main" as const) : ("second" as const),
    }));
    const input = (unit: PanelInput["unit"], key: Parameters<typeof joinVersions>[1]): PanelInput => ({
      ...{ unit, lines, markers, stepSeconds },
      points: joinVersions(versions, key),
    });
    return {
      rate: input("per-second", "requestsPerSecond"),
      errors: input("percent", "errorPercent"),
      latency: input("ms", LATENCY[quantile]),
    };
  }, [versions, markers, stepSeconds, quantile]);
  const titles: Record<PanelName, string> = {
    rate: "Requests",
    errors: "Errors, 5xx",
    latency: `Latency, ${quantile}`,
  };
  return (
    <div className="flex flex-col gap-2">
      <div className="flex items-center justify-between gap-3">
        <h2 className="font-semibold text-sm">Both versions on one axis</h2>
        <Segmented
          label="Latency quantile"
          value={quantile}
          onChange={(value) => void setQuantile(value)}
          options={QUANTILES.map((value) => ({ value, label: value }))}
        />
      </div>
      <div className="grid gap-4 lg:grid-cols-3">
        {PANELS.map((name) => (
          <ChartPanel
            key={name}
            title={titles[name]}
            input={inputs[name]}
            rangeWords={`${stepSeconds} s a point`}
            cursor={cursor}
            asTable={tables.includes(name)}
            onAsTableChange={(asTable) =>
              void setTables(asTable ? [...tables, name] : tables.filter((table) => table !== name))
            }
          />
        ))}
      </div>
    </div>
  );
}
