"use client";

import { useQuery } from "@tanstack/react-query";
import type { DeploymentView } from "#server/agent/deploy/schema.ts";
import type { AnomalyView } from "#server/agent/logs/schema.ts";
import { Mark } from "../../feedback/mark.tsx";
import { QueryBoundary } from "../../feedback/query-boundary.tsx";
import { Time, useClock } from "../../feedback/time.tsx";
import { EnvLink } from "../../layout/env-link.tsx";
import { Section } from "../../layout/page.tsx";
import { Template } from "../../logs/patterns/template.tsx";
import { FINDING_TONE } from "../../marks/telemetry-states.ts";
import { LONG_READ, useTRPC } from "../../trpc/client.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";

/** what a version writes in its first minutes tells; later ones are the page of logs' business */
const WATCHED_MS = 30 * 60_000;
const STEP_MS = 15_000;
/** a pattern that is as new as its deployment is found among those that matter most */
const PATTERNS = 20;

/** What the service began to log with this deployment. One quiet line when there is nothing. */
export function NewPatterns({ deployment }: { deployment: DeploymentView }) {
  const { service, environment, startedAt } = deployment;
  const fromMs = Date.parse(startedAt ?? deployment.createdAt);
  const nowMs = useClock((now) => Math.floor(now / STEP_MS) * STEP_MS);
  const toMs = Math.max(fromMs + STEP_MS, Math.min(nowMs, fromMs + WATCHED_MS));
  const trpc = useTRPC();
  const query = useQuery(
    trpc.logs.analyze.queryOptions(
      {
        ...{ service, environment, limit: PATTERNS },
        startTime: new Date(fromMs).toISOString(),
        endTime: new Date(toMs).toISOString(),
      },
      { ...LONG_READ, enabled: startedAt !== null, staleTime: STEP_MS, placeholderData: (before) => before },
    ),
  );
  const window = { from: new Date(fromMs).toISOString(), to: new Date(fromMs + WATCHED_MS).toISOString() };
  return (
    <Section
      title="New log patterns since this deployment"
      actions={
        <EnvLink
          href={`/logs?${new URLSearchParams({ service, env: environment, ...window })}`}
          className="link text-sm"
        >
          Logs of that time
        </EnvLink>
      }
    >
      {startedAt === null ? (
        <p className="px-3 py-2.5 text-ink-2 text-sm">It has not started.</p>
      ) : (
        <QueryBoundary query={query} what="the patterns of the log" skeleton={<SkeletonRows rows={1} />}>
          {({ anomalies }) => (
            <Found
              found={anomalies.filter((anomaly) => anomaly.deployment?.id === deployment.id)}
              {...{ service, environment, window }}
              watched={nowMs >= fromMs + WATCHED_MS}
            />
          )}
        </QueryBoundary>
      )}
    </Section>
  );
}

interface FoundProps {
  found: readonly AnomalyView[];
  service: string;
  environment: string;
  window: { from: string; to: string };
  /** the time in which something may appear is over */
  watched: boolean;
}

const Found = ({ found, service, environment, window, watched }: FoundProps) =>
  found.length === 0 ? (
    <p className="px-3 py-2.5 text-ink-2 text-sm">
      {watched ? "None: in its first half hour it wrote what the version before wrote, too." : "None so far."}
    </p>
  ) : (
    <ol className="divide-y">
      {found.map((anomaly) => (
        <li
          key={`${anomaly.kind} ${anomaly.patternId} ${anomaly.at}`}
          className="flex flex-wrap items-baseline gap-x-3 gap-y-1 px-3 py-2 text-sm"
        >
          {/* the tone says how much it matters, the word the level, as the page of logs has it */}
          <Mark tone={FINDING_TONE[anomaly.severity]}>{anomaly.level ?? anomaly.severity}</Mark>
          <div className="min-w-0 flex-[1_1_20rem]">
            <p className="break-words">{anomaly.sentence}</p>
            {anomaly.template ? (
              <p className="mt-0.5">
                <Template text={anomaly.template} />
              </p>
            ) : null}
          </div>
          <Time at={anomaly.at} className="text-ink-3 text-xs" />
          {anomaly.patternId ? (
            <EnvLink
              href={`/logs?${new URLSearchParams({ tab: "lines", service, env: environment, query: `pattern:${anomaly.patternId}`, ...window })}`}
              className="link"
            >
              Show lines
            </EnvLink>
          ) : null}
        </li>
      ))}
    </ol>
  );
