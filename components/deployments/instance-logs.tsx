"use client";

import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { EmptyState } from "../feedback/empty-state.tsx";
import { QueryBoundary } from "../feedback/query-boundary.tsx";
import { cn } from "../lib/cn.ts";
import { formatAbsolute, formatClock } from "../lib/format.ts";
import { type RouterOutputs, useTRPC } from "../trpc/client.tsx";
import { Drawer } from "../ui/dialog.tsx";
import { SkeletonRows } from "../ui/skeleton.tsx";

const LINES = 200;
const NEAR_END_PX = 24;

interface InstanceLogsProps {
  service: string;
  environment: string;
  /** null closes it */
  instanceId: string | null;
  onClose: () => void;
}

/** The newest lines one instance wrote; new ones appear while it is open. */
export function InstanceLogs({ service, environment, instanceId, onClose }: InstanceLogsProps) {
  return (
    <Drawer
      open={instanceId !== null}
      onOpenChange={(open) => open || onClose()}
      title={<span className="num">{instanceId}</span>}
      description={`The newest ${LINES} lines of this instance of ${service} in ${environment}, live.`}
    >
      {instanceId ? <Tail service={service} environment={environment} instanceId={instanceId} /> : null}
    </Drawer>
  );
}

function Tail(input: { service: string; environment: string; instanceId: string }) {
  const trpc = useTRPC();
  const query = useQuery(
    trpc.services.instanceLogs.queryOptions({ ...input, lines: LINES }, { refetchInterval: 2_000 }),
  );
  return (
    <QueryBoundary
      query={query}
      what="the log"
      skeleton={<SkeletonRows rows={12} rowClassName="h-6" />}
      empty={(data) =>
        data.lines.length === 0 ? <EmptyState title="No line yet">It has written nothing so far.</EmptyState> : null
      }
    >
      {(data) => <Lines lines={data.lines} />}
    </QueryBoundary>
  );
}

type Line = RouterOutputs["services"]["instanceLogs"]["lines"][number];

function Lines({ lines }: { lines: Line[] }) {
  const box = useRef<HTMLDivElement>(null);
  const [following, setFollowing] = useState(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: new lines are what moves the list
  useEffect(() => {
    if (following && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines, following]);
  return (
    <section
      ref={box}
      onScroll={({ currentTarget: at }) => setFollowing(at.scrollHeight - at.scrollTop - at.clientHeight < NEAR_END_PX)}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
      tabIndex={0}
      aria-label="Lines, oldest first"
      className="num h-[calc(100dvh-5rem)] overflow-auto px-4 py-2 text-xs"
    >
      {lines.map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no id of their own and are only read
        <p key={`${line.at}-${index}`} className="flex gap-3 py-px">
          <time dateTime={line.at} title={formatAbsolute(new Date(line.at))} className="shrink-0 text-ink-3">
            {formatClock(new Date(line.at))}:{line.at.slice(17, 19)}
          </time>
          <span className={cn("min-w-0 whitespace-pre-wrap break-all", line.stream === "stderr" && "text-warning")}>
            {line.stream === "stderr" ? <span className="sr-only">error output: </span> : null}
            {line.text}
          </span>
        </p>
      ))}
    </section>
  );
}
