import { cn } from "../lib/cn.ts";
import { lookOf } from "./line-look.ts";
import type { Line } from "./prepare/panel.ts";

/** A short piece of a line, for a legend. */
export function LineSample({ line }: { line: Pick<Line, "weight" | "series"> }) {
  const look = lookOf(line);
  return (
    <svg aria-hidden="true" viewBox="0 0 16 4" className="h-1 w-4 shrink-0 overflow-visible">
      <path d="M0 2H16" className={cn("fill-none", look.stroke)} strokeWidth="2" strokeDasharray={look.dash} />
    </svg>
  );
}
