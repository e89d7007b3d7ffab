"use client";

import { HeartPulse, Rocket, Siren } from "lucide-react";
import type { ListServicesOutput } from "#server/agent/services/schema.ts";
import { Mark } from "../feedback/mark.tsx";
import { Time } from "../feedback/time.tsx";
import { VisibleText } from "../feedback/visible-text.tsx";
import { EnvLink } from "../layout/env-link.tsx";
import { EnvironmentName } from "../marks/environment.tsx";
import { lookOfChange } from "../marks/states.ts";

type Change = ListServicesOutput["changes"][number];

const ICON = { deployment: Rocket, incident: Siren, health: HeartPulse } as const;
/** What happened, newest first, on one line of time. */
export const ChangeList = ({ changes, showEnvironment }: { changes: readonly Change[]; showEnvironment: boolean }) => (
  <ol className="py-1">
    {changes.map((change) => {
      const Icon = ICON[change.kind];
      return (
        <li
          key={`${change.at} ${change.href} ${change.title}`}
          className="relative flex min-h-8 items-center gap-2.5 px-3 py-1 text-sm hover:bg-hover"
        >
          <Time at={change.at} className="num w-20 shrink-0 text-ink-3 text-xs" />
          <Mark tone={lookOfChange(change.state).tone} bare>
            {lookOfChange(change.state).word}
          </Mark>
          <Icon className="size-4 shrink-0 text-ink-3" aria-label={change.kind} />
          <EnvLink href={change.href} className="min-w-0 after:absolute after:inset-0 hover:underline">
            <VisibleText text={change.title} />
          </EnvLink>
          {showEnvironment && change.environment ? (
            <EnvironmentName name={change.environment} className="ml-auto shrink-0 text-xs" />
          ) : null}
        </li>
      );
    })}
  </ol>
);
