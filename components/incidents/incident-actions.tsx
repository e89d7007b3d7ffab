"use client";

import { useState } from "react";
import type { IncidentStatus, IncidentView } from "#server/agent/incidents/schema.ts";
import { UNRESOLVED } from "#server/agent/incidents/words.ts";
import { FormError } from "../feedback/form-error.tsx";
import { useShortcuts } from "../lib/shortcuts.ts";
import { useCan, useMe } from "../trpc/session.tsx";
import { Button } from "../ui/button.tsx";
import { AssignMenu } from "./assign-menu.tsx";
import { EscalateDialog } from "./escalate-dialog.tsx";
import { ResolveDialog } from "./resolve-dialog.tsx";
import { useManageIncident } from "./use-manage-incident.ts";

type Step = Exclude<IncidentStatus, "resolved">;

/** What going to a status is called, from where it is now. */
const stepLabel = (to: Step, from: IncidentStatus): string => {
  if (to === "acknowledged") return from === "in_progress" ? "Stop work" : "Acknowledge";
  if (to === "in_progress") return "Start work";
  if (to === "closed") return "Close";
  return from === "acknowledged" ? "Take back the acknowledgement" : "Reopen";
};

/** The steps that its status allows, the likeliest first. */
const ORDER: readonly Step[] = ["acknowledged", "in_progress", "closed", "open"];

export function IncidentActions({ incident }: { incident: IncidentView }) {
  const mayWrite = useCan("incident.write");
  if (!mayWrite) return <p className="text-ink-3 text-sm">Changing incidents needs the role responder.</p>;
  if (incident.status === "closed")
    return (
      <p className="text-ink-2 text-sm">Closed for good; it still takes notes. Open a new one if it comes back.</p>
    );
  return <Actions incident={incident} />;
}

function Actions({ incident }: { incident: IncidentView }) {
  const me = useMe();
  const manage = useManageIncident();
  const [dialog, setDialog] = useState<"resolve" | "escalate" | null>(null);
  const { allowedStatuses: allowed, status } = incident;
  const go = (to: Step) => {
    if (!manage.isPending) manage.mutate({ action: "update", incidentId: incident.id, status: to });
  };
  const assign = (assignee: string) => {
    if (!manage.isPending) manage.mutate({ action: "update", incidentId: incident.id, assignee });
  };
  const unresolved = (UNRESOLVED as readonly IncidentStatus[]).includes(status);
  const steps = ORDER.filter((step) => allowed.includes(step));
  const first = steps.find((step) => step !== "open" && !(step === "acknowledged" && status === "in_progress"));

  useShortcuts([
    ...(allowed.includes("acknowledged") && status === "open"
      ? [{ keys: "e", label: "Acknowledge", group: "This page" as const, run: () => go("acknowledged") }]
      : []),
    ...(allowed.includes("resolved")
      ? [{ keys: "r", label: "Resolve…", group: "This page" as const, run: () => setDialog("resolve") }]
      : []),
    ...(unresolved && incident.assignee !== me.name
      ? [{ keys: "a", label: "Assign to me", group: "This page" as const, run: () => assign(me.name) }]
      : []),
  ]);

  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center gap-2">
        {steps.map((step) => (
          <Button
            key={step}
            variant={step === first ? "primary" : "secondary"}
            onClick={() => go(step)}
            disabled={manage.isPending}
          >
            {stepLabel(step, status)}
          </Button>
        ))}
        {allowed.includes("resolved") ? (
          <Button
            variant={first ? "secondary" : "primary"}
            onClick={() => setDialog("resolve")}
            disabled={manage.isPending}
          >
            Resolve…
          </Button>
        ) : null}
        {unresolved ? (
          <Button onClick={() => setDialog("escalate")} disabled={manage.isPending}>
            Escalate…
          </Button>
        ) : null}
        <AssignMenu incident={incident} onAssign={assign} disabled={manage.isPending} />
      </div>
      <FormError error={manage.error} />
      {dialog === "resolve" ? (
        <ResolveDialog incident={incident} open onOpenChange={(open) => open || setDialog(null)} />
      ) : null}
      {dialog === "escalate" ? (
        <EscalateDialog incident={incident} open onOpenChange={(open) => open || setDialog(null)} />
      ) : null}
    </div>
  );
}
