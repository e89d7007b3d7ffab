"use client";

import { useQuery } from "@tanstack/react-query";
import { Info, OctagonAlert, TriangleAlert } from "lucide-react";
import type { PlanView } from "#server/agent/deploy/plan/plan-schema.ts";
import { Sentence } from "../../feedback/sentence.tsx";
import { VisibleText } from "../../feedback/visible-text.tsx";
import { EnvLink } from "../../layout/env-link.tsx";
import { cn } from "../../lib/cn.ts";
import { formatDuration } from "../../lib/format.ts";
import { HealthMark } from "../../marks/health-mark.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { durationWords } from "../plan-words.ts";
import { Refused } from "../refused.tsx";

interface DeployPlanProps {
  chosen: boolean;
  plan: PlanView | undefined;
  error: unknown;
  /** another plan is being worked out: what is shown is that of the choice before */
  waiting: boolean;
  service: string;
  environment: string;
  onLeave: () => void;
}

/** What will happen, from a dry run; or why it will not. Keeps its height while it is worked out. */
export function DeployPlan({ chosen, plan, error, waiting, service, environment, onLeave }: DeployPlanProps) {
  return (
    <section
      aria-live="polite"
      aria-label="Plan"
      aria-busy={chosen && waiting}
      className="min-h-64 rounded-md border bg-sunken p-3 text-sm lg:min-h-96"
    >
      {!chosen ? (
        <p className="text-ink-2">Choose a version to see what would happen, step by step.</p>
      ) : error ? (
        <Refused error={error} service={service} environment={environment} onLeave={onLeave} />
      ) : plan ? (
        <Plan plan={plan} environment={environment} waiting={waiting} />
      ) : (
        <div className="flex flex-col gap-2 pt-1">
          <Skeleton className="h-3 w-4/5 bg-line" />
          <Skeleton className="h-3 w-3/5 bg-line" />
          <Skeleton className="h-3 w-2/3 bg-line" />
        </div>
      )}
    </section>
  );
}

const SEVERITY: Record<
  PlanView["warnings"][number]["severity"],
  { icon: typeof TriangleAlert; colour: string; word: string }
> = {
  critical: { icon: OctagonAlert, colour: "text-critical", word: "Critical" },
  warning: { icon: TriangleAlert, colour: "text-warning", word: "Warning" },
  info: { icon: Info, colour: "text-ink-3", word: "Note" },
};

const Plan = ({ plan, environment, waiting }: { plan: PlanView; environment: string; waiting: boolean }) => (
  <div className={cn("flex flex-col gap-2", waiting && "opacity-50")}>
    <h3 className="font-medium">
      <VisibleText text={plan.summary} />
    </h3>
    {plan.warnings.length > 0 ? (
      <ul aria-label="Warnings" className="flex flex-col gap-1 rounded-sm bg-warning-soft px-2 py-1.5">
        {plan.warnings.map(({ kind, severity, message }) => {
          const { icon: Icon, colour, word } = SEVERITY[severity];
          return (
            <li key={`${kind} ${message}`} className="flex items-start gap-2">
              <Icon aria-hidden="true" className={cn("mt-0.5 size-4 shrink-0", colour)} />
              <span>
                <span className="sr-only">{word}: </span>
                <Sentence text={message} />
              </span>
            </li>
          );
        })}
      </ul>
    ) : null}
    <ol className="flex list-decimal flex-col gap-0.5 pl-6 text-ink-2 marker:text-ink-3">
      {plan.steps.map((step, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a plan's steps are told apart by their place
        <li key={index}>
          <div className="flex gap-3">
            <span className="min-w-0 flex-1">
              <VisibleText text={step.title} />
            </span>
            <span className="num shrink-0 text-ink-3 text-xs">
              {step.seconds > 0 ? formatDuration(step.seconds * 1_000) : "at once"}
            </span>
          </div>
        </li>
      ))}
    </ol>
    <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-1 border-t pt-2 text-ink-2">
      <dt className="text-ink-3">Expected</dt>
      <dd className="num">{durationWords(plan)}</dd>
      {plan.openConnections ? <dd className="col-start-2 text-ink-3">{plan.openConnections}</dd> : null}
      <dt className="text-ink-3">Affects</dt>
      <dd>
        <Affected names={plan.affects} environment={environment} />
      </dd>
      {plan.judged ? (
        <>
          <dt className="text-ink-3">Judged</dt>
          <dd>{plan.judged}</dd>
        </>
      ) : null}
      <dt className="text-ink-3">When it fails</dt>
      <dd>{plan.onFailure}</dd>
      <dt className="text-ink-3">To undo</dt>
      <dd>{plan.undo}</dd>
    </dl>
  </div>
);

/** Services that lean on it, with how they are now; they open beside the dialog, so that no choice is lost. */
function Affected({ names, environment }: { names: readonly string[]; environment: string }) {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.services.list.queryOptions({}));
  if (names.length === 0) return "no other service";
  return (
    <ul className="flex flex-wrap gap-x-3 gap-y-0.5">
      {names.map((name) => {
        const row = data?.rows.find((one) => one.service === name && one.environment === environment);
        return (
          <li key={name} className="inline-flex items-center gap-1.5">
            {row ? <HealthMark state={row.health} bare /> : null}
            <EnvLink
              href={`/services/${name}?env=${encodeURIComponent(environment)}`}
              className="link"
              target="_blank"
              title="opens in a new tab"
            >
              <VisibleText text={name} />
            </EnvLink>
          </li>
        );
      })}
      <li className="text-ink-3">through dependencies</li>
    </ul>
  );
}
