"use client";

import { Facet } from "../data-table/facet.tsx";
import { VisibleText } from "../feedback/visible-text.tsx";
import { cn } from "../lib/cn.ts";
import { formatNumber } from "../lib/format.ts";
import { Button } from "../ui/button.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { LEVELS } from "./log-scope.ts";
import type { LogView } from "./use-log-view.ts";
import { useFacets } from "./use-logs.ts";

/** so many services are one click away, the others stand in a list */
const CHIPS = 6;
const LEVEL_LABEL = { debug: "debug", info: "info", warn: "warn", error: "error" } as const;

/** Level and service: a click filters, the same click again takes the filter away. */
export function LogFilters({ view, scope, setView }: LogView) {
  const facets = useFacets();
  const services = servicesOf(facets.data?.services ?? [], scope.environment ?? null);
  const chips = services.slice(0, CHIPS);
  const any = view.service !== null || view.level !== null || view.query !== "";
  return (
    <div className="flex min-h-8 flex-wrap items-center gap-x-4 gap-y-2">
      <Segmented
        label="Least level"
        value={view.level ?? "any"}
        onChange={(level) => setView({ level: level === "any" ? null : level })}
        options={[
          { value: "any", label: "any level" },
          ...LEVELS.map((level) => ({ value: level, label: LEVEL_LABEL[level], title: `${level} and worse` })),
        ]}
      />
      <fieldset className="flex flex-wrap items-center gap-1.5 max-lg:hidden">
        <legend className="sr-only">Service</legend>
        {chips.map(({ service, lines }) => (
          <button
            key={service}
            type="button"
            aria-pressed={view.service === service}
            onClick={() => setView({ service: view.service === service ? null : service })}
            className={cn(
              "inline-flex h-7 items-center gap-1.5 rounded-md border px-2 text-sm hover:bg-hover",
              view.service === service ? "border-line-strong bg-selected text-ink" : "text-ink-2",
            )}
          >
            <VisibleText text={service} />
            <span className="num text-ink-3 text-xs">{formatNumber(lines)}</span>
          </button>
        ))}
      </fieldset>
      <div
        className={
          services.length > CHIPS || (view.service && !services.some((one) => one.service === view.service))
            ? undefined
            : "lg:hidden"
        }
      >
        <Facet
          label="Service"
          value={view.service}
          onChange={(service) => setView({ service })}
          options={services.map(({ service, lines }) => ({
            value: service,
            label: `${service} (${formatNumber(lines)})`,
          }))}
        />
      </div>
      {any ? (
        <Button variant="ghost" size="sm" onClick={() => setView({ query: "", service: null, level: null })}>
          Clear all
        </Button>
      ) : null}
    </div>
  );
}

/** Services of one environment, or of all of them together, most lines first. */
function servicesOf(
  facets: readonly { service: string; environment: string; lines: number }[],
  environment: string | null,
): { service: string; lines: number }[] {
  const lines = new Map<string, number>();
  for (const facet of facets)
    if (facet.service && (environment === null || facet.environment === environment))
      lines.set(facet.service, (lines.get(facet.service) ?? 0) + facet.lines);
  return [...lines].map(([service, count]) => ({ service, lines: count })).sort((a, b) => b.lines - a.lines);
}
