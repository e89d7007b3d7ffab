"use client";

import type { ReactNode } from "react";
import type { DeploymentView } from "#server/agent/deploy/schema.ts";
import { Mark } from "../feedback/mark.tsx";
import { Elapsed, Time, useClock } from "../feedback/time.tsx";
import { VisibleText } from "../feedback/visible-text.tsx";
import { EnvLink } from "../layout/env-link.tsx";
import { Facts, Section } from "../layout/page.tsx";
import { formatDuration, plural } from "../lib/format.ts";
import { WATCH_LOOK } from "../marks/deployment-states.ts";
import type { RouterOutputs } from "../trpc/client.tsx";
import { readyWords } from "./detail/candidate-ready.ts";
import { deadlineWords } from "./detail/decision-choices.ts";
import { InstanceSquares } from "./instance-squares.tsx";

type Data = RouterOutputs["deploy"]["get"];

interface DeploymentNowProps extends Pick<Data, "instances" | "progress" | "steps"> {
  deployment: DeploymentView;
  active: boolean;
}

/** What it does now (or how it ended), how far it is, who asked for it and until when it may take. */
export function DeploymentNow({ deployment, steps, instances, progress, active }: DeploymentNowProps) {
  const { version, summary, reason, incidentId } = deployment;
  return (
    <Section title={active ? "Now" : "How it ended"}>
      <div className="flex flex-col gap-3 p-3">
        {active ? null : (
          <p className="min-h-5 text-base">
            <VisibleText text={summary} />
          </p>
        )}
        {reason ? (
          <p className="text-ink-2 text-sm">
            Why: <VisibleText text={reason} />
          </p>
        ) : null}
        <p className="num text-ink-2 text-sm">
          <VisibleText text={readyWords(deployment, progress, steps, active)} />
        </p>
        <InstanceSquares instances={instances} version={version} wanted={progress.wanted} />
        <Watch deployment={deployment} />
        <Facts items={factsOf(deployment, steps, active)} />
        {incidentId ? (
          <p className="text-sm">
            Its failure is kept in{" "}
            <EnvLink href={`/incidents/${incidentId}`} className="link">
              the incident it opened
            </EnvLink>
            .
          </p>
        ) : null}
      </div>
    </Section>
  );
}

/** What the watch after the end says; nothing when there is none. */
function Watch({ deployment }: { deployment: DeploymentView }) {
  const { watchState } = deployment;
  if (watchState === null) return null;
  const { tone, word } = WATCH_LOOK[watchState];
  return (
    <p className="text-sm">
      <Mark tone={tone}>{word}</Mark>
    </p>
  );
}

function factsOf(
  deployment: DeploymentView,
  steps: Data["steps"],
  active: boolean,
): { label: string; value: ReactNode }[] {
  const { requestedBy, createdAt, startedAt, finishedAt, options, strategy } = deployment;
  return [
    {
      label: "Requested by",
      value: `${requestedBy.name}${requestedBy.kind === "person" ? "" : `, ${requestedBy.kind}`}`,
    },
    { label: startedAt ? "Started" : "Requested", value: <Time at={startedAt ?? createdAt} /> },
    {
      label: active ? "Running for" : "Took",
      value: <Elapsed since={startedAt ?? createdAt} until={finishedAt} className="tabular-nums" />,
    },
    active
      ? { label: "Deadline", value: <Deadline deployment={deployment} steps={steps} /> }
      : { label: "Ended", value: <Time at={finishedAt} /> },
    {
      label: "Strategy",
      value:
        strategy === "rolling"
          ? `rolling, ${plural(options.maxSurge, "instance")} more and ${options.maxUnavailable} fewer at a time`
          : strategy === "restore"
            ? "straight back"
            : `${strategy}, ${plural(steps.length, "step")}`,
    },
    {
      label: "A new instance has",
      value: `${formatDuration(options.healthCheckTimeoutSeconds * 1000)} to become ready`,
    },
    {
      label: "When it fails",
      value: options.rollbackOnFailure ? "rolls back by itself" : "asks for a decision",
    },
  ];
}

function Deadline({ deployment, steps }: { deployment: DeploymentView; steps: Data["steps"] }) {
  return <span suppressHydrationWarning>{useClock((now) => deadlineWords(deployment, steps, now))}</span>;
}
