"use client";

import { useQuery } from "@tanstack/react-query";
import { FastForward, Pause, Play, RotateCcw, Undo2, X } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { AnalysisSummary, Decision, DeploymentView, StepView } from "#server/agent/deploy/schema.ts";
import type { ServiceNow } from "#server/agent/deploy/service-now-schema.ts";
import type { EvidenceNow } from "#server/agent/deploy/split-schema.ts";
import { STEP_TRAITS } from "#server/agent/deploy/words.ts";
import { Time, useClock } from "../../feedback/time.tsx";
import { VisibleText } from "../../feedback/visible-text.tsx";
import { cn } from "../../lib/cn.ts";
import { useShortcuts } from "../../lib/shortcuts.ts";
import { HealthMark } from "../../marks/health-mark.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { useCan } from "../../trpc/session.tsx";
import { Button } from "../../ui/button.tsx";
import { Kbd } from "../../ui/kbd.tsx";
import { DecideDialog } from "./decide-dialog.tsx";
import { choicesFor, currentStep, emphasisOf, evidenceOf, expiryWords, KEYS, labelOf } from "./decision-choices.ts";
import { faringOf, isOverLimit, stateOf } from "./service-words.ts";

const ICON: Record<Decision, ReactNode> = {
  promote: <FastForward aria-hidden="true" />,
  retry: <RotateCcw aria-hidden="true" />,
  rollback: <Undo2 aria-hidden="true" />,
  abort: <X aria-hidden="true" />,
  pause: <Pause aria-hidden="true" />,
  resume: <Play aria-hidden="true" />,
};
interface DecisionBarProps {
  deployment: DeploymentView;
  /** what the server accepts now */
  accepted: readonly Decision[];
  steps: readonly StepView[];
  analyses: readonly AnalysisSummary[];
  serviceNow: ServiceNow;
  evidenceNow: EvidenceNow | null;
}

/**
 * How the service fares, what the deployment does or waits for, and everything one can decide about it now; stays in
 * sight while the page is read.
 */
export function DecisionBar({ deployment, accepted, steps, analyses, serviceNow, evidenceNow }: DecisionBarProps) {
  const [decision, setDecision] = useState<Decision | null>(null);
  const allowed = useCan("deployment.write");
  const { waiting, summary, status } = deployment;
  const choices = choicesFor(deployment, accepted);
  const evidence = evidenceOf(deployment, steps, analyses);
  const offered = allowed ? choices : [];
  // the summary of a comparison that runs holds counts, which the traffic beside it is ahead of
  const current = currentStep(steps);
  const counts = current !== null && STEP_TRAITS[current.kind].compares;
  useShortcuts(
    offered.map((choice) => ({
      keys: KEYS[choice],
      label: labelOf(choice, deployment, steps),
      group: "This page" as const,
      run: () => setDecision(choice),
    })),
  );
  return (
    <section
      aria-label="Decision"
      className={cn(
        "sticky bottom-14 z-20 flex flex-wrap items-center gap-x-4 gap-y-2 rounded-md border bg-surface px-3 py-2 shadow-sm md:top-12 md:bottom-auto",
        waiting && "border-warning",
      )}
    >
      <div className="min-w-0 flex-1 basis-72">
        <Faring deployment={deployment} now={serviceNow} />
        <p aria-live="polite" className="text-base">
          {waiting ? waiting.reason : summary}
        </p>
        {evidenceNow ? (
          <p className="text-sm">
            So it was when it was last compared, <Time at={evidenceNow.comparedAt} />. {evidenceNow.sentence}.
          </p>
        ) : null}
        <p className="min-h-4 text-ink-3 text-xs">
          {waiting ? <Expiry deployment={deployment} /> : null} {hintOf(deployment, choices, allowed)}
          {!waiting && counts && evidence ? (
            <>
              As the judge last counted, <Time at={evidence.at} />.
            </>
          ) : null}
        </p>
      </div>
      {offered.length > 0 ? (
        <div className="flex flex-wrap gap-2">
          {offered.map((choice) => (
            <Button key={choice} variant={emphasisOf(choice, deployment, evidence)} onClick={() => setDecision(choice)}>
              {ICON[choice]} {labelOf(choice, deployment, steps)}
              <span className="hidden md:inline-flex">
                <Kbd>{KEYS[choice]}</Kbd>
              </span>
            </Button>
          ))}
        </div>
      ) : status === "rolling_back" ? (
        <span className="text-ink-2 text-sm">It is on its way back and ends by itself.</span>
      ) : null}
      <DecideDialog
        deployment={deployment}
        steps={steps}
        evidenceNow={evidenceNow}
        decision={decision !== null && offered.includes(decision) ? decision : null}
        emphasis={decision === null ? "secondary" : emphasisOf(decision, deployment, evidence)}
        onClose={() => setDecision(null)}
      />
    </section>
  );
}

function hintOf({ cancelRequested }: DeploymentView, choices: readonly Decision[], allowed: boolean): string {
  if (cancelRequested) return "Cancelled; it goes back as soon as what it is doing allows.";
  return choices.length > 0 && !allowed ? "Deciding needs the role operator." : "";
}

/**
 * The status of the whole service, as the state line and every list judge it, and why; then what its users met in the
 * last minute, which is a count of its own and need not be the reason.
 */
function Faring({ deployment: { service, environment }, now }: { deployment: DeploymentView; now: ServiceNow }) {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.services.list.queryOptions({})); // the frame's read
  const row = data?.rows.find((one) => one.service === service && one.environment === environment);
  const { state, why } = stateOf(row, now);
  const words = faringOf(now);
  return (
    <p className="flex flex-wrap items-baseline gap-x-2 text-ink-2 text-xs">
      <span>
        <VisibleText text={service} />:
      </span>
      <span>
        {state ? <HealthMark state={state} /> : "status not known"}
        {why ? (
          <>
            : <VisibleText text={why} />
          </>
        ) : null}
      </span>
      {words ? <span className={cn("tabular-nums", isOverLimit(now) && "text-critical")}>{words}</span> : null}
    </p>
  );
}

/** `goes back to 2.4.0 by itself in 24 min` */
function Expiry({ deployment }: { deployment: DeploymentView }) {
  return <span suppressHydrationWarning>{useClock((now) => expiryWords(deployment, now))}</span>;
}
