"use client";

import { parseAsString, useQueryState } from "nuqs";
import { useHydrated } from "../feedback/time.tsx";
import { EnvLink } from "../layout/env-link.tsx";
import { Section } from "../layout/page.tsx";
import { CopyText } from "../settings/copy-text.tsx";
import { useCan } from "../trpc/session.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { type Addresses, sendSnippets } from "./send-snippets.ts";

/** What to give a sender: the text to copy, and where the token comes from. */
export function HowToSend({ addresses }: { addresses: Addresses }) {
  const mayIngest = useCan("ingest.write");
  const hydrated = useHydrated();
  const [asked, setAsked] = useQueryState("sender", parseAsString);
  const snippets = sendSnippets(hydrated ? window.location.origin : "", addresses);
  const chosen = snippets.find(({ id }) => id === asked) ?? snippets[0];
  if (!chosen) return null;
  return (
    <Section title="How to send">
      <div className="flex flex-col gap-3 p-3 text-sm">
        <ol className="list-inside list-decimal text-ink-2">
          <li>
            {mayIngest ? (
              <>
                Make a token with the role ingest under{" "}
                <EnvLink href="/settings?tab=tokens" className="link">
                  Settings, API tokens
                </EnvLink>
                : it sends telemetry and can do nothing else.
              </>
            ) : (
              "Ask an operator or an admin for a token with the role ingest: it sends telemetry and can do nothing else."
            )}
          </li>
          <li>Give the sender this text, with the token in it. What arrives shows here within a minute.</li>
        </ol>
        <div className="overflow-x-auto">
          <Segmented
            label="Sender"
            value={chosen.id}
            onChange={(id) => void setAsked(id)}
            options={snippets.map(({ id, sender }) => ({ value: id, label: sender }))}
          />
        </div>
        <CopyText key={chosen.id} label={chosen.label} text={chosen.text} />
        <p className="text-ink-3 text-xs">
          Instances that Operate runs itself need none of this: their output is read, and they are told where to send.
        </p>
      </div>
    </Section>
  );
}
