"use client";

import { useQuery } from "@tanstack/react-query";
import { Mark } from "../feedback/mark.tsx";
import { VisibleText } from "../feedback/visible-text.tsx";
import { useEnvironment } from "../lib/environment.tsx";
import { HealthMark } from "../marks/health-mark.tsx";
import { useTRPC } from "../trpc/client.tsx";
import { describeError } from "../trpc/errors.ts";
import { Skeleton } from "../ui/skeleton.tsx";

/** One sentence about the whole (chosen) system, above every page; read out when it changes. */
export function StateLine() {
  const trpc = useTRPC();
  const { environment } = useEnvironment();
  const { data, error } = useQuery(trpc.services.list.queryOptions(environment ? { environment } : {}));
  return (
    <div
      role="status"
      aria-live="polite"
      className="flex min-h-9 items-center gap-3 border-b px-3 py-1.5 text-sm sm:px-4 lg:px-6"
    >
      {data ? (
        <>
          <HealthMark state={data.overall} bare />
          <span className="min-w-0 font-medium">
            <VisibleText text={data.summary} />
          </span>
        </>
      ) : error ? (
        <Mark tone="unknown">The state is unknown. {describeError(error).message}</Mark>
      ) : (
        <Skeleton className="h-3 w-72" />
      )}
    </div>
  );
}
