"use client";

import { useQuery } from "@tanstack/react-query";
import { Time } from "../feedback/time.tsx";
import { PlainLink } from "../layout/env-link.tsx";
import { Section } from "../layout/page.tsx";
import { plural } from "../lib/format.ts";
import { useTRPC } from "../trpc/client.tsx";

/** Services that send telemetry without being configured, Operate among them; nothing where there are none. */
export function ObservedServices({ words }: { words: readonly string[] }) {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.ingest.services.queryOptions(undefined, { refetchInterval: 60_000 }));
  const shown = data?.services.filter(({ service }) => words.every((word) => service.toLowerCase().includes(word)));
  if (!shown || shown.length === 0) return null;
  return (
    <Section
      title="Known by what they send"
      note={`${plural(shown.length, "service")} not configured, in the last day`}
    >
      <ul className="divide-y">
        {shown.map(({ service, signals, lastAt }) => (
          <li key={service} className="relative flex min-h-9 items-center gap-4 px-3 py-1 text-sm hover:bg-hover">
            <PlainLink
              href={`/services/${encodeURIComponent(service)}`}
              className="min-w-0 flex-1 truncate font-medium after:absolute after:inset-0 hover:underline"
            >
              {service}
            </PlainLink>
            <span className="text-ink-2 max-sm:hidden">{signals.join(", ")}</span>
            <span className="w-28 text-right text-ink-3">
              <Time at={lastAt} />
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
