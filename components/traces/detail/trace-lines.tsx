"use client";

import type { LogLineView } from "#server/agent/logs/schema.ts";
import { VisibleText } from "../../feedback/visible-text.tsx";
import { cn } from "../../lib/cn.ts";
import { formatMs } from "../../lib/format.ts";
import { LevelMark } from "../../logs/lines/level-mark.tsx";
import { LineText } from "../../logs/lines/line-text.tsx";

const LONGEST = 2_000;

interface TraceLinesProps {
  lines: readonly LogLineView[];
  /** ms since 1970 at which the trace began */
  startMs: number;
  /** the span that is shown beside */
  chosen?: string | null;
  onChoose?: (spanId: string) => void;
}

/** Log lines of a trace, each with its time from the trace's start; a click shows the span it belongs to. */
export const TraceLines = ({ lines, startMs, chosen, onChoose }: TraceLinesProps) => (
  <ol className="text-xs leading-5">
    {lines.map((line) => {
      const { spanId } = line;
      return (
        <li
          key={line.id}
          className={cn(
            "flex items-start gap-2 border-b px-3 py-1 last:border-b-0",
            chosen && spanId === chosen && "bg-selected",
          )}
        >
          <span className="num w-16 shrink-0 text-right text-ink-3" title={line.at}>
            {offset(Date.parse(line.at) - startMs)}
          </span>
          <span className="w-14 shrink-0 max-sm:w-3 max-sm:overflow-hidden">
            <LevelMark level={line.level} />
          </span>
          {onChoose ? (
            <span className="w-24 shrink-0 truncate text-ink-2 max-md:hidden">
              {spanId ? (
                <button type="button" onClick={() => onChoose(spanId)} className="link" title="Show its span">
                  <VisibleText text={line.service} />
                </button>
              ) : (
                line.service
              )}
            </span>
          ) : null}
          <span className="min-w-0 flex-1">
            <LineText body={line.body} mark={null} wrap longest={LONGEST} />
          </span>
        </li>
      );
    })}
  </ol>
);

const offset = (ms: number): string => (ms < 0 ? `−${formatMs(-ms)}` : `+${formatMs(ms)}`);
