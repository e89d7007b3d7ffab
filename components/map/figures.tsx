import type { ReactNode } from "react";
import { isFailing } from "#server/agent/telemetry/failed-share.ts";
import { cn } from "../lib/cn.ts";
import { formatErrors, formatFailed, formatMs, formatRateOver, NBSP } from "../lib/format.ts";
import type { MapEdge, MapNode } from "./prepare/edges.ts";

type Part = Pick<MapNode | MapEdge, "requestsPerSecond" | "overSeconds" | "errorPercent" | "p95Ms" | "requests">;

/** "19.9/s · 0.4 % · p95 65 ms". It goes on in the next line between two figures: none is ever cut. */
export function Figures({ part, className, children }: { part: Part; className?: string; children?: ReactNode }) {
  const nothing = part.requestsPerSecond === null;
  return (
    <span className={cn("tabular-nums", nothing && "text-ink-3", className)}>
      {nothing ? (
        "no calls seen"
      ) : (
        <>
          {formatRateOver(part.requestsPerSecond, part.overSeconds)}
          <Dot />
          <span className={cn(isFailing(part) && "font-medium text-critical")}>{formatErrors(part)}</span>
        </>
      )}
      {part.p95Ms === null ? null : (
        <>
          <Dot />
          p95{NBSP}
          {formatMs(part.p95Ms)}
        </>
      )}
      {children ? <Dot /> : null}
      {children}
    </span>
  );
}

/** It stays with what stands before it, at the end of a line. */
const Dot = () => (
  <>
    {NBSP}
    <span className="text-ink-3">·</span>{" "}
  </>
);

/** The same with words and the base of the share. */
export const FigureFacts = ({ part }: { part: Part }) => (
  <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 text-sm tabular-nums">
    <dt className="text-ink-3">Requests</dt>
    <dd>{formatRateOver(part.requestsPerSecond, part.overSeconds)}</dd>
    <dt className="text-ink-3">Errors</dt>
    <dd className={cn(isFailing(part) && "text-critical")}>{errorsOf(part)}</dd>
    <dt className="text-ink-3">p95</dt>
    <dd>{formatMs(part.p95Ms)}</dd>
  </dl>
);

/** The same in a line that may go on in the next. */
export const FigureLine = ({ part }: { part: Part }) => (
  <dl className="flex flex-wrap gap-x-3 tabular-nums">
    <Fact name="Requests">{formatRateOver(part.requestsPerSecond, part.overSeconds)}</Fact>
    <Fact name="Errors">
      <span className={cn(isFailing(part) && "text-critical")}>{errorsOf(part)}</span>
    </Fact>
    <Fact name="p95">{formatMs(part.p95Ms)}</Fact>
  </dl>
);

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <div className="flex gap-1">
    <dt className="text-ink-3">{name}</dt>
    <dd>{children}</dd>
  </div>
);

const errorsOf = (part: Part): string =>
  part.errorPercent === null && part.requests > 0 ? "unknown" : formatFailed(part);
