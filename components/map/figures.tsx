import { isFailing } from "#server/agent/kernel/failed-share.ts";
import { cn } from "../lib/cn.ts";
import { formatErrors, formatFailed, formatMs, formatRateOver } from "../lib/format.ts";
import type { MapEdge, MapNode } from "./prepare/edges.ts";

type Part = Pick<MapNode | MapEdge, "requestsPerSecond" | "overSeconds" | "errorPercent" | "p95Ms" | "requests">;

/** "19.9/s · 0.4 % · p95 65 ms" */
export function Figures({ part, className }: { part: Part; className?: string }) {
  if (part.requestsPerSecond === null) return <span className={cn("text-ink-3", className)}>no calls seen</span>;
  return (
    <span className={cn("num whitespace-nowrap", className)}>
      {formatRateOver(part.requestsPerSecond, part.overSeconds)}
      <span className="text-ink-3"> · </span>
      <span className={cn(isFailing(part) && "font-medium text-critical")}>{formatErrors(part)}</span>
      <span className="text-ink-3"> · </span>
      {formatMs(part.p95Ms)}
    </span>
  );
}

/** The same with words and the base of the share. */
export const FigureFacts = ({ part }: { part: Part }) => (
  <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 text-sm">
    <dt className="text-ink-3">Requests</dt>
    <dd className="num">{formatRateOver(part.requestsPerSecond, part.overSeconds)}</dd>
    <dt className="text-ink-3">Errors</dt>
    <dd className={cn("num", isFailing(part) && "text-critical")}>
      {part.errorPercent === null && part.requests > 0 ? "unknown" : formatFailed(part)}
    </dd>
    <dt className="text-ink-3">p95</dt>
    <dd className="num">{formatMs(part.p95Ms)}</dd>
  </dl>
);
