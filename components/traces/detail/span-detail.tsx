"use client";

import type { ReactNode } from "react";
import type { LogLineView } from "#server/agent/logs/schema.ts";
import type { GetTraceOutput, SpanView } from "#server/agent/traces/schema.ts";
import { Mark } from "../../feedback/mark.tsx";
import { VisibleText } from "../../feedback/visible-text.tsx";
import { EnvLink } from "../../layout/env-link.tsx";
import { formatMs, MISSING, plural } from "../../lib/format.ts";
import { LineText } from "../../logs/lines/line-text.tsx";
import { shareOf } from "../prepare/waterfall-rows.ts";
import { tracesHref } from "../trace-scope.ts";
import { Group, SpanAttributes } from "./span-attributes.tsx";
import { SpanLinks } from "./span-links.tsx";
import { TraceLines } from "./trace-lines.tsx";
import { windowOfTrace } from "./use-trace-logs.ts";

const LONGEST = 8_000;

interface SpanDetailProps {
  span: SpanView;
  trace: GetTraceOutput;
  lines: readonly LogLineView[];
}

/** One span in full: what it did, how long, what went wrong, its attributes, events and log lines, and where to go on. */
export function SpanDetail({ span, trace, lines }: SpanDetailProps) {
  const { environment } = trace;
  const window = windowOfTrace(trace);
  return (
    <div className="flex flex-col gap-4 p-3 text-sm">
      {span.status === "error" ? (
        <div className="rounded-md bg-critical-soft px-3 py-2">
          <Mark tone="critical" className="font-medium">
            error
          </Mark>{" "}
          <span className="break-words">
            <LineText
              body={span.statusMessage || "The span says no more than that it failed."}
              mark={null}
              wrap
              longest={LONGEST}
            />
          </span>
        </div>
      ) : null}
      <Table
        rows={[
          ["service", <ServiceLink key="service" span={span} environment={environment} />],
          ["version", span.version || MISSING],
          ["instance", span.instance ? <InstanceLink key="instance" {...{ span, environment, window }} /> : MISSING],
          ["kind", span.kind],
          ["begins", `${formatMs(span.startOffsetMs)} after the trace`],
          ["takes", `${formatMs(span.durationMs)}${shareOf(span, trace)}`],
          ["itself", selfWords(span)],
          ["critical path", span.onCriticalPath ? "yes: shortening it makes the request faster" : "no"],
        ]}
      />
      <p>
        <EnvLink
          href={tracesHref({ service: span.service, operation: span.name, environment: environment || null })}
          className="link"
        >
          Other traces with this span
        </EnvLink>
      </p>
      <Group title="Attributes">
        <SpanAttributes attributes={span.attributes} none="It carries none." />
      </Group>
      {span.events.length > 0 ? (
        <Group title={plural(span.events.length, "event")}>
          {span.events.map((event, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: events of one span never move
            <div key={index} className="flex flex-col gap-1 border-t py-1.5 first:border-t-0">
              <p>
                <span className="num text-ink-3">+{formatMs(event.offsetMs)}</span> <VisibleText text={event.name} />
              </p>
              <SpanAttributes attributes={event.attributes} none="" />
            </div>
          ))}
        </Group>
      ) : null}
      <SpanLinks span={span} trace={trace} />
      <Group title="Log lines of this span">
        {lines.length > 0 ? (
          <div className="-mx-3 rounded-md border-y">
            <TraceLines lines={lines} startMs={Date.parse(trace.startAt)} />
          </div>
        ) : (
          <p className="text-ink-3">None that carries its id.</p>
        )}
      </Group>
    </div>
  );
}

/** a rounding apart, it had nobody to wait for */
const selfWords = ({ selfMs, durationMs }: SpanView): string =>
  selfMs >= durationMs * 0.999 ? "all of it" : `${formatMs(selfMs)}, the rest in spans below it`;

const ServiceLink = ({ span, environment }: { span: SpanView; environment: string }) => (
  <EnvLink
    href={`/services/${encodeURIComponent(span.service)}${environment ? `?env=${encodeURIComponent(environment)}` : ""}`}
    className="link"
  >
    <VisibleText text={span.service} />
  </EnvLink>
);

function InstanceLink({
  span,
  environment,
  window,
}: {
  span: SpanView;
  environment: string;
  window: { from: Date; to: Date };
}) {
  const query = new URLSearchParams({
    ...{ tab: "lines", service: span.service, query: `instance:"${span.instance}"` },
    ...(environment ? { env: environment } : {}),
    ...{ from: window.from.toISOString(), to: window.to.toISOString() },
  });
  return (
    <EnvLink href={`/logs?${query}`} className="link num" title="Its log at that time">
      {span.instance}
    </EnvLink>
  );
}

const Table = ({ rows }: { rows: readonly [string, ReactNode][] }) => (
  <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1">
    {rows.map(([name, value]) => (
      <div key={name} className="contents">
        <dt className="text-ink-3">
          <VisibleText text={name} />
        </dt>
        <dd className="break-words">{value}</dd>
      </div>
    ))}
  </dl>
);
