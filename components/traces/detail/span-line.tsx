"use client";

import { ChevronRight, Link2, Logs } from "lucide-react";
import type { SpanView } from "#server/agent/traces/schema.ts";
import { percent } from "../../charts/axes.tsx";
import { seriesDot } from "../../charts/line-look.ts";
import { Mark } from "../../feedback/mark.tsx";
import { cn } from "../../lib/cn.ts";
import { formatMs, plural } from "../../lib/format.ts";
import { plainText } from "../../logs/lines/plain-text.ts";
import { barOf, type SpanRow } from "../prepare/waterfall-rows.ts";

/** What all rows share. */
export interface SpanLook {
  wide: boolean;
  traceMs: number;
  /** colour of a service */
  seriesOf: (service: string) => number;
  /** log lines of a span */
  linesOf: (spanId: string) => number;
  /** spans it links to, and those that link to it */
  linksOf: (span: SpanView) => number;
}

interface SpanLineProps {
  id: string;
  row: SpanRow;
  look: SpanLook;
  chosen: boolean;
  onChoose: () => void;
  onToggle: () => void;
}

/** deeper ones stand no further right */
const DEEPEST = 16;

/** One span: who, what, and when on the trace's axis. On a phone the bar stands below the name. */
export function SpanLine({ id, row, look, chosen, onChoose, onToggle }: SpanLineProps) {
  const { span, hasChildren, open } = row;
  const depth = Math.min(span.depth, DEEPEST);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree has the focus and hears the keys
    // biome-ignore lint/a11y/useFocusableInteractive: as above, with aria-activedescendant
    <div
      id={id}
      role="treeitem"
      aria-level={span.depth + 1}
      aria-selected={chosen}
      {...(hasChildren ? { "aria-expanded": open } : {})}
      onClick={onChoose}
      className={cn(
        "h-full cursor-default text-sm hover:bg-hover",
        chosen && "bg-selected! shadow-[inset_2px_0_0_var(--accent)]",
        look.wide ? "grid grid-cols-[minmax(14rem,38%)_minmax(0,1fr)]" : "flex flex-col justify-center gap-1 px-2",
      )}
    >
      <span
        className={cn("flex min-w-0 items-center gap-1.5", look.wide && "border-r pr-2")}
        style={{ paddingLeft: (look.wide ? 8 : 0) + depth * (look.wide ? 14 : 8) }}
      >
        {/* biome-ignore lint/a11y/noStaticElementInteractions: for the pointer; the keyboard has the arrow keys */}
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: as above */}
        <span
          onClick={(event) => {
            if (!hasChildren) return;
            event.stopPropagation();
            onToggle();
          }}
          className={cn("flex size-5 shrink-0 items-center justify-center text-ink-3", hasChildren && "hover:text-ink")}
        >
          {hasChildren ? <ChevronRight className={cn("size-3.5 transition-transform", open && "rotate-90")} /> : null}
        </span>
        <span className={cn("h-3.5 w-1 shrink-0 rounded-sm", seriesDot(look.seriesOf(span.service)))} />
        <span className="shrink-0 font-medium">{plainText(span.service, 60)}</span>
        <span className="min-w-0 truncate text-ink-2">{plainText(span.name)}</span>
        <Marks row={row} lines={look.linesOf(span.spanId)} links={look.linksOf(span)} />
      </span>
      <Bar row={row} look={look} />
    </div>
  );
}

function Marks({ row, lines, links }: { row: SpanRow; lines: number; links: number }) {
  const { span, open, below, failedBelow, hasChildren } = row;
  return (
    <span className="ml-auto flex shrink-0 items-center gap-1.5 text-xs">
      {lines > 0 ? (
        <span className="flex items-center gap-0.5 text-ink-3">
          <Logs className="size-3" aria-hidden="true" />
          <span className="num">{lines}</span>
          <span className="sr-only">{lines === 1 ? "log line" : "log lines"}</span>
        </span>
      ) : null}
      {links > 0 ? (
        <span className="flex items-center gap-0.5 text-ink-3" title={plural(links, "link")}>
          <Link2 className="size-3" aria-hidden="true" />
          <span className="num">{links}</span>
          <span className="sr-only">{links === 1 ? "link" : "links"}</span>
        </span>
      ) : null}
      {hasChildren && !open ? (
        <span className={cn("num", failedBelow > 0 ? "text-critical" : "text-ink-3")}>
          +{below}
          <span className="sr-only"> spans below</span>
        </span>
      ) : null}
      {span.status === "error" ? <Mark tone="critical">error</Mark> : null}
    </span>
  );
}

function Bar({ row: { span }, look }: { row: SpanRow; look: SpanLook }) {
  const bar = barOf(span, look.traceMs);
  return (
    <span className={cn("relative mr-16 block", look.wide ? "h-full" : "h-3")}>
      <span
        className={cn(
          "absolute top-1/2 h-2.5 min-w-0.5 -translate-y-1/2 rounded-xs",
          seriesDot(look.seriesOf(span.service)),
          !span.onCriticalPath && "opacity-45",
          span.status === "error" && "outline-2 outline-critical outline-offset-1",
        )}
        style={{ left: percent(bar.left), width: percent(bar.width) }}
      />
      {span.onCriticalPath ? (
        <span
          title="on the critical path"
          className="absolute bottom-0.5 h-0.5 min-w-0.5 bg-ink"
          style={{ left: percent(bar.left), width: percent(bar.width) }}
        />
      ) : null}
      <span
        className="num absolute top-1/2 -translate-y-1/2 whitespace-nowrap pl-2 text-ink-2 text-xs"
        style={{ left: percent(bar.left + bar.width) }}
      >
        {formatMs(span.durationMs)}
        {span.onCriticalPath ? <span className="sr-only"> on the critical path</span> : null}
      </span>
    </span>
  );
}
