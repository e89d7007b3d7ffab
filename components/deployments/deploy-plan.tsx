"use client";

import { plural } from "../lib/format.ts";
import { describeError } from "../trpc/errors.ts";
import { Skeleton } from "../ui/skeleton.tsx";

interface DeployPlanProps {
  chosen: boolean;
  plan: readonly string[] | undefined;
  error: unknown;
  /** how many instances will be replaced */
  instances: number | null;
}

/** What will happen, from a dry run; or why it will not. Keeps its height while it is worked out. */
export function DeployPlan({ chosen, plan, error, instances }: DeployPlanProps) {
  return (
    <section aria-live="polite" className="min-h-44 rounded-md border bg-sunken p-3 text-sm">
      <h3 className="mb-1.5 font-medium">
        Plan
        {instances !== null && chosen ? (
          <span className="font-normal text-ink-3">
            {" "}
            · {plural(instances, "instance")} replaced one after the other
          </span>
        ) : null}
      </h3>
      {!chosen ? (
        <p className="text-ink-2">Choose a version to see what would happen, step by step.</p>
      ) : error ? (
        <p role="alert" className="whitespace-pre-line text-critical">
          {describeError(error).message}
        </p>
      ) : plan ? (
        <ol className="flex list-decimal flex-col gap-1 pl-5 text-ink-2 marker:text-ink-3">
          {plan.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
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
