"use client";

import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { EmptyState } from "../../feedback/empty-state.tsx";
import { QueryBoundary } from "../../feedback/query-boundary.tsx";
import { VisibleText } from "../../feedback/visible-text.tsx";
import { PlainLink } from "../../layout/env-link.tsx";
import { cn } from "../../lib/cn.ts";
import { formatAbsolute } from "../../lib/format.ts";
import { type RouterOutputs, useTRPC } from "../../trpc/client.tsx";
import { Drawer } from "../../ui/dialog.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";

const TAIL_MS = 2_000;
/** within so many pixels of the end, the view follows new lines */
const FOLLOW_PX = 48;

interface LogDrawerProps {
  service: string;
  environment: string;
  instanceId: string;
  onClose: () => void;
}

const logsHref = (service: string, environment: string, instanceId: string): string =>
  `/logs?${new URLSearchParams({ tab: "lines", service, env: environment, query: `instance:${instanceId}` })}`;

/** The last lines of one instance, followed while the view is at the end. */
export function LogDrawer({ service, environment, instanceId, onClose }: LogDrawerProps) {
  const trpc = useTRPC();
  const query = useQuery(
    trpc.services.instanceLogs.queryOptions(
      { service, environment, instanceId, lines: 300 },
      { refetchInterval: TAIL_MS, staleTime: 0 },
    ),
  );
  return (
    <Drawer
      open
      onOpenChange={(open) => !open && onClose()}
      title={<span className="num text-base">{instanceId}</span>}
      description={
        <>
          Output of this instance of <VisibleText text={service} /> in {environment}, at most the newest 300 lines.{" "}
          <PlainLink href={logsHref(service, environment, instanceId)} className="link">
            Search all its lines
          </PlainLink>
        </>
      }
    >
      <QueryBoundary
        query={query}
        what="the instance's output"
        skeleton={<SkeletonRows rows={16} rowClassName="h-6" />}
        empty={(data) =>
          data.lines.length === 0 ? (
            <EmptyState title="It has written nothing yet">What it prints appears here within seconds.</EmptyState>
          ) : null
        }
      >
        {(data) => <Tail lines={data.lines} />}
      </QueryBoundary>
    </Drawer>
  );
}

function Tail({ lines }: { lines: RouterOutputs["services"]["instanceLogs"]["lines"] }) {
  const end = useRef<HTMLDivElement>(null);
  const seen = useRef(false);
  const newest = lines.at(-1)?.at;
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when a line came
  useEffect(() => {
    const box = end.current?.closest(".overflow-auto");
    if (!box) return;
    const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < FOLLOW_PX;
    if (!seen.current || atEnd) box.scrollTop = box.scrollHeight;
    seen.current = true;
  }, [newest, lines.length]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must be able to reach it
    <section aria-label="Output" tabIndex={0} className="num py-2 text-xs leading-5">
      {lines.map((line, index) => (
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: two lines may be alike down to the millisecond
          key={`${line.at}-${index}`}
          className={cn("flex gap-3 px-4 hover:bg-hover", line.stream === "stderr" && "bg-critical-soft")}
        >
          <time dateTime={line.at} title={formatAbsolute(new Date(line.at))} className="shrink-0 text-ink-3">
            {formatAbsolute(new Date(line.at)).slice(11, 19)}
          </time>
          {line.stream === "stderr" ? <span className="sr-only">stderr</span> : null}
          <span className="min-w-0 whitespace-pre-wrap break-words">
            <VisibleText text={line.text} />
          </span>
        </div>
      ))}
      <div ref={end} />
    </section>
  );
}
