"use client";

import { useQuery } from "@tanstack/react-query";
import { Mark } from "../feedback/mark.tsx";
import { Sentence } from "../feedback/sentence.tsx";
import { useClock } from "../feedback/time.tsx";
import { useEnvironment } from "../lib/environment.tsx";
import { formatDuration, formatSecond } from "../lib/format.ts";
import { HealthMark } from "../marks/health-mark.tsx";
import { useTRPC } from "../trpc/client.tsx";
import { describeError } from "../trpc/error-description.ts";
import { useAsOf } from "../trpc/live.tsx";
import { READ_TOGETHER } from "../trpc/read-together.ts";
import { Skeleton } from "../ui/skeleton.tsx";

/** Errors and latency make the state too, and change without a hint. */
const POLL_MS = 15_000;

/** One sentence about the whole (chosen) system, above every page; read out when it changes. */
export function StateLine() {
  const trpc = useTRPC();
  const { environment } = useEnvironment();
  const query = useQuery(
    trpc.services.list.queryOptions(environment ? { environment } : {}, { ...READ_TOGETHER, refetchInterval: POLL_MS }),
  );
  const { data, error } = query;
  const asOf = useAsOf(query);
  return (
    <div className="flex min-h-9 items-center gap-3 border-b px-3 py-1.5 text-sm sm:px-4 lg:px-6">
      <div role="status" aria-live="polite" className="flex min-w-0 items-center gap-3">
        {data ? (
          <>
            {asOf !== null ? (
              <Mark tone="unknown" bare>
                as last known
              </Mark>
            ) : (
              <HealthMark state={data.overall} bare />
            )}
            <span className="min-w-0 font-medium">
              <Sentence text={data.summary} />
            </span>
          </>
        ) : error ? (
          <Mark tone="unknown">The state is unknown. {describeError(error).message}</Mark>
        ) : (
          <Skeleton className="h-3 w-72" />
        )}
      </div>
      {data && asOf !== null ? <Age asOf={asOf} /> : null}
    </div>
  );
}

/** Beside what is read out: a clock in it would be read every second. */
function Age({ asOf }: { asOf: number }) {
  const age = useClock((now) => formatDuration(now - asOf));
  return (
    <span className="shrink-0 text-ink-2 text-xs tabular-nums max-sm:shrink">
      as of {formatSecond(new Date(asOf))}, {age} ago
    </span>
  );
}
