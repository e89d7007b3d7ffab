"use client";

import { Database } from "lucide-react";
import type { SourceView } from "#server/agent/telemetry/telemetry-schema.ts";
import { Mark } from "./mark.tsx";
import { sourceWords } from "./source-words.ts";
import { useClock } from "./time.tsx";

/** Which source answered, small; loud only when what is shown is old. */
export function SourceNote({ source }: { source: SourceView }) {
  const words = useClock((now) => sourceWords(source, now));
  if (source.stale)
    return (
      <Mark tone="warning" className="text-xs">
        <span suppressHydrationWarning>{words}</span>
      </Mark>
    );
  return (
    <span className="inline-flex items-baseline gap-1.5 text-ink-3 text-xs">
      <Database className="size-3.5 self-center" aria-hidden="true" />
      <span className="sr-only">Source: </span>
      {words}
    </span>
  );
}
