"use client";

import { FastForward, Pause, Play, RotateCcw, Undo2, X } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { Decision, DeploymentView, StepView } from "#server/agent/deploy/schema.ts";
import { useClock } from "../../feedback/time.tsx";
import { cn } from "../../lib/cn.ts";
import { formatDuration } from "../../lib/format.ts";
import { useShortcuts } from "../../lib/shortcuts.ts";
import { useCan } from "../../trpc/session.tsx";
import { Button, type ButtonProps } from "../../ui/button.tsx";
import { Kbd } from "../../ui/kbd.tsx";
import { DecideDialog } from "./decide-dialog.tsx";
import { choicesFor, KEYS, labelOf } from "./decisions.ts";

const ICON: Record<Decision, ReactNode> = {
  promote: <FastForward aria-hidden="true" />,
  retry: <RotateCcw aria-hidden="true" />,
  rollback: <Undo2 aria-hidden="true" />,
  abort: <X aria-hidden="true" />,
  pause: <Pause aria-hidden="true" />,
  resume: <Play aria-hidden="true" />,
};
const LOOK: Partial<Record<Decision, ButtonProps["variant"]>> = {
  promote: "primary",
  resume: "primary",
  rollback: "danger",
};

/** What it does or waits for, and everything one can decide about it now; stays in sight while the page is read. */
export function DecisionBar({ deployment, steps }: { deployment: DeploymentView; steps: readonly StepView[] }) {
  const [decision, setDecision] = useState<Decision | null>(null);
  const allowed = useCan("deployment.write");
  const { waiting, summary, status } = deployment;
  const choices = choicesFor(deployment, steps);
  const offered = allowed ? choices : [];
  useShortcuts(
    offered.map((choice) => ({
      keys: KEYS[choice],
      label: labelOf(choice, deployment),
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
        <p aria-live="polite" className="text-base">
          {waiting ? waiting.reason : summary}
        </p>
        <p className="min-h-4 text-ink-3 text-xs">
          {waiting ? <Expiry deployment={deployment} at={waiting.expiresAt} /> : hintOf(deployment, choices, allowed)}
        </p>
      </div>
      {offered.length > 0 ? (
        <div className="flex flex-wrap gap-2">
          {offered.map((choice) => (
            <Button key={choice} variant={LOOK[choice] ?? "secondary"} onClick={() => setDecision(choice)}>
              {ICON[choice]} {labelOf(choice, deployment)}
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
        decision={decision !== null && offered.includes(decision) ? decision : null}
        onClose={() => setDecision(null)}
      />
    </section>
  );
}

function hintOf({ cancelRequested }: DeploymentView, choices: readonly Decision[], allowed: boolean): string {
  if (cancelRequested) return "Cancelled; it goes back as soon as what it is doing allows.";
  return choices.length > 0 && !allowed ? "Deciding needs the role operator." : "";
}

/** `goes back to 2.4.0 by itself in 24 min` */
function Expiry({ deployment, at }: { deployment: DeploymentView; at: string }) {
  const until = Date.parse(at);
  const left = useClock((now) => (until > now ? formatDuration(until - now) : ""));
  const back = deployment.previousVersion ? `goes back to ${deployment.previousVersion}` : "ends";
  return (
    <span suppressHydrationWarning>
      {left === "" ? `It ${back} by itself now.` : `Without a decision it ${back} by itself in ${left}.`}
    </span>
  );
}
