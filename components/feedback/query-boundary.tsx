"use client";

import { type ReactNode, useDeferredValue } from "react";
import { EnvLink } from "../layout/env-link.tsx";
import { cn } from "../lib/cn.ts";
import { formatDuration } from "../lib/format.ts";
import { describeError } from "../trpc/error-description.ts";
import { useIsBehind } from "../trpc/live.tsx";
import { Button, buttonClass } from "../ui/button.tsx";
import { ErrorPanel } from "./error-panel.tsx";
import { Mark } from "./mark.tsx";
import { useClock } from "./time.tsx";

/** What the boundary needs of a TanStack query; `useQuery(...)` fits as it is. */
export interface BoundaryQuery<T> {
  data: T | undefined;
  error: unknown;
  isFetching: boolean;
  dataUpdatedAt: number;
  refetch: () => unknown;
}

interface List {
  href: string;
  label: string;
}

interface QueryBoundaryProps<T> {
  query: BoundaryQuery<T>;
  /** what is read, as the subject of "… could not be read" */
  what: string;
  /** of the same size as the data */
  skeleton: ReactNode;
  /** where those that there are stand, for an address that names none of them: "All deployments" */
  list?: List;
  /** returns what stands there when there is nothing, else null */
  empty?: (data: T) => ReactNode;
  /** a person stopped the first read: nothing is on its way */
  stopped?: boolean;
  children: (data: T) => ReactNode;
}

/**
 * The four states of a panel. Data once shown stays: when a later read fails, or is still to come after an outage, its
 * age is said beside it.
 */
export function QueryBoundary<T>({ query, what, skeleton, list, empty, stopped, children }: QueryBoundaryProps<T>) {
  const { error } = query;
  const isBehind = useIsBehind(query);
  // what arrives is drawn in small pieces: drawing a long table at once would leave a click unheard
  const data = useDeferredValue(query.data);
  if (data === undefined) {
    if (stopped && !error)
      return (
        <div className="flex flex-col items-start gap-2 px-4 py-6 text-sm">
          <p>You stopped reading {what}.</p>
          <Button size="sm" onClick={() => void query.refetch()}>
            Read again
          </Button>
        </div>
      );
    if (!error)
      return (
        <div aria-busy="true">
          <span className="sr-only">Loading {what}</span>
          {skeleton}
        </div>
      );
    const { message, requestId, code } = describeError(error);
    const subject = `${what.charAt(0).toUpperCase()}${what.slice(1)}`;
    if (code === "NOT_FOUND") return <NotThere title={`${subject} is not there`} message={message} list={list} />;
    return (
      <ErrorPanel
        title={`${subject} could not be read`}
        message={message}
        requestId={requestId}
        onRetry={() => void query.refetch()}
        retrying={query.isFetching}
      />
    );
  }
  return (
    <div className="relative">
      {error || isBehind ? <StaleNote query={query} /> : null}
      {empty?.(data) || children(data)}
    </div>
  );
}

/** Trying again would not help: the way on is the list. */
export const NotThere = ({ title, message, list }: { title: string; message: string; list: List | undefined }) => (
  <ErrorPanel
    title={title}
    message={message}
    action={
      list ? (
        <EnvLink className={buttonClass()} href={list.href}>
          {list.label}
        </EnvLink>
      ) : null
    }
  />
);

/** Across the border between the heading and the data, where no words stand: nothing moves, nothing true is hidden. */
function StaleNote({ query }: { query: BoundaryQuery<unknown> }) {
  const age = useClock((now) => formatDuration(now - query.dataUpdatedAt));
  const title = query.error ? describeError(query.error).message : "Changes may have been missed: it is read again.";
  return (
    <div
      role="status"
      title={title}
      className={cn(
        "-top-2.5 -translate-x-1/2 absolute left-1/2 z-10 flex h-5 items-center gap-1 whitespace-nowrap rounded-sm border bg-surface pl-2 text-xs",
        query.error ? null : "animate-appear-late",
      )}
    >
      <Mark tone="warning">
        not updated for <span suppressHydrationWarning>{age}</span>
      </Mark>
      <Button
        variant="ghost"
        size="sm"
        className="h-4.5 px-1.5 text-xs"
        // also while it is read: a read that hangs is given up, and begun anew
        onClick={() => void query.refetch()}
      >
        Try again
      </Button>
    </div>
  );
}
