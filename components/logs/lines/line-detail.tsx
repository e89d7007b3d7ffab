"use client";

import { Braces, Check, CircleMinus, CirclePlus, Copy, Rows3, Waypoints } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { LogLineView } from "#server/agent/logs/schema.ts";
import { VisibleText } from "../../feedback/visible-text.tsx";
import { PlainLink } from "../../layout/env-link.tsx";
import { useEnvironment } from "../../lib/environment.tsx";
import { formatAbsolute, formatCount } from "../../lib/format.ts";
import { Button, buttonClass } from "../../ui/button.tsx";
import { attributeRows } from "./attribute-rows.ts";
import { lineText } from "./line-export.ts";
import { LineText } from "./line-text.tsx";

const LONGEST = 40_000;

interface LineDetailProps {
  line: LogLineView;
  mark: RegExp | null;
  /** asks also for this field, or for its absence */
  onFilter: (field: string, value: string, negated: boolean) => void;
  onContext?: (line: LogLineView) => void;
}

/** One line in full: its body, where it comes from, its attributes, each a filter, and the ways on from it. */
export function LineDetail({ line, mark, onFilter, onContext }: LineDetailProps) {
  const { link } = useEnvironment();
  const origin = (["service", "environment", "version", "instance"] as const).filter((field) => line[field]);
  const { rows, left } = attributeRows(line.attributes);
  const others = rows.filter((row) => !origin.some((field) => field === row.path && line[field] === row.value));
  return (
    <div className="flex flex-col gap-2 border-y bg-sunken px-3 py-2 sm:pl-9">
      <div className="flex flex-wrap items-center gap-2">
        {line.traceId ? (
          <PlainLink className={buttonClass({ size: "sm" })} href={link(`/traces/${line.traceId}`)}>
            <Waypoints /> Show the trace
          </PlainLink>
        ) : null}
        {onContext ? (
          <Button size="sm" onClick={() => onContext(line)}>
            <Rows3 /> Lines in context
          </Button>
        ) : null}
        {line.patternId ? (
          <Button size="sm" onClick={() => onFilter("pattern", String(line.patternId), false)}>
            <CirclePlus /> Lines like this
          </Button>
        ) : null}
        <CopyButton text={lineText(line)} word="Copy the line">
          <Copy />
        </CopyButton>
        <CopyButton text={JSON.stringify(line, null, 2)} word="Copy as JSON">
          <Braces />
        </CopyButton>
      </div>
      <div className="max-h-96 overflow-y-auto rounded-md border bg-surface px-2.5 py-1.5 text-xs leading-5">
        <LineText body={line.body} mark={mark} wrap longest={LONGEST} />
      </div>
      <dl className="divide-y rounded-md border bg-surface text-xs">
        <Attribute name="time" value={`${formatAbsolute(new Date(line.at))} (${line.at})`} />
        {origin.map((field) => (
          <Attribute key={field} name={field} value={line[field]} onFilter={onFilter} />
        ))}
        {line.traceId ? <Attribute name="trace" value={line.traceId} onFilter={onFilter} /> : null}
        {others.map((row) => (
          <Attribute key={row.path} name={row.path} value={row.value} {...(row.filterable ? { onFilter } : {})} />
        ))}
      </dl>
      {left > 0 ? (
        <p className="text-ink-3 text-xs">{formatCount(left)} more attributes: copy the line as JSON.</p>
      ) : null}
    </div>
  );
}

const Attribute = ({
  name,
  value,
  onFilter,
}: {
  name: string;
  value: string;
  onFilter?: LineDetailProps["onFilter"];
}) => (
  <div className="flex items-start gap-x-3 px-2.5 py-1 max-sm:flex-wrap">
    <dt className="num w-48 shrink-0 break-all text-ink-3 leading-5">
      <VisibleText text={name} />
    </dt>
    <dd className="flex min-w-0 flex-1 items-start gap-1">
      <span className="max-h-40 min-w-0 flex-1 overflow-y-auto leading-5">
        <LineText body={value} mark={null} wrap longest={LONGEST} />
      </span>
      {onFilter ? (
        <span className="flex shrink-0">
          <Button
            variant="ghost"
            size="sm"
            className="h-5 px-1"
            aria-label={`Only lines with this ${name}`}
            title="Only lines with this"
            onClick={() => onFilter(name, value, false)}
          >
            <CirclePlus />
          </Button>
          <Button
            variant="ghost"
            size="sm"
            className="h-5 px-1"
            aria-label={`No lines with this ${name}`}
            title="No lines with this"
            onClick={() => onFilter(name, value, true)}
          >
            <CircleMinus />
          </Button>
        </span>
      ) : null}
    </dd>
  </div>
);

function CopyButton({ text, word, children }: { text: string; word: string; children: ReactNode }) {
  const [state, setState] = useState<"ready" | "copied" | "refused">("ready");
  const copy = () =>
    navigator.clipboard
      .writeText(text)
      .then(() => setState("copied"))
      .catch(() => setState("refused"));
  return (
    <Button size="sm" onClick={() => void copy()}>
      {state === "copied" ? <Check /> : children}
      <span role="status">{state === "copied" ? "Copied" : state === "refused" ? "The browser refused" : word}</span>
    </Button>
  );
}
