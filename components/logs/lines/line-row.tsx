"use client";

import { ChevronRight } from "lucide-react";
import { type MouseEvent, memo, useEffect, useRef } from "react";
import type { LogLineView } from "#server/agent/logs/schema.ts";
import { VisibleText } from "../../feedback/visible-text.tsx";
import { cn } from "../../lib/cn.ts";
import { formatAbsolute } from "../../lib/format.ts";
import { EnvironmentName } from "../../marks/environment.tsx";
import { LevelMark } from "./level-mark.tsx";
import { LineText } from "./line-text.tsx";
import { lineTime } from "./local-line-time.ts";

/** wider than any screen shows in one line, and more than anybody reads in a list */
const LONGEST_LINE = 600;
const LONGEST_WRAPPED = 4_000;

export interface LineLook {
  wrap: boolean;
  /** the range is longer than a day, so that a clock time alone does not tell */
  withDay: boolean;
  mark: RegExp | null;
  /** lines of several environments stand together */
  withEnvironment: boolean;
}

interface LineRowProps {
  line: LogLineView;
  look: LineLook;
  open: boolean;
  onToggle: (line: LogLineView) => void;
  /** the keyboard is at this row */
  active?: boolean;
  /** this is the line that others are shown around */
  chosen?: boolean;
}

const selecting = (): boolean => (window.getSelection()?.toString() ?? "") !== "";

/** Time, level, service, body. The arrow opens it, and so does a click that selects nothing. */
export const LineRow = memo(function LineRow({ line, look, open, onToggle, active, chosen }: LineRowProps) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (active) button.current?.focus({ preventScroll: true });
  }, [active]);
  const onClick = (event: MouseEvent) => {
    if (!selecting() && !(event.target instanceof Element && event.target.closest("button, a"))) onToggle(line);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: for the pointer only; the arrow is the control
    // biome-ignore lint/a11y/useKeyWithClickEvents: as above
    <div
      onClick={onClick}
      className={cn(
        "flex cursor-default items-start gap-2 overflow-hidden px-2 text-xs leading-6 hover:bg-hover",
        look.wrap ? "min-h-6" : "h-6",
        (open || chosen) && "bg-selected",
        chosen && "shadow-[inset_2px_0_0_var(--accent)]",
      )}
    >
      <button
        ref={button}
        type="button"
        aria-expanded={open}
        aria-label={open ? "Close the line" : "Open the line"}
        onClick={() => onToggle(line)}
        className="flex h-6 w-5 shrink-0 items-center justify-center text-ink-3 hover:text-ink"
      >
        <ChevronRight aria-hidden="true" className={cn("size-3.5 transition-transform", open && "rotate-90")} />
      </button>
      <time dateTime={line.at} title={formatAbsolute(new Date(line.at))} className="num shrink-0 text-ink-3">
        {lineTime(line.at, look.withDay, -new Date(line.at).getTimezoneOffset())}
      </time>
      <span className="w-3 shrink-0 overflow-hidden sm:w-17">
        <LevelMark level={line.level} />
      </span>
      <span
        className={cn("hidden shrink-0 truncate text-ink-2 md:block", look.withEnvironment ? "w-40" : "w-24")}
        title={[line.service, line.environment, line.instance].filter(Boolean).join(", ")}
      >
        <VisibleText text={line.service} />
        {look.withEnvironment ? (
          <>
            {" "}
            <EnvironmentName name={line.environment} />
          </>
        ) : null}
      </span>
      <span className={cn("min-w-0 flex-1", look.wrap ? "leading-5 py-0.5" : "truncate")}>
        <span className="text-ink-2 md:hidden">
          <VisibleText text={line.service} />
          {look.withEnvironment && line.environment ? (
            <>
              {" "}
              <EnvironmentName name={line.environment} />
            </>
          ) : null}{" "}
        </span>
        <LineText
          body={line.body}
          mark={look.mark}
          wrap={look.wrap}
          longest={look.wrap ? LONGEST_WRAPPED : LONGEST_LINE}
        />
      </span>
    </div>
  );
});
