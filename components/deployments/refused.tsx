"use client";

import { TriangleAlert } from "lucide-react";
import { LONGEST_REASON, SHORTEST_OVERRIDE_REASON } from "#server/agent/actions/words.ts";
import { Sentence } from "../feedback/sentence.tsx";
import { EnvLink } from "../layout/env-link.tsx";
import { describeError } from "../trpc/error-description.ts";
import { useCan } from "../trpc/session.tsx";
import { buttonClass } from "../ui/button.tsx";
import { Field, Input } from "../ui/field.tsx";
import { Unlock } from "./policy-banner.tsx";
import { refusalOf } from "./refusal.ts";

interface RefusedProps {
  error: unknown;
  service: string;
  environment: string;
  /** the dialog closes when its reader goes elsewhere */
  onLeave: () => void;
}

/** Why it cannot begin, each reason with what to do about it. */
export function Refused({ error, service, environment, onLeave }: RefusedProps) {
  const { obstacles, activeId, message } = refusalOf(describeError(error));
  if (obstacles.length === 0)
    return (
      <div role="alert" className="flex flex-col items-start gap-2">
        <p className="whitespace-pre-line text-critical">
          <Sentence text={message} />
        </p>
        {activeId ? (
          <EnvLink
            className={buttonClass({ size: "sm" })}
            href={`/deployments/${activeId}?env=${encodeURIComponent(environment)}`}
            onClick={onLeave}
          >
            Open the deployment that runs
          </EnvLink>
        ) : null}
      </div>
    );
  return (
    <div role="alert" className="flex flex-col gap-2">
      <p className="font-medium">It may not begin now.</p>
      <ul className="flex flex-col gap-2 rounded-sm bg-warning-soft px-2 py-1.5">
        {obstacles.map((obstacle) => (
          <li key={`${obstacle.reason} ${obstacle.message}`} className="flex items-start gap-2">
            <TriangleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-warning" />
            <span className="min-w-0 flex-1">
              <Sentence text={obstacle.message} /> <span className="text-ink-2">{obstacle.advice}</span>
            </span>
            {obstacle.reason === "locked" ? <Unlock service={service} environment={environment} /> : null}
          </li>
        ))}
      </ul>
    </div>
  );
}

interface OverrideProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  error: unknown;
}

/** For administrators: go on although a freeze, a lock or a wave stands against it; absent for everything else. */
export function Override({ label, value, onChange, error }: OverrideProps) {
  const may = useCan("deployment.override.write");
  const stands = Boolean(error) && refusalOf(describeError(error)).obstacles.length > 0;
  if (!may || !(stands || value)) return null;
  return (
    <Field
      label={label}
      hint={`Why it cannot wait, at least ${SHORTEST_OVERRIDE_REASON} characters. It stands in the timeline and the audit log.`}
    >
      {(control) => (
        <Input
          {...control}
          value={value}
          maxLength={LONGEST_REASON}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
