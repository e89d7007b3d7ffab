"use client";

import { useQuery } from "@tanstack/react-query";
import { formatDuration, formatShare } from "../lib/format.ts";
import { useTRPC } from "../trpc/client.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { uptimeBars } from "./uptime-bars.ts";
import { UptimeStrip } from "./uptime-strip.tsx";
import { useSeen } from "./use-seen.ts";

const BARS = 48;
const HEIGHT = 18;
const FRESH_MS = 60_000;

/** The last 24 h of one target, read once its row is in view; rows that come together ask in one request. */
export function UptimeCell({ targetId }: { targetId: string }) {
  const { ref, seen } = useSeen<HTMLDivElement>();
  const trpc = useTRPC();
  const { data, isError } = useQuery(
    trpc.health.history.queryOptions(
      { targetId, range: "24h" },
      { enabled: seen, staleTime: FRESH_MS, refetchInterval: FRESH_MS },
    ),
  );
  return (
    <div ref={ref} className="relative z-1 h-4.5 w-36">
      {data ? (
        <UptimeStrip
          bars={uptimeBars(data.buckets, data.stepSeconds, BARS)}
          label={`Last 24 h: up ${formatShare(data.uptimePercent, data.checks, "checks")}${data.checks > 0 ? ` in ${formatDuration(data.watchedSeconds * 1_000)}` : ""}`}
          height={HEIGHT}
          className="w-full"
        />
      ) : isError ? (
        <span className="text-ink-3 text-xs">not read</span>
      ) : (
        <Skeleton className="h-4.5" />
      )}
    </div>
  );
}
