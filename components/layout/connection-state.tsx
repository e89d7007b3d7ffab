"use client";

import { Mark } from "../feedback/mark.tsx";
import { useClock } from "../feedback/time.tsx";
import { formatDuration, formatSecond } from "../lib/format.ts";
import { useLive } from "../trpc/live.tsx";
import type { Cause } from "../trpc/lost-connection.ts";
import { Tooltip } from "../ui/tooltip.tsx";

const LOST: Record<Cause, { words: string; meaning: string }> = {
  connection: {
    words: "connection lost",
    meaning: "Operate is not heard. What you see was true then; it is read again as soon as the connection is back.",
  },
  database: {
    words: "database away",
    meaning: "The database does not answer. Services keep running; what you see is read again as soon as it does.",
  },
  answer: {
    words: "no answer",
    meaning: "What this page reads is not answered for some seconds. What you see was true then.",
  },
  stream: {
    words: "live updates off",
    meaning: "Operate answers, but sends no changes now.",
  },
  behind: {
    words: "reading again",
    meaning: "Changes may have been missed. What you see is from before, and is read again now.",
  },
};

/** Whether the page follows the system. While it does not, as of when what is shown was true; what is shown stays. */
export function ConnectionState() {
  const { state, lost, pulse } = useLive();
  const age = useClock((now) => (lost ? formatDuration(now - lost.asOf) : ""));
  return (
    <Tooltip side="bottom" content={lost ? `${LOST[lost.cause].meaning} That was ${age} ago.` : MEANING[state]}>
      <button type="button" className="flex h-8 items-center rounded-md px-1.5 text-left text-xs">
        <span key={pulse} className={pulse > 0 ? "flex animate-appear" : "flex"}>
          <Mark
            tone={state === "live" ? "ok" : lost ? "warning" : "unknown"}
            className="max-md:whitespace-normal max-md:leading-tight"
          >
            <span className={lost ? "num" : "max-md:sr-only"}>
              {lost ? `${LOST[lost.cause].words}, as of ${formatSecond(new Date(lost.asOf))}` : state}
            </span>
          </Mark>
        </span>
        <span role="status" className="sr-only">
          {lost ? `Not up to date: ${LOST[lost.cause].words}` : ""}
        </span>
      </button>
    </Tooltip>
  );
}

const MEANING = {
  live: "Changes appear here as they happen.",
  connecting: "Not connected yet.",
  lost: "",
} as const;
