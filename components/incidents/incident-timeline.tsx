"use client";

import {
  ArrowUpRight,
  CheckCheck,
  CircleDot,
  Gauge,
  HeartPulse,
  type LucideIcon,
  MessageSquare,
  Pencil,
  Rocket,
  ScrollText,
  Siren,
  UserRound,
} from "lucide-react";
import type { IncidentEventView } from "#server/agent/incidents/schema.ts";
import { MOST_ENTRIES } from "#server/agent/incidents/words.ts";
import { Time } from "../feedback/time.tsx";
import { VisibleText } from "../feedback/visible-text.tsx";
import { EnvLink } from "../layout/env-link.tsx";
import { Section } from "../layout/page.tsx";
import { cn } from "../lib/cn.ts";
import { plural } from "../lib/format.ts";
import { Badge } from "../ui/badge.tsx";

type Kind = IncidentEventView["kind"];

const LOOK: Record<Kind, { icon: LucideIcon; word: string }> = {
  opened: { icon: Siren, word: "opened" },
  status: { icon: CircleDot, word: "status" },
  severity: { icon: Gauge, word: "severity" },
  assignee: { icon: UserRound, word: "assignee" },
  note: { icon: MessageSquare, word: "note" },
  escalated: { icon: ArrowUpRight, word: "escalation" },
  health: { icon: HeartPulse, word: "health" },
  deployment: { icon: Rocket, word: "deployment" },
  logs: { icon: ScrollText, word: "logs" },
  resolution: { icon: CheckCheck, word: "resolution" },
  edited: { icon: Pencil, word: "edit" },
};

/** What a person wrote stands out from what was only recorded. */
const WRITTEN: readonly Kind[] = ["note", "resolution"];

/** Everything that happened to it, oldest first: it ends now, where the next note is written. */
export const IncidentTimeline = ({ events }: { events: readonly IncidentEventView[] }) => (
  <Section
    title="Timeline"
    note={`oldest first, ${events.length >= MOST_ENTRIES ? `the newest ${MOST_ENTRIES} entries` : plural(events.length, "entry", "entries")}`}
  >
    <ol className="flex flex-col py-2">
      {events.map((event) => (
        <Entry key={event.id} event={event} />
      ))}
    </ol>
  </Section>
);

function Entry({ event }: { event: IncidentEventView }) {
  const { icon: Icon, word } = LOOK[event.kind];
  const { deploymentId, patternId } = event.detail ?? {};
  return (
    <li className="flex gap-3 px-3 py-1.5 text-sm">
      <span title={word} className="mt-0.5 shrink-0 text-ink-3">
        <Icon className="size-4" aria-hidden="true" />
        <span className="sr-only">{word}</span>
      </span>
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-x-2 text-ink-3 text-xs">
          <span className="font-medium text-ink-2">
            <VisibleText text={event.actor.name} />
          </span>
          <ActorKind kind={event.actor.kind} />
          <Time at={event.at} />
        </p>
        <p
          className={cn(
            "whitespace-pre-wrap break-words",
            WRITTEN.includes(event.kind) && "mt-1 max-w-prose rounded-md border bg-sunken px-2.5 py-1.5",
          )}
        >
          <VisibleText text={event.message} />
        </p>
        {typeof deploymentId === "string" ? (
          <EnvLink href={`/deployments/${deploymentId}`} className="link text-xs">
            The deployment
          </EnvLink>
        ) : null}
        {typeof patternId === "string" ? (
          <EnvLink href={`/logs?tab=lines&pattern=${encodeURIComponent(patternId)}`} className="link text-xs">
            Its lines
          </EnvLink>
        ) : null}
      </div>
    </li>
  );
}

/** A person needs no label; everything else says what it is. */
function ActorKind({ kind }: { kind: IncidentEventView["actor"]["kind"] }) {
  if (kind === "person") return null;
  if (kind === "agent") return <Badge tone="accent">agent</Badge>;
  return <Badge>{kind === "token" ? "API token" : "Operate"}</Badge>;
}
