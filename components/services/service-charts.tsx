"use client";

import { parseAsArrayOf, parseAsStringLiteral, useQueryState } from "nuqs";
import { useMemo } from "react";
import { ChartPanel } from "../charts/chart-panel.tsx";
import type { Line, PanelInput, Unit } from "../charts/prepare/panel.ts";
import type { RouterOutputs } from "../trpc/client.tsx";

type Service = RouterOutputs["services"]["get"];

const PANELS = ["rate", "errors", "latency"] as const;
type PanelName = (typeof PANELS)[number];

const LOOK: Record<PanelName, { title: string; unit: Unit; lines: Line[] }> = {
  rate: {
    title: "Requests",
    unit: "per-second",
    lines: [{ key: "requestsPerSecond", label: "requests", weight: "main" }],
  },
  errors: {
    title: "Errors, 5xx",
    unit: "percent",
    lines: [{ key: "errorPercent", label: "share of requests", weight: "main" }],
  },
  latency: {
    title: "Latency",
    unit: "ms",
    lines: [
      { key: "p50Ms", label: "p50", weight: "third" },
      { key: "p99Ms", label: "p99", weight: "second" },
      { key: "p95Ms", label: "p95", weight: "main" },
    ],
  },
};

/** The version a change put out, for its marker; other changes are in the list below. */
const versionOf = (title: string): string => /(\S+): [\w ]+$/.exec(title)?.[1] ?? "deploy";

/** Traffic, errors and latency under one cursor, with a thin vertical where a deployment was. */
export function ServiceCharts({ service, rangeWords }: { service: Service; rangeWords: string }) {
  const [tables, setTables] = useQueryState("table", parseAsArrayOf(parseAsStringLiteral(PANELS)).withDefault([]));
  const inputs = useMemo(() => {
    const markers = service.changes
      .filter((change) => change.kind === "deployment")
      .map((change) => ({ at: change.at, label: versionOf(change.title) }));
    const input = (name: PanelName): PanelInput => ({
      unit: LOOK[name].unit,
      lines: LOOK[name].lines,
      points: service.series,
      markers,
      stepSeconds: service.stepSeconds,
    });
    return { rate: input("rate"), errors: input("errors"), latency: input("latency") };
  }, [service]);
  const toggle = (name: PanelName, asTable: boolean) =>
    void setTables(asTable ? [...tables, name] : tables.filter((table) => table !== name));

  return (
    <div className="grid gap-4 lg:grid-cols-2 2xl:grid-cols-3">
      {PANELS.map((name) => (
        <ChartPanel
          key={name}
          title={LOOK[name].title}
          input={inputs[name]}
          rangeWords={rangeWords}
          cursor="service"
          asTable={tables.includes(name)}
          onAsTableChange={(asTable) => toggle(name, asTable)}
          {...(name === "latency" ? { className: "lg:max-2xl:col-span-2" } : {})}
        />
      ))}
    </div>
  );
}
