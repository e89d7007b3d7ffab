"use client";

import { useState } from "react";
import type { AnalyzeLogsOutput, AnomalyView } from "#server/agent/logs/schema.ts";
import { EmptyState } from "../../feedback/empty-state.tsx";
import { Mark } from "../../feedback/mark.tsx";
import { Time } from "../../feedback/time.tsx";
import { EnvLink } from "../../layout/env-link.tsx";
import { Section } from "../../layout/page.tsx";
import { plural } from "../../lib/format.ts";
import { FINDING_TONE, TAG_LOOK } from "../../marks/telemetry-states.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import type { LogView } from "../use-log-view.ts";

const KIND: Record<AnomalyView["kind"], string> = {
  new: TAG_LOOK.new.word,
  emerging: TAG_LOOK.emerging.word,
  vanished: TAG_LOOK.vanished.word,
  burst: TAG_LOOK.burst.word,
  "error-ratio": "error share",
  "broken-sequence": "broken sequence",
};
const FIRST = 5;

interface AnomaliesProps {
  analysis: AnalyzeLogsOutput;
  /** what was asked about, to go on from */
  query: string;
  setView: LogView["setView"];
}

/** What stands out, worst first, each with its numbers and the way to its lines; then what to do about it. */
export function Anomalies({ analysis, query, setView }: AnomaliesProps) {
  const [all, setAll] = useState(false);
  const { anomalies, recommendations, notes } = analysis;
  const shown = all ? anomalies : anomalies.slice(0, FIRST);
  return (
    <Section
      title="What stands out"
      note={anomalies.length > 0 ? `${plural(analysis.anomalyCount, "finding")}, worst first` : undefined}
    >
      {anomalies.length === 0 ? (
        <EmptyState title="Nothing stands out">
          No pattern is new, growing or gone, and the share of errors has not changed.
        </EmptyState>
      ) : (
        <ol className="divide-y">
          {shown.map((anomaly) => (
            <Anomaly
              key={`${anomaly.kind} ${anomaly.patternId} ${anomaly.service} ${anomaly.environment} ${anomaly.at}`}
              anomaly={anomaly}
              onLines={() => setView(linesOf(anomaly, query))}
            />
          ))}
        </ol>
      )}
      {anomalies.length > FIRST ? (
        <div className="border-t px-3 py-1">
          <Button variant="ghost" size="sm" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? "Show the worst only" : `Show ${anomalies.length - FIRST} more`}
          </Button>
        </div>
      ) : null}
      {recommendations.length > 0 ? <Recommendations items={recommendations} /> : null}
      {notes.length > 0 ? (
        <ul className="border-t px-3 py-2 text-ink-3 text-xs">
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      ) : null}
    </Section>
  );
}

/** The page that shows an anomaly's lines: of its pattern, or of its service's errors. */
function linesOf(anomaly: AnomalyView, query: string): Parameters<LogView["setView"]>[0] {
  if (anomaly.query) return { tab: "lines", query: anomaly.query, level: null };
  return { tab: "lines", query, service: anomaly.service, level: anomaly.kind === "error-ratio" ? "error" : null };
}

function Anomaly({ anomaly, onLines }: { anomaly: AnomalyView; onLines: () => void }) {
  const { deployment } = anomaly;
  return (
    <li className="flex flex-wrap items-baseline gap-x-3 gap-y-1 px-3 py-2 text-sm">
      <span className="flex w-24 shrink-0 items-baseline gap-2">
        <Mark tone={FINDING_TONE[anomaly.severity]}>{anomaly.severity}</Mark>
      </span>
      <div className="min-w-0 flex-[1_1_20rem]">
        <Badge className="mr-2">{KIND[anomaly.kind]}</Badge>
        <span className="break-words">{anomaly.sentence}</span>
        {deployment ? (
          <span className="block text-ink-2">
            <EnvLink href={`/deployments/${deployment.id}`} className="link">
              Deployment of {anomaly.service ? `${anomaly.service} ` : ""}
              {deployment.version}
            </EnvLink>
            : {deployment.sentence}
          </span>
        ) : null}
      </div>
      <span className="ml-auto flex shrink-0 items-center gap-3">
        <Time at={anomaly.at} className="text-ink-3 text-xs" />
        <Button size="sm" onClick={onLines}>
          Show lines
        </Button>
      </span>
    </li>
  );
}

const Recommendations = ({ items }: { items: AnalyzeLogsOutput["recommendations"] }) => (
  <div className="border-t px-3 py-2">
    <h3 className="mb-1 text-ink-3 text-xs">What to do next</h3>
    <ul className="flex flex-col gap-1">
      {items.map((item) => (
        <li key={item.sentence} className="flex flex-wrap items-baseline gap-x-3 text-sm">
          <span className="min-w-0">{item.sentence}</span>
          {item.href ? (
            <EnvLink href={item.href} className="link">
              {pageName(item.href)}
            </EnvLink>
          ) : null}
        </li>
      ))}
    </ul>
  </div>
);

const NAMES: Record<string, string> = {
  compare: "Compare versions",
  deployments: "Open the deployment",
  health: "Look at health",
  incidents: "Look at incidents",
  logs: "Look at the lines",
  services: "Open the service",
  traces: "Look at traces",
};
const pageName = (href: string): string => NAMES[href.split(/[/?]/)[1] ?? ""] ?? "Open";
