"use client";

import { ArrowDown } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { z } from "zod";
import type { DeploymentEventView } from "#server/agent/deploy/schema.ts";
import { FOR_PEOPLE } from "#server/agent/kernel/reader-budget.ts";
import { Mark } from "../feedback/mark.tsx";
import { Time } from "../feedback/time.tsx";
import { VisibleText } from "../feedback/visible-text.tsx";
import { Section } from "../layout/page.tsx";
import { cn } from "../lib/cn.ts";
import { plural } from "../lib/format.ts";
import { EVENT_LOOK } from "../marks/deployment-states.ts";
import { Button } from "../ui/button.tsx";

type Event = z.infer<typeof DeploymentEventView>;

/** Close enough to the end to count as reading the newest. */
const NEAR_END_PX = 24;

/** What it did, oldest first: read from its beginning once it has ended, until then the newest is followed. */
export function DeploymentTimeline({ events, active }: { events: readonly Event[]; active: boolean }) {
  const list = useRef<HTMLOListElement>(null);
  const [following, setFollowing] = useState(active);
  const newest = events.at(-1)?.id;

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new entry is what moves the list
  useEffect(() => {
    if (active && following && list.current) list.current.scrollTop = list.current.scrollHeight;
  }, [newest, following, active]);

  const onScroll = () => {
    const element = list.current;
    if (element) setFollowing(element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END_PX);
  };

  return (
    <Section
      title="What happened"
      note={
        events.length >= FOR_PEOPLE.most.events
          ? `the newest ${FOR_PEOPLE.most.events} entries`
          : plural(events.length, "entry", "entries")
      }
      actions={
        !active ? null : following ? (
          <span className="text-ink-3 text-xs">follows the newest</span>
        ) : (
          <Button size="sm" onClick={() => setFollowing(true)}>
            <ArrowDown aria-hidden="true" /> To the newest
          </Button>
        )
      }
    >
      <ol
        ref={list}
        onScroll={onScroll}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        tabIndex={0}
        aria-label="What happened, oldest first"
        className="max-h-96 min-h-40 overflow-y-auto py-1"
      >
        {events.length === 0 ? (
          <li className="px-3 py-2 text-ink-2 text-sm">Nothing yet. Steps appear here as they happen.</li>
        ) : null}
        {events.map((event) => (
          <Entry key={event.id} event={event} />
        ))}
      </ol>
    </Section>
  );
}

function Entry({ event }: { event: Event }) {
  const [open, setOpen] = useState(false);
  const { tone, word } = EVENT_LOOK[event.level];
  const detail = event.detail && Object.keys(event.detail).length > 0 ? event.detail : null;
  return (
    <li className="px-3 py-1 text-sm">
      <div className="flex items-baseline gap-3">
        <Mark tone={tone} className="w-18 shrink-0 text-xs">
          {word}
        </Mark>
        <span className={cn("min-w-0 flex-1 break-words", event.kind === "decision" && "font-medium")}>
          <VisibleText text={event.message} />
        </span>
        {detail ? (
          <button
            type="button"
            aria-expanded={open}
            onClick={() => setOpen(!open)}
            className="shrink-0 text-ink-3 text-xs underline-offset-3 hover:text-ink hover:underline max-sm:hidden"
          >
            {open ? "less" : "detail"}
          </button>
        ) : null}
        <Time at={event.at} className="w-18 shrink-0 whitespace-nowrap text-right text-ink-3 text-xs" />
      </div>
      {detail && open ? (
        <pre className="num mt-1 ml-21 overflow-x-auto whitespace-pre-wrap rounded-sm bg-sunken p-2 text-ink-2 text-xs">
          {JSON.stringify(detail, null, 2)}
        </pre>
      ) : null}
    </li>
  );
}
