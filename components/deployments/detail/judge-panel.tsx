"use client";

import { useQuery } from "@tanstack/react-query";
import { parseAsString, useQueryState } from "nuqs";
import type { JudgeResult } from "#server/agent/deploy/judge/analysis-schema.ts";
import type { DeploymentView, StepView } from "#server/agent/deploy/schema.ts";
import { EmptyState } from "../../feedback/empty-state.tsx";
import { Mark } from "../../feedback/mark.tsx";
import { Time } from "../../feedback/time.tsx";
import { VisibleText } from "../../feedback/visible-text.tsx";
import { Section } from "../../layout/page.tsx";
import { cn } from "../../lib/cn.ts";
import { formatCount, formatNumber } from "../../lib/format.ts";
import { OUTCOME_LOOK, VERDICT_LOOK } from "../../marks/deployment-states.ts";
import { useTRPC } from "../../trpc/client.tsx";
import { describeError } from "../../trpc/error-description.ts";
import { Badge } from "../../ui/badge.tsx";
import { Segmented } from "../../ui/segmented.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import {
  forest,
  type Interval,
  intervalOf,
  type Metric,
  outcomeOf,
  scoreWords,
  sentenceFor,
  strips,
  worstFirst,
} from "./judge-scales.ts";
import { type Analysis, amountOf, expectation, nameOf } from "./judged-words.ts";

interface JudgePanelProps {
  deployment: DeploymentView;
  steps: readonly StepView[];
  active: boolean;
}

/** What the judge found at each step, with every number it went by. */
export function JudgePanel({ deployment, steps, active }: JudgePanelProps) {
  const trpc = useTRPC();
  const query = useQuery(
    trpc.deploy.detail.queryOptions({ deploymentId: deployment.id }, { refetchInterval: active ? 5_000 : 30_000 }),
  );
  const [chosen, setChosen] = useQueryState("analysis", parseAsString);
  const analyses = query.data ? [...query.data.analyses].reverse() : [];
  const shown = analyses.find((one) => one.id === chosen) ?? analyses.at(-1);
  return (
    <Section
      id="judge"
      title="The judge"
      note={
        shown ? (
          <>
            compared <Time at={shown.at} />
          </>
        ) : (
          "old and new version, compared"
        )
      }
      actions={
        analyses.length > 1 && shown ? (
          <Segmented
            label="Comparison"
            value={shown.id}
            onChange={(id) => void setChosen(id === analyses.at(-1)?.id ? null : id)}
            options={analyses.map((one) => ({ value: one.id, label: nameOf(one, steps) }))}
          />
        ) : undefined
      }
    >
      <div className="min-h-40">
        {shown?.result ? (
          <Result analysis={shown} result={shown.result} />
        ) : shown ? (
          <EmptyState title="The newest comparison could not be made">
            <VisibleText text={shown.sentence} />
          </EmptyState>
        ) : query.data ? (
          <EmptyState title={active ? "Nothing was compared yet" : "Nothing was compared"}>
            {expectation(deployment, steps, active)}
          </EmptyState>
        ) : query.error ? (
          <p className="p-3 text-ink-2 text-sm">
            The comparisons could not be read. {describeError(query.error).message}
          </p>
        ) : (
          <SkeletonRows rows={4} />
        )}
      </div>
    </Section>
  );
}

function Result({ analysis, result }: { analysis: Analysis; result: JudgeResult }) {
  return (
    <div className="flex flex-col">
      <div className="flex flex-col gap-3 border-b p-3">
        <p className="flex flex-wrap items-baseline gap-x-3 gap-y-1 text-base">
          <Mark tone={VERDICT_LOOK[result.verdict].tone} className="font-medium">
            {VERDICT_LOOK[result.verdict].word}
          </Mark>
          <span className="min-w-0 text-sm">{analysis.sentence}</span>
        </p>
        <Score result={result} />
        <p className="text-ink-3 text-xs">
          <span className="num">{formatCount(result.candidateRequests)}</span> requests of{" "}
          <span className="num">{result.candidateVersion}</span> against{" "}
          <span className="num">{formatCount(result.baselineRequests)}</span> of{" "}
          <span className="num">{result.baselineVersion}</span>, in samples of {result.sampleSeconds} s
        </p>
      </div>
      <ul className="flex flex-col">
        {worstFirst(result.metrics).map((metric) => (
          <MetricRow key={metric.name} metric={metric} result={result} />
        ))}
      </ul>
    </div>
  );
}

/** The score on a line with the two thresholds, and the groups it is made of. */
function Score({ result }: { result: JudgeResult }) {
  const { score, passScore, marginalScore, groups } = result;
  const decided = result.verdict === "pass" || result.verdict === "fail";
  if (score === null) return null;
  if (!decided) return <p className="text-ink-3 text-xs">{scoreWords(result)}</p>;
  return (
    <div className="flex flex-wrap items-center gap-x-6 gap-y-2">
      <figure
        role="img"
        aria-label={`${scoreWords(result)}; passes from ${passScore}, fails below ${marginalScore}`}
        className="w-full max-w-md"
      >
        <div className="relative h-2 rounded-sm bg-sunken">
          <span
            className={cn(
              "absolute inset-y-0 left-0 rounded-sm",
              score >= passScore ? "bg-ok" : score >= marginalScore ? "bg-warning" : "bg-critical",
            )}
            style={{ width: `${score}%` }}
          />
          {[marginalScore, passScore].map((threshold) => (
            <span key={threshold} className="absolute -top-1 h-4 w-px bg-ink" style={{ left: `${threshold}%` }} />
          ))}
        </div>
        <div aria-hidden="true" className="mt-1 flex flex-wrap justify-between gap-x-4 text-ink-3 text-xs">
          <span>{scoreWords(result)}</span>
          <span>
            fails below {marginalScore} · passes from {passScore}
          </span>
        </div>
      </figure>
      <ul className="flex flex-wrap gap-x-4 gap-y-1 text-xs">
        {groups.map((group) => (
          <li key={group.name} className="text-ink-2">
            <VisibleText text={group.name} />{" "}
            <span className="num text-ink">{group.score === null ? "–" : Math.round(group.score)}</span>{" "}
            <span className="text-ink-3">weight {group.weight}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function MetricRow({ metric, result }: { metric: Metric; result: JudgeResult }) {
  const interval = intervalOf(metric);
  const outcome = outcomeOf(metric, result.verdict);
  const { tone, word } = OUTCOME_LOOK[outcome];
  return (
    <li className="border-t first:border-t-0">
      <details className="group">
        <summary className="grid cursor-pointer list-none grid-cols-1 gap-x-4 gap-y-1 px-3 py-2 text-sm hover:bg-hover md:grid-cols-[7rem_minmax(0,1fr)_10rem_12rem] md:items-center">
          <span className="flex items-center gap-2">
            <Mark tone={tone}>{word}</Mark>
          </span>
          <span className="min-w-0">
            {sentenceFor(metric, result.verdict)}
            {metric.critical ? <Badge className="ml-2">critical</Badge> : null}
          </span>
          <Strips metric={metric} result={result} />
          {interval ? <Forest interval={interval} bad={tone === "critical"} /> : <span />}
        </summary>
        <Numbers metric={metric} result={result} />
      </details>
    </li>
  );
}

/** Every sample of both versions on one scale: the old one above, the new one below. */
function Strips({ metric, result }: { metric: Metric; result: JudgeResult }) {
  const drawn = strips(metric);
  if (!drawn) return <span />;
  const label = `${metric.label}: ${result.baselineVersion} ${amountOf(metric.baseline.median, metric.unit)}, ${result.candidateVersion} ${amountOf(metric.candidate.median, metric.unit)} (medians)`;
  const row = (values: number[], y: number, className: string) =>
    values.map((x, i) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: samples have no names, and never change places
      <circle key={i} cx={`${2 + x * 0.96}%`} cy={y} r={2.5} className={className} />
    ));
  return (
    <figure
      role="img"
      aria-label={label}
      title={`${amountOf(drawn.from, metric.unit)} to ${amountOf(drawn.to, metric.unit)}`}
    >
      <svg width="100%" height="26" aria-hidden="true">
        {row(drawn.old, 7, "fill-chart-2 opacity-60")}
        {row(drawn.fresh, 19, "fill-accent opacity-70")}
      </svg>
    </figure>
  );
}

/** The interval of the difference around no difference; the zone in which it would not count is shaded. */
function Forest({ interval, bad }: { interval: Interval; bad: boolean }) {
  const at = forest(interval);
  const words = `typical difference ${signed(interval.estimate, interval.unit)}, between ${signed(interval.low, interval.unit)} and ${signed(interval.high, interval.unit)}`;
  return (
    <figure role="img" aria-label={words} title={words}>
      <svg width="100%" height="26" aria-hidden="true">
        {at.zone > 0 ? (
          <rect x={`${50 - at.zone}%`} width={`${2 * at.zone}%`} y="3" height="20" className="fill-sunken" />
        ) : null}
        <line x1="50%" x2="50%" y1="1" y2="25" className="stroke-line-strong" />
        <line
          x1={`${at.low}%`}
          x2={`${at.high}%`}
          y1="13"
          y2="13"
          strokeWidth="2"
          className={bad ? "stroke-critical" : "stroke-ink-2"}
        />
        <circle cx={`${at.estimate}%`} cy="13" r="3.5" className={bad ? "fill-critical" : "fill-ink-2"} />
      </svg>
    </figure>
  );
}

function Numbers({ metric, result }: { metric: Metric; result: JudgeResult }) {
  const { rank, count, effect, baseline, candidate, unit } = metric;
  const facts: [string, string][] = [
    [`${result.baselineVersion}, median`, amountOf(baseline.median, unit)],
    [`${result.candidateVersion}, median`, amountOf(candidate.median, unit)],
    [
      "samples used",
      `${baseline.used.length} of ${baseline.samples.length} and ${candidate.used.length} of ${candidate.samples.length}`,
    ],
    ...(rank
      ? ([
          ["Mann-Whitney U", formatNumber(rank.u)],
          ["p", rank.pValue.toPrecision(3)],
          ["Hodges-Lehmann estimate", signed(rank.estimate, unit)],
          [`${rank.confidence * 100} % interval`, `${signed(rank.low, unit)} … ${signed(rank.high, unit)}`],
          ["tolerance", amountOf(rank.tolerance, unit)],
        ] as [string, string][])
      : []),
    ...(effect?.value !== null && effect !== null
      ? ([
          [
            effect.measure === "cles" ? "CLES" : "mean ratio",
            `${formatNumber(effect.value)} (allowed ${effect.allowed})`,
          ],
        ] as [string, string][])
      : []),
    ...(count
      ? ([
          [
            "counted",
            `${formatCount(count.candidateEvents)} of ${formatCount(count.candidateTotal)} against ${formatCount(count.baselineEvents)} of ${formatCount(count.baselineTotal)}`,
          ],
          ["Fisher's exact p", count.pValue.toPrecision(3)],
          [
            "difference of the shares",
            `${signed(count.difference * 100, "points")} [${signed(count.low * 100, "points")} … ${signed(count.high * 100, "points")}]`,
          ],
        ] as [string, string][])
      : []),
    ["group", metric.group],
  ];
  return (
    <dl className="grid gap-x-6 gap-y-1 border-t bg-sunken px-3 py-2 text-xs sm:grid-cols-2 lg:grid-cols-3">
      {facts.map(([name, value]) => (
        <div key={name} className="flex justify-between gap-3">
          <dt className="text-ink-2">
            <VisibleText text={name} />
          </dt>
          <dd className="num text-right">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const signed = (value: number, unit: Metric["unit"] | "points"): string =>
  `${value < 0 ? "−" : "+"}${amountOf(Math.abs(value), unit)}`;
