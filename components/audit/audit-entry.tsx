"use client";

import { Time } from "../feedback/time.tsx";
import { VisibleText } from "../feedback/visible-text.tsx";
import { EnvLink } from "../layout/env-link.tsx";
import { Facts } from "../layout/page.tsx";
import { cn } from "../lib/cn.ts";
import { formatAbsolute } from "../lib/format.ts";
import { Drawer } from "../ui/dialog.tsx";
import { actorWord } from "./audit-actor.tsx";
import { OutcomeMark } from "./audit-columns.tsx";
import type { AuditEntryView } from "./entry.ts";
import { changesOf, type FieldChange } from "./json-change.ts";

/** Where the target of an entry can be looked at. */
const PAGE_OF: Record<string, (id: string) => string> = {
  deployment: (id) => `/deployments/${id}`,
  incident: (id) => `/incidents/${id}`,
  "health-target": (id) => `/health/${id}`,
};

/** One entry in full: who, on whose word, what changed, and the number to find it by in the log. */
export function AuditEntry({ entry, onClose }: { entry: AuditEntryView | null; onClose: () => void }) {
  return (
    <Drawer
      open={entry !== null}
      onOpenChange={(open) => open || onClose()}
      title={<span className="num">{entry?.action}</span>}
      description={entry ? formatAbsolute(new Date(entry.at)) : undefined}
    >
      {entry ? <Detail entry={entry} /> : null}
    </Drawer>
  );
}

function Detail({ entry }: { entry: AuditEntryView }) {
  const { actor, target } = entry;
  const page = target ? PAGE_OF[target.type]?.(target.id) : undefined;
  return (
    <div className="flex flex-col gap-5 p-4">
      <Facts
        items={[
          { label: "Outcome", value: <OutcomeMark outcome={entry.outcome} /> },
          { label: "Who", value: `${actor.name} (${actorWord(actor.kind)})` },
          { label: "Id of who", value: <span className="num break-all">{actor.id}</span> },
          { label: "Via", value: entry.via },
          { label: "When", value: <Time at={entry.at} /> },
          ...(target
            ? [
                {
                  label: `On this ${target.type.replace("-", " ")}`,
                  value: page ? (
                    <EnvLink href={page} className="link num break-all">
                      {target.id}
                    </EnvLink>
                  ) : (
                    <span className="num break-all">{target.id}</span>
                  ),
                },
              ]
            : []),
          { label: "Request", value: <span className="num select-all break-all">{entry.requestId}</span> },
        ]}
      />
      {entry.reason ? (
        <section>
          <h3 className="mb-1 font-semibold text-sm">
            {entry.outcome === "refused" ? "Why it was refused" : "Reason"}
          </h3>
          <p className="whitespace-pre-wrap break-words text-sm">
            <VisibleText text={entry.reason} />
            {entry.errorCode ? <span className="num text-ink-3"> {entry.errorCode}</span> : null}
          </p>
        </section>
      ) : null}
      <Change entry={entry} />
    </div>
  );
}

function Change({ entry }: { entry: AuditEntryView }) {
  const changes = changesOf(entry.before, entry.after);
  const changed = changes.filter((change) => change.kind !== "same");
  const same = changes.filter((change) => change.kind === "same");
  if (changes.length === 0) return <p className="text-ink-2 text-sm">No state was recorded with it.</p>;
  return (
    <section>
      <h3 className="mb-1 font-semibold text-sm">
        {entry.outcome === "refused" ? "What was asked for" : entry.before ? "What changed" : "What was recorded"}
      </h3>
      {changed.length > 0 ? <Fields changes={changed} /> : <p className="text-ink-2 text-sm">Nothing changed.</p>}
      {same.length > 0 ? (
        <details className="mt-3">
          <summary className="w-fit cursor-pointer text-ink-2 text-sm">{same.length} fields stayed the same</summary>
          <Fields changes={same} />
        </details>
      ) : null}
    </section>
  );
}

const Fields = ({ changes }: { changes: readonly FieldChange[] }) => (
  <dl className="mt-1 divide-y rounded-md border text-sm">
    {changes.map((change) => (
      <div key={change.path} className="grid gap-x-3 px-2.5 py-1.5 sm:grid-cols-[10rem_minmax(0,1fr)]">
        <dt className="num break-all text-ink-3 text-xs leading-5">{change.path || "value"}</dt>
        <dd className="num whitespace-pre-wrap break-words">
          {change.kind === "changed" || change.kind === "removed" ? (
            <Value sign="−" className="bg-critical-soft" value={change.before} word="before" />
          ) : null}
          {change.kind === "changed" || change.kind === "added" ? (
            <Value sign="+" className="bg-ok-soft" value={change.after} word="after" />
          ) : null}
          {change.kind === "same" ? change.after : null}
        </dd>
      </div>
    ))}
  </dl>
);

const Value = ({
  sign,
  className,
  value,
  word,
}: {
  sign: string;
  className: string;
  value: string | null;
  word: string;
}) => (
  <span className={cn("flex gap-2 rounded-sm px-1", className)}>
    <span aria-hidden="true" className="text-ink-3">
      {sign}
    </span>
    <span className="sr-only">{word}: </span>
    <span className="min-w-0">{value}</span>
  </span>
);
