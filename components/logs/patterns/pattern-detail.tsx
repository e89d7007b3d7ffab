"use client";

import { BellRing, EyeOff, List, Pencil, Pin, PinOff } from "lucide-react";
import dynamic from "next/dynamic";
import { useState } from "react";
import type { PatternView } from "#server/agent/logs/schema.ts";
import { FormError } from "../../feedback/form-error.tsx";
import { Time } from "../../feedback/time.tsx";
import { VisibleText } from "../../feedback/visible-text.tsx";
import { Facts } from "../../layout/page.tsx";
import { useCan } from "../../trpc/session.tsx";
import { Button } from "../../ui/button.tsx";
import { LevelMark } from "../lines/level-mark.tsx";
import { LineText } from "../lines/line-text.tsx";
import { changeBase } from "./pattern-change.ts";
import { Template } from "./template.tsx";
import { useUpdatePattern } from "./use-update-pattern.ts";

const PatternDialog = dynamic(() => import("./pattern-dialogs.tsx").then((module) => module.PatternDialog), {
  ssr: false,
});

interface PatternDetailProps {
  pattern: PatternView;
  onLines: () => void;
  onService: (service: string) => void;
}

/** A pattern in full: its text, sample lines, where it comes from, and what can be done with it. */
export function PatternDetail({ pattern, onLines, onService }: PatternDetailProps) {
  const { alert } = pattern;
  return (
    <div className="flex flex-col gap-3 px-3 py-3 sm:pl-9">
      <Template text={pattern.template} />
      <Facts
        items={[
          { label: "Level", value: <LevelMark level={pattern.level} /> },
          { label: "Lines", value: changeBase(pattern) },
          { label: "First seen", value: <Time at={pattern.firstSeenAt} /> },
          { label: "Last seen", value: <Time at={pattern.lastSeenAt} /> },
          {
            label: "Services",
            value: (
              <span className="flex flex-wrap gap-x-2">
                {pattern.services.map((service) => (
                  <button key={service} type="button" className="link" onClick={() => onService(service)}>
                    <VisibleText text={service} />
                  </button>
                ))}
              </span>
            ),
          },
          ...(pattern.versions.length > 0
            ? [{ label: "Versions", value: <span className="num">{pattern.versions.join(", ")}</span> }]
            : []),
          ...(alert
            ? [
                {
                  label: "Alert",
                  value: `${alert.count} lines in ${alert.minutes} min open an incident, ${alert.severity}`,
                },
              ]
            : []),
        ]}
      />
      {pattern.samples.length > 0 ? (
        <div>
          <h3 className="mb-1 text-ink-3 text-xs">Sample lines</h3>
          <ul className="divide-y rounded-md border bg-surface">
            {pattern.samples.map((sample, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: two samples may be alike, and never move
              <li key={index} className="px-2.5 py-1 text-xs leading-5">
                <LineText body={sample} mark={null} wrap longest={1_000} />
              </li>
            ))}
          </ul>
        </div>
      ) : null}
      <PatternActions pattern={pattern} onLines={onLines} />
    </div>
  );
}

function PatternActions({ pattern, onLines }: Pick<PatternDetailProps, "pattern" | "onLines">) {
  const may = useCan("telemetry.write");
  const update = useUpdatePattern();
  const [dialog, setDialog] = useState<"rename" | "alert" | "ignore" | null>(null);
  const { kept } = pattern;
  const pinned = pattern.tags.includes("pinned");
  const ignored = pattern.tags.includes("ignored");
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Button size="sm" onClick={onLines}>
        <List /> Show lines
      </Button>
      {may && kept ? (
        <>
          <Button
            size="sm"
            disabled={update.isPending}
            onClick={() => update.mutate({ patternId: pattern.id, pinned: !pinned })}
          >
            {pinned ? <PinOff /> : <Pin />} {pinned ? "Unpin" : "Pin"}
          </Button>
          <Button size="sm" onClick={() => setDialog("rename")}>
            <Pencil /> Rename…
          </Button>
          <Button size="sm" onClick={() => setDialog("alert")}>
            <BellRing /> {pattern.alert ? "Change the alert…" : "Alert…"}
          </Button>
          {ignored ? (
            <Button
              size="sm"
              disabled={update.isPending}
              onClick={() => update.mutate({ patternId: pattern.id, ignored: false })}
            >
              <EyeOff /> No longer ignore
            </Button>
          ) : (
            <Button size="sm" onClick={() => setDialog("ignore")}>
              <EyeOff /> Ignore…
            </Button>
          )}
        </>
      ) : (
        <span className="text-ink-3 text-xs">
          {kept
            ? "Pinning, naming, ignoring and alerting need the role responder: ask an admin for it."
            : "It was found in the lines just read and is kept nowhere, so it cannot be pinned, named or alerted on."}
        </span>
      )}
      <FormError error={update.error} />
      {dialog ? <PatternDialog kind={dialog} pattern={pattern} onClose={() => setDialog(null)} /> : null}
    </div>
  );
}
