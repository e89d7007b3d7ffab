"use client";

import { useQuery } from "@tanstack/react-query";
import { Pencil } from "lucide-react";
import { useState } from "react";
import type { IncidentView } from "#server/agent/incidents/schema.ts";
import { QueryBoundary } from "../feedback/query-boundary.tsx";
import { Elapsed, Time } from "../feedback/time.tsx";
import { VisibleText } from "../feedback/visible-text.tsx";
import { EnvLink } from "../layout/env-link.tsx";
import { Facts, Page, Section } from "../layout/page.tsx";
import { useDocumentTitle } from "../lib/document-title.ts";
import { IncidentStatusMark, SeverityMark } from "../marks/incident-mark.tsx";
import { type RouterOutputs, useTRPC } from "../trpc/client.tsx";
import { useCan } from "../trpc/session.tsx";
import { Button } from "../ui/button.tsx";
import { Skeleton, SkeletonRows } from "../ui/skeleton.tsx";
import { AffectedService } from "./affected-service.tsx";
import { EditDialog } from "./edit-dialog.tsx";
import { IncidentActions } from "./incident-actions.tsx";
import { IncidentTimeline } from "./incident-timeline.tsx";
import { NoteForm } from "./note-form.tsx";

/** One incident: what is broken for whom, what is known, what was done, what now. `id` may be INC-12. */
export function IncidentPage({ id }: { id: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.incidents.get.queryOptions({ incidentId: id }));
  return (
    <QueryBoundary
      query={query}
      what="the incident"
      list={{ href: "/incidents", label: "All incidents" }}
      skeleton={<Loading />}
    >
      {(data) => <Loaded data={data} />}
    </QueryBoundary>
  );
}

function Loaded({ data: { incident, timeline } }: { data: RouterOutputs["incidents"]["get"] }) {
  const mayWrite = useCan("incident.write");
  useDocumentTitle(`${incident.label} ${incident.title}`);
  return (
    <Page
      title={
        <>
          <span className="num mr-2 font-normal text-ink-3">{incident.label}</span>
          <VisibleText text={incident.title} />
        </>
      }
      meta={
        <>
          <SeverityMark severity={incident.severity} className="font-medium" />
          <IncidentStatusMark status={incident.status} className="font-medium" />
          <span className="text-ink-2">
            {incident.assignee ? `${incident.assignee} has it` : "nobody has it"}.{" "}
            {incident.resolvedAt ? "It lasted" : "It has lasted"}{" "}
            <Elapsed since={incident.openedAt} until={incident.resolvedAt} className="num" />
          </span>
        </>
      }
    >
      <IncidentActions incident={incident} />
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <div className="flex flex-col gap-4">
          <Known incident={incident} mayWrite={mayWrite} />
          {incident.service && incident.environment ? (
            <AffectedService service={incident.service} environment={incident.environment} />
          ) : null}
        </div>
        <div className="flex flex-col gap-4 lg:order-none">
          <IncidentTimeline events={timeline} />
          {mayWrite ? <NoteForm incident={incident} /> : null}
        </div>
      </div>
    </Page>
  );
}

const SOURCE: Record<IncidentView["source"], string> = {
  health: "a health check",
  deployment: "a failed deployment",
  logs: "a pattern of log lines",
  person: "a person",
  agent: "an agent",
};

function Known({ incident, mayWrite }: { incident: IncidentView; mayWrite: boolean }) {
  const [editing, setEditing] = useState(false);
  const final = incident.status === "closed";
  return (
    <Section
      title="What is known"
      actions={
        mayWrite && !final ? (
          <Button size="sm" variant="ghost" onClick={() => setEditing(true)}>
            <Pencil aria-hidden="true" /> Edit
          </Button>
        ) : null
      }
    >
      <div className="flex flex-col gap-4 p-3">
        {incident.description ? (
          <p className="max-w-prose whitespace-pre-wrap break-words">
            <VisibleText text={incident.description} />
          </p>
        ) : (
          <p className="text-ink-2">Nothing was written down yet.</p>
        )}
        {incident.resolution ? (
          <div className="rounded-md bg-ok-soft p-3">
            <h3 className="mb-1 font-medium text-sm">What fixed it</h3>
            <p className="max-w-prose whitespace-pre-wrap break-words">{incident.resolution}</p>
          </div>
        ) : null}
        <Facts items={factsOf(incident)} />
      </div>
      {editing ? <EditDialog incident={incident} open onOpenChange={setEditing} /> : null}
    </Section>
  );
}

const factsOf = (incident: IncidentView) => [
  ...(incident.service
    ? [
        {
          label: "Service",
          value: (
            <EnvLink
              className="link"
              href={`/services/${incident.service}${incident.environment ? `?env=${encodeURIComponent(incident.environment)}` : ""}`}
            >
              <VisibleText text={incident.service} />
            </EnvLink>
          ),
        },
      ]
    : []),
  ...(incident.environment ? [{ label: "Environment", value: incident.environment }] : []),
  ...(incident.deploymentId
    ? [
        {
          label: "Deployment",
          value: (
            <EnvLink className="link num" href={`/deployments/${incident.deploymentId}`}>
              {incident.deploymentId}
            </EnvLink>
          ),
        },
      ]
    : []),
  { label: "Opened by", value: SOURCE[incident.source] },
  { label: "Opened", value: <Time at={incident.openedAt} /> },
  ...(incident.acknowledgedAt
    ? [{ label: "Acknowledged after", value: <Elapsed since={incident.openedAt} until={incident.acknowledgedAt} /> }]
    : []),
  ...(incident.resolvedAt ? [{ label: "Resolved", value: <Time at={incident.resolvedAt} /> }] : []),
  ...(incident.escalation > 0 ? [{ label: "Escalated", value: `${incident.escalation} ×` }] : []),
];

const Loading = () => (
  <Page title={<Skeleton className="h-7 w-96 max-w-full" />}>
    <Skeleton className="h-8 w-80" />
    <div className="grid gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <Skeleton className="h-64" />
      <div className="rounded-md border bg-surface">
        <SkeletonRows rows={8} />
      </div>
    </div>
  </Page>
);
