"use client";

import type { AnalyzeLogsOutput, PatternView } from "#server/agent/logs/schema.ts";
import { Sparkline } from "../../charts/sparkline.tsx";
import { EmptyState } from "../../feedback/empty-state.tsx";
import { LongRead } from "../../feedback/long-read.tsx";
import { Mark } from "../../feedback/mark.tsx";
import { QueryBoundary } from "../../feedback/query-boundary.tsx";
import { VisibleText } from "../../feedback/visible-text.tsx";
import { linkFor } from "../../layout/env-link.tsx";
import { Section } from "../../layout/page.tsx";
import { formatCount, plural } from "../../lib/format.ts";
import { LevelMark } from "../../logs/lines/level-mark.tsx";
import { Template } from "../../logs/patterns/template.tsx";
import { useAnalysis } from "../../logs/use-logs.ts";
import { FINDING_TONE, TAG_LOOK } from "../../marks/telemetry-states.ts";
import { useTimeRange } from "../../time-range/time-range.tsx";
import { Badge } from "../../ui/badge.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import type { SignalsOf } from "../signals-input.ts";

const PATTERNS = 6;
const FINDINGS = 3;

/** What is new or growing in the service's log, and its most telling patterns, over the page's range. */
export function ServiceLogs({ service, environment }: SignalsOf) {
  const { words, within } = useTimeRange();
  const { query, cancel, stopped } = useAnalysis({ service, ...(environment && { environment }) }, PATTERNS, true);
  const To = linkFor(environment);
  return (
    <Section
      title="Logs"
      note={query.data ? totalsWords(query.data, within) : words}
      actions={
        <>
          <LongRead active={query.isFetching} doing="Reading the patterns" onCancel={cancel} />
          <To href={logsHref(environment, { service })} className="link text-sm">
            All logs of <VisibleText text={service} />
          </To>
        </>
      }
    >
      <QueryBoundary
        query={query}
        what="the patterns of the log"
        stopped={stopped}
        skeleton={<SkeletonRows rows={PATTERNS} />}
        empty={(data) =>
          data.patterns.length === 0 && data.anomalies.length === 0 ? (
            <EmptyState title={`No lines ${within}`}>
              What the service prints, or sends, is sorted into patterns here.
            </EmptyState>
          ) : null
        }
      >
        {(data) => (
          <>
            <Findings analysis={data} />
            <ul className="divide-y">
              {data.patterns.map((pattern) => (
                <PatternLine key={pattern.id} pattern={pattern} service={service} environment={environment} />
              ))}
            </ul>
          </>
        )}
      </QueryBoundary>
    </Section>
  );
}

const totalsWords = ({ totals }: AnalyzeLogsOutput, within: string): string =>
  `${plural(totals.lines, "line")} ${within}, ${plural(totals.errors, "error")}, ${plural(totals.warnings, "warning")}`;

const logsHref = (environment: string | undefined, query: Record<string, string>): string =>
  `/logs?${new URLSearchParams({ ...query, ...(environment && { env: environment }) })}`;

const Findings = ({ analysis: { anomalies, anomalyCount } }: { analysis: AnalyzeLogsOutput }) =>
  anomalies.length === 0 ? null : (
    <ol className="divide-y border-b">
      {anomalies.slice(0, FINDINGS).map((anomaly) => (
        <li
          key={`${anomaly.kind} ${anomaly.patternId} ${anomaly.at}`}
          className="flex items-baseline gap-3 px-3 py-2 text-sm"
        >
          <Mark tone={FINDING_TONE[anomaly.severity]}>{anomaly.severity}</Mark>
          <span className="min-w-0 break-words">{anomaly.sentence}</span>
        </li>
      ))}
      {anomalyCount > FINDINGS ? (
        <li className="px-3 py-1 text-ink-3 text-xs">
          {formatCount(anomalyCount - FINDINGS)} more on the page of logs.
        </li>
      ) : null}
    </ol>
  );

/** what people said of a pattern is no news of a service */
const SAID: readonly PatternView["tags"][number][] = ["pinned", "ignored"];

function PatternLine({ pattern, service, environment }: SignalsOf & { pattern: PatternView }) {
  const To = linkFor(environment);
  return (
    <li className="relative flex min-h-9 items-center gap-2 px-3 py-1 text-sm hover:bg-hover">
      <LevelMark level={pattern.level} bare />
      <To
        href={logsHref(environment, { tab: "lines", service, query: `pattern:${pattern.id}` })}
        className="min-w-0 flex-1 truncate after:absolute after:inset-0 hover:underline"
      >
        {pattern.name ?? <Template text={pattern.template} />}
      </To>
      {pattern.tags.map((tag) =>
        SAID.includes(tag) ? null : (
          <Badge key={tag} tone={TAG_LOOK[tag].tone}>
            {TAG_LOOK[tag].word}
          </Badge>
        ),
      )}
      <span className="max-md:hidden">
        <Sparkline values={pattern.trend} label={`most in one step: ${formatCount(Math.max(0, ...pattern.trend))}`} />
      </span>
      <span className="num w-16 text-right">{formatCount(pattern.count)}</span>
    </li>
  );
}
