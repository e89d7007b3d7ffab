"use client";

import { useQuery } from "@tanstack/react-query";
import { ChevronRight } from "lucide-react";
import { useState } from "react";
import type { StepOutput, StepView } from "#server/agent/deploy/schema.ts";
import { STEP_TRAITS } from "#server/agent/deploy/words.ts";
import { Mark } from "../../feedback/mark.tsx";
import { Elapsed } from "../../feedback/time.tsx";
import { VisibleText } from "../../feedback/visible-text.tsx";
import { Section } from "../../layout/page.tsx";
import { cn } from "../../lib/cn.ts";
import { formatMs, plural } from "../../lib/format.ts";
import { StepMark } from "../../marks/step-mark.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { Badge } from "../../ui/badge.tsx";
import { noteOnce } from "./said-once.ts";

/** What it does, one step after the other: how each went, how long it took, and what was printed. */
export function StepList({
  deploymentId,
  steps,
  active,
  reasons,
}: {
  deploymentId: string;
  steps: readonly StepView[];
  active: boolean;
  /** what stands in full under how it ended, so that steps refer to it */
  reasons: readonly string[];
}) {
  const trpc = useTRPC();
  const told = steps.some((step) => STEP_TRAITS[step.kind].hasOutput);
  const detail = useQuery(
    trpc.deploy.detail.queryOptions({ deploymentId }, { enabled: told, refetchInterval: active ? 5_000 : false }),
  );
  const done = steps.filter((step) => step.status === "passed").length;
  return (
    <Section title="Steps" note={`${done} of ${plural(steps.length, "step")} done`}>
      <ol className="flex flex-col">
        {steps.map((step) => (
          <Step
            key={step.index}
            step={step}
            reasons={reasons}
            output={detail.data?.outputs.find((one) => one.index === step.index)}
          />
        ))}
      </ol>
    </Section>
  );
}

function Step({
  step,
  output,
  reasons,
}: {
  step: StepView;
  output: StepOutput | undefined;
  reasons: readonly string[];
}) {
  const [open, setOpen] = useState<boolean | null>(null);
  const { index, title, status, note, startedAt, finishedAt, attempt } = step;
  const current = status === "running" || status === "waiting";
  const shown = open ?? status === "failed";
  return (
    <li
      aria-current={current ? "step" : undefined}
      className={cn("flex flex-col gap-0.5 border-t px-3 py-1.5 first:border-t-0", current && "bg-selected")}
    >
      <div className="flex items-baseline gap-3 text-sm">
        <span className="num w-5 shrink-0 text-right text-ink-3 text-xs">{index + 1}</span>
        <span className="w-20 shrink-0">
          <StepMark status={status} />
        </span>
        <span className={cn("min-w-0 flex-1", status === "pending" || status === "skipped" ? "text-ink-3" : "")}>
          <VisibleText text={title} />
          {attempt > 1 ? <Badge className="ml-2">try {attempt}</Badge> : null}
        </span>
        <span className="num min-w-16 shrink-0 whitespace-nowrap text-right text-ink-3 text-xs">
          {startedAt ? <Elapsed since={startedAt} until={current ? null : finishedAt} /> : null}
        </span>
      </div>
      {note && !(status === "passed" && STEP_TRAITS[step.kind].noteRepeatsTitle) ? (
        <p className={cn("ml-8 text-xs sm:ml-31", status === "failed" ? "text-critical" : "text-ink-2")}>
          {noteOnce(note, reasons)}
        </p>
      ) : null}
      {output ? (
        <div className="ml-8 sm:ml-31">
          <button
            type="button"
            aria-expanded={shown}
            className="inline-flex items-center gap-1 text-ink-2 text-xs hover:text-ink"
            onClick={() => setOpen(!shown)}
          >
            <ChevronRight aria-hidden="true" className={cn("size-3.5 transition-transform", shown && "rotate-90")} />
            {plural(output.parts.length, "answer")}
          </button>
          {shown ? <Output output={output} /> : null}
        </div>
      ) : null}
    </li>
  );
}

const Output = ({ output }: { output: StepOutput }) => (
  <ul className="mt-1 flex flex-col gap-2">
    {output.parts.map((part) => (
      <li key={part.name} className="text-xs">
        <div className="flex flex-wrap items-baseline gap-x-3">
          <Mark tone={part.ok ? "ok" : "critical"}>
            <VisibleText text={part.name} />
          </Mark>
          <span className="text-ink-2">
            <VisibleText text={part.summary} />
          </span>
          <span className="num text-ink-3">{formatMs(part.durationMs)}</span>
        </div>
        {part.output ? (
          <pre className="num mt-1 max-h-48 overflow-auto whitespace-pre-wrap break-words rounded-sm bg-sunken p-2 text-ink-2">
            {part.output}
          </pre>
        ) : null}
      </li>
    ))}
  </ul>
);
