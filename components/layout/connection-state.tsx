"use client";

import { Mark } from "../feedback/mark.tsx";
import { useClock } from "../feedback/time.tsx";
import { formatDuration } from "../lib/format.ts";
import { useLive } from "../trpc/live.tsx";
import { Tooltip } from "../ui/tooltip.tsx";

/** Whether the page follows the system. While it does not, the age of what is shown is said; what is shown stays. */
export function ConnectionState() {
  const { state, since, pulse } = useLive();
  const age = useClock((now) => (state === "reconnecting" ? formatDuration(now - since) : ""));
  const words = state === "reconnecting" ? `reconnecting, as of ${age} ago` : state;
  return (
    <Tooltip
      side="bottom"
      content={
        state === "live"
          ? "Changes appear here as they happen."
          : "The live connection is down. What you see was true when it was lost; it is read again as soon as the connection is back."
      }
    >
      <button type="button" className="flex h-8 items-center rounded-md px-1.5 text-xs">
        <span key={pulse} className={pulse > 0 ? "flex animate-appear" : "flex"}>
          <Mark tone={state === "live" ? "ok" : state === "reconnecting" ? "warning" : "unknown"}>
            <span className={state === "reconnecting" ? undefined : "max-md:sr-only"} suppressHydrationWarning>
              {words}
            </span>
          </Mark>
        </span>
        <span role="status" className="sr-only">
          {state === "reconnecting" ? "Live updates lost, reconnecting" : ""}
        </span>
      </button>
    </Tooltip>
  );
}
