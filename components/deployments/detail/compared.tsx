"use client";

import { useQuery } from "@tanstack/react-query";
import type { JudgeResult } from "#server/agent/deploy/judge/analysis-schema.ts";
import type { DeploymentView, StepView } from "#server/agent/deploy/schema.ts";
import { Mark, type MarkTone } from "../../feedback/mark.tsx";
import { Time } from "../../feedback/time.tsx";
import { VisibleText } from "../../feedback/visible-text.tsx";
import { EnvLink } from "../../layout/env-link.tsx";
import { Section } from "../../layout/page.tsx";
import { formatCount, plural } from "../../lib/format.ts";
import { COMPARISON_LOOK, OUTCOME_LOOK, VERDICT_LOOK } from "../../marks/deployment-states.ts";
import { type RouterOutputs, useTRPC } from "../../trpc/client.tsx";
import { describeError } from "../../trpc/error-description.ts";
import { Skeleton } from "../../ui/skeleton.tsx";
import { outcomeOf } from "./judge-scales.ts";
import { type Analysis, baseOf, briefMetrics, briefOf, nameOf, verdictOf } from "./judged-words.ts";

const SHOWN = ["errorRatio", "latencyP95", "latencyP50", "cpuPerRequest"];

export const compareHref = ({ service, environment, version, previousVersion }: DeploymentView): string =>
  `/compare?${new URLSearchParams({ service, environment, ...(previousVersion ? { baseline: previousVersion } : {}), candidate: version })}`;

interface ComparedProps {
  deployment: DeploymentView;
  steps: readonly StepView[];
  active: boolean;
}

/**
 * Is the new version better or worse: the judge's newest comparison where there is one, so that the page has one
 * judgement and one base; before that, and where nothing is judged, the versions' own traffic.
 */
export function Compared({ deployment, steps, active }: ComparedProps) {
  const { service, environment, version, previousVersion } = deployment;
  const trpc = useTRPC();
  const detail = useQuery(
    trpc.deploy.detail.queryOptions({ deploymentId: deployment.id }, { refetchInterval: active ? 5_000 : 30_000 }),
  );
  const judged = detail.data?.analyses.find((one) => one.result !== null);
  const newest = detail.data?.analyses[0];
  const query = useQuery(
    trpc.deploy.compare.queryOptions(
      { service, environment, candidate: version, ...(previousVersion ? { baseline: previousVersion } : {}) },
      {
        enabled: previousVersion !== null && !judged && !detail.isPending,
        refetchInterval: active ? 10_000 : 60_000,
      },
    ),
  );
  return (
    <Section
      title="Better or worse?"
      note={
        judged
          ? `as the judge compared ${nameOf(judged, steps)}`
          : query.data
            ? "by the traffic of both versions"
            : undefined
      }
      actions={
        previousVersion ? (
          <EnvLink href={compareHref(deployment)} className="link text-sm">
            Compare their own requests
          </EnvLink>
        ) : null
      }
    >
      <div className="min-h-36 p-3 text-sm">
        {newest?.verdict === "error" ? (
          <p className="mb-2">
            The newest comparison could not be made, so what stands here is older:{" "}
            <VisibleText text={newest.sentence} />
          </p>
        ) : null}
        {previousVersion === null ? (
          <p className="text-ink-2">Nothing ran before it, so there is nothing to compare with.</p>
        ) : judged?.result ? (
          <Judged analysis={judged} result={judged.result} />
        ) : query.data ? (
          <Measured data={query.data} live={active} />
        ) : query.error ? (
          <p className="text-ink-2">The versions could not be compared. {describeError(query.error).message}</p>
        ) : (
          <Skeleton className="h-24" />
        )}
      </div>
    </Section>
  );
}

/** The judge's verdict in short, with its own words for each metric and what they are of. */
const Judged = ({ analysis, result }: { analysis: Analysis; result: JudgeResult }) => (
  <div className="flex flex-col gap-2">
    <p>
      <Mark tone={VERDICT_LOOK[result.verdict].tone} className="mr-2 font-medium">
        {VERDICT_LOOK[result.verdict].word}
      </Mark>
      <VisibleText text={verdictOf(result)} />
    </p>
    <ul className="flex flex-col gap-1">
      {briefMetrics(result.metrics).map((metric) => {
        const outcome = outcomeOf(metric, result.verdict);
        return (
          <Line key={metric.name} {...OUTCOME_LOOK[outcome]}>
            {briefOf(metric)}
          </Line>
        );
      })}
    </ul>
    <p className="text-ink-3 text-xs">
      {baseOf(result, analysis.kind === "step")}, <Time at={analysis.at} />.{" "}
      <a href="#judge" className="link">
        All that was compared
      </a>
    </p>
  </div>
);

/** Traffic of both versions, told with the judge's limits, while the judge has not spoken. */
const Measured = ({ data, live }: { data: RouterOutputs["deploy"]["compare"]; live: boolean }) => (
  <div className="flex flex-col gap-2">
    <p>
      <VisibleText text={data.summary} />.
    </p>
    <ul className="flex flex-col gap-1">
      {data.metrics
        .filter((metric) => SHOWN.includes(metric.name) && metric.baseline !== null && metric.candidate !== null)
        .map((metric) => (
          <Line key={metric.name} {...COMPARISON_LOOK[metric.better]}>
            {metric.sentence}
          </Line>
        ))}
    </ul>
    {data.baseline && data.candidate ? (
      <p className="text-ink-3 text-xs">
        {plural(data.candidate.requests, "request")} of {data.candidate.version} against{" "}
        {formatCount(data.baseline.requests)} of {data.baseline.version},{" "}
        {data.sameMinutes ? "in the same minutes" : "each version's newest minutes"}
        {live ? "; the judge has not compared them yet" : "; the judge did not compare them"}.
      </p>
    ) : null}
  </div>
);

const Line = ({ tone, word, children }: { tone: MarkTone; word: string; children: string }) => (
  <li className="flex gap-3">
    <Mark tone={tone} className="w-28 shrink-0">
      {word}
    </Mark>
    <span className="min-w-0 text-ink-2">{children}</span>
  </li>
);
