"use client";

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { LogLineView } from "#server/agent/logs/schema.ts";
import type { GetTraceOutput } from "#server/agent/traces/schema.ts";
import { useTRPC } from "../../trpc/client.tsx";

/** clocks of senders differ, and a line may be written after its span ended */
const AROUND_MS = 60_000;
const MOST = 500;

/** A little more than a trace's own time, for its log lines. */
export const windowOfTrace = ({ startAt, extentMs }: Pick<GetTraceOutput, "startAt" | "extentMs">) => ({
  from: new Date(Date.parse(startAt) - AROUND_MS),
  to: new Date(Date.parse(startAt) + Math.ceil(extentMs) + AROUND_MS),
});

/** What was logged within a trace, and of each span. */
export function useTraceLogs(trace: GetTraceOutput) {
  const trpc = useTRPC();
  const { from, to } = windowOfTrace(trace);
  const query = useQuery(
    trpc.logs.search.queryOptions({
      traceId: trace.traceId,
      startTime: from.toISOString(),
      endTime: to.toISOString(),
      order: "oldest-first",
      limit: MOST,
    }),
  );
  const bySpan = useMemo(() => {
    const lines = new Map<string, LogLineView[]>();
    for (const line of query.data?.lines ?? [])
      if (line.spanId) lines.set(line.spanId, [...(lines.get(line.spanId) ?? []), line]);
    return lines;
  }, [query.data]);
  return { query, bySpan };
}
