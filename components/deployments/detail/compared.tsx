"use client";

import { useQuery } from "@tanstack/react-query";
import type { DeploymentView } from "#server/agent/deploy/schema.ts";
import { Mark, type MarkTone } from "../../feedback/mark.tsx";
import { VisibleText } from "../../feedback/visible-text.tsx";
import { EnvLink } from "../../layout/env-link.tsx";
import { Section } from "../../layout/page.tsx";
import { type RouterOutputs, useTRPC } from "../../trpc/client.tsx";
import { describeError } from "../../trpc/errors.ts";
import { Skeleton } from "../../ui/skeleton.tsx";

type Metric = RouterOutputs["deploy"]["compare"]["metrics"][number];

const LOOK: Record<Metric["better"], { tone: MarkTone; word: string }> = {
  better: { tone: "ok", word: "better" },
  worse: { tone: "critical", word: "worse" },
  same: { tone: "quiet", word: "no difference" },
  unknown: { tone: "unknown", word: "unknown" },
};
const SHOWN = ["errorRatio", "latencyP95", "latencyP50", "cpuPerRequest"];

export const compareHref = ({ service, environment, version, previousVersion }: DeploymentView): string =>
  `/compare?${new URLSearchParams({ service, environment, ...(previousVersion ? { baseline: previousVersion } : {}), candidate: version })}`;

/** Is the new version better or worse, in words with numbers. */
export function Compared({ deployment, active }: { deployment: DeploymentView; active: boolean }) {
  const { service, environment, version, previousVersion } = deployment;
  const trpc = useTRPC();
  const query = useQuery(
    trpc.deploy.compare.queryOptions(
      { service, environment, candidate: version, ...(previousVersion ? { baseline: previousVersion } : {}) },
      { enabled: previousVersion !== null, refetchInterval: active ? 10_000 : 60_000 },
    ),
  );
  return (
    <Section
      title="Better or worse?"
      note={query.data ? (query.data.sameMinutes ? "in the same minutes" : "each version's newest minutes") : undefined}
      actions={
        previousVersion ? (
          <EnvLink href={compareHref(deployment)} className="link text-sm">
            Compare in full
          </EnvLink>
        ) : null
      }
    >
      <div className="min-h-36 p-3 text-sm">
        {previousVersion === null ? (
          <p className="text-ink-2">Nothing ran before it, so there is nothing to compare with.</p>
        ) : query.data ? (
          <div className="flex flex-col gap-2">
            <p>
              <VisibleText text={query.data.summary} />.
            </p>
            <ul className="flex flex-col gap-1">
              {query.data.metrics
                .filter(
                  (metric) => SHOWN.includes(metric.name) && metric.baseline !== null && metric.candidate !== null,
                )
                .map((metric) => (
                  <li key={metric.name} className="flex gap-3">
                    <Mark tone={LOOK[metric.better].tone} className="w-28 shrink-0">
                      {LOOK[metric.better].word}
                    </Mark>
                    <span className="min-w-0 text-ink-2">{metric.sentence}</span>
                  </li>
                ))}
            </ul>
          </div>
        ) : query.error ? (
          <p className="text-ink-2">The versions could not be compared. {describeError(query.error).message}</p>
        ) : (
          <Skeleton className="h-24" />
        )}
      </div>
    </Section>
  );
}
