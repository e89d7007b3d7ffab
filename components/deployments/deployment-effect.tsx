"use client";

import { useQuery } from "@tanstack/react-query";
import type { DeploymentView } from "#server/agent/deploy/schema.ts";
import { Mark, type MarkTone } from "../feedback/mark.tsx";
import { useClock } from "../feedback/time.tsx";
import { EnvLink } from "../layout/env-link.tsx";
import { Section } from "../layout/page.tsx";
import { formatMs, formatShare } from "../lib/format.ts";
import { useTRPC } from "../trpc/client.tsx";
import { describeError } from "../trpc/errors.ts";
import { Skeleton } from "../ui/skeleton.tsx";
import { Tooltip } from "../ui/tooltip.tsx";
import { COMPARISON_RULE, type Comparison, compareTraffic, type Side, windowsFor } from "./compare-traffic.ts";

const VERDICT: Record<Comparison["verdict"], { tone: MarkTone; word: string }> = {
  worse: { tone: "critical", word: "Worse" },
  better: { tone: "ok", word: "Better" },
  same: { tone: "ok", word: "No difference" },
  unknown: { tone: "unknown", word: "Too few requests to tell" },
};

/** Is the new version better or worse: the service's traffic before and since the deployment began. */
export function DeploymentEffect({ deployment }: { deployment: DeploymentView }) {
  const { service, environment, status, startedAt, finishedAt } = deployment;
  const minute = useClock((now) => Math.floor(now / 60_000));
  const compared = startedAt ? windowsFor(startedAt, finishedAt, status === "succeeded", (minute + 1) * 60_000) : null;
  const trpc = useTRPC();
  const query = useQuery(
    trpc.services.get.queryOptions(
      { service, environment, range: compared?.range ?? "1h" },
      { enabled: compared !== null, refetchInterval: 10_000 },
    ),
  );
  const href = `/services/${service}?env=${encodeURIComponent(environment)}`;
  return (
    <Section
      title="Better or worse?"
      note="all of its traffic: 15 min before the start against the time since"
      actions={
        <EnvLink href={href} className="link text-sm">
          All of {service}
        </EnvLink>
      }
    >
      <div className="min-h-28 p-3 text-sm">
        {!startedAt ? (
          <p className="text-ink-2">It has not started yet: there is nothing to compare.</p>
        ) : !compared ? (
          <p className="text-ink-2">It began more than a day ago: its traffic is no longer kept in fine steps.</p>
        ) : query.data ? (
          <Compared {...compareTraffic(query.data.series, query.data.stepSeconds, compared.windows)} />
        ) : query.error ? (
          <p className="text-ink-2">The traffic could not be read. {describeError(query.error).message}</p>
        ) : (
          <Skeleton className="h-20" />
        )}
      </div>
    </Section>
  );
}

function Compared({ before, after, verdict, reasons }: Comparison) {
  const { tone, word } = VERDICT[verdict];
  return (
    <div className="flex flex-col gap-2">
      <Tooltip content={COMPARISON_RULE} side="bottom">
        <button type="button" className="w-fit cursor-help text-left">
          <Mark tone={tone} className="font-medium">
            {word}
            {reasons.length > 0 ? `: ${reasons.join(", ")}` : ""}
          </Mark>
        </button>
      </Tooltip>
      <table className="w-full">
        <thead>
          <tr className="text-left text-ink-3 text-xs">
            <td />
            <th scope="col" className="py-1 pr-3 font-medium">
              Errors
            </th>
            <th scope="col" className="py-1 text-right font-medium">
              p95
            </th>
          </tr>
        </thead>
        <tbody>
          <SideRow label="Before" side={before} />
          <SideRow
            label="Since"
            side={after}
            change={after.p95Ms !== null && before.p95Ms !== null ? after.p95Ms - before.p95Ms : null}
          />
        </tbody>
      </table>
    </div>
  );
}

const SideRow = ({ label, side, change }: { label: string; side: Side; change?: number | null }) => (
  <tr className="border-t">
    <th scope="row" className="py-1 pr-3 text-left font-normal text-ink-2">
      {label}
    </th>
    <td className="num py-1 pr-3">{formatShare(side.errorPercent, side.requests, "requests")}</td>
    <td className="num whitespace-nowrap py-1 text-right">
      {formatMs(side.p95Ms)}
      {change !== null && change !== undefined ? (
        <span className="ml-1 text-ink-3">
          ({change < 0 ? "\u2212" : "+"}
          {formatMs(Math.abs(change))})
        </span>
      ) : null}
    </td>
  </tr>
);
