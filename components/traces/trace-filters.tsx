"use client";

import { useId } from "react";
import { Facet } from "../data-table/facet.tsx";
import { cn } from "../lib/cn.ts";
import { Button } from "../ui/button.tsx";
import { DraftInput } from "../ui/draft-input.tsx";
import type { TraceView } from "./use-trace-view.ts";
import { useTraceFacets } from "./use-traces.ts";

/** Service, operation, version, how long at least and at most, only what failed. */
export function TraceFilters({ view, setView }: TraceView) {
  const facets = useTraceFacets(view.service ?? undefined);
  const any = view.service || view.operation || view.version || view.min !== null || view.max !== null || view.errors;
  return (
    <div className="flex min-h-8 flex-wrap items-center gap-x-4 gap-y-2">
      <Facet
        label="Service"
        value={view.service}
        onChange={(service) => setView({ service, operation: null })}
        options={facets.data?.services ?? []}
      />
      {view.service ? (
        <Facet
          label="Operation"
          value={view.operation}
          onChange={(operation) => setView({ operation })}
          options={facets.data?.operations ?? []}
        />
      ) : null}
      <Written
        label="Version"
        value={view.version ?? ""}
        onWritten={(text) => setView({ version: text || null })}
        className="w-24!"
      />
      <Written
        label="At least"
        unit="ms"
        value={view.min === null ? "" : String(view.min)}
        onWritten={(text) => setView({ min: durationOf(text) })}
        className="w-20!"
      />
      <Written
        label="At most"
        unit="ms"
        value={view.max === null ? "" : String(view.max)}
        onWritten={(text) => setView({ max: durationOf(text) })}
        className="w-20!"
      />
      <Button
        aria-pressed={view.errors}
        onClick={() => setView({ errors: !view.errors })}
        className={cn(view.errors && "bg-selected!")}
      >
        Only errors
      </Button>
      {any ? (
        <Button
          variant="ghost"
          size="sm"
          onClick={() =>
            setView({ service: null, operation: null, version: null, min: null, max: null, errors: false })
          }
        >
          Clear all
        </Button>
      ) : null}
    </div>
  );
}

function durationOf(text: string): number | null {
  const ms = Number(text.replace(",", "."));
  return text.trim() && Number.isFinite(ms) && ms > 0 ? ms : null;
}

interface WrittenProps {
  label: string;
  unit?: string;
  value: string;
  onWritten: (text: string) => void;
  className: string;
}

function Written({ label, unit, value, onWritten, className }: WrittenProps) {
  const id = useId();
  return (
    <span className="flex items-center gap-1.5 text-sm">
      <label htmlFor={id} className="whitespace-nowrap text-ink-3">
        {label}
      </label>
      <DraftInput
        id={id}
        value={value}
        onWritten={onWritten}
        inputMode={unit ? "decimal" : "text"}
        className={className}
      />
      {unit ? <span className="text-ink-3">{unit}</span> : null}
    </span>
  );
}
