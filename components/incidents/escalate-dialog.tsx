"use client";

import { useState } from "react";
import type { IncidentView, Severity } from "#server/agent/incidents/schema.ts";
import { LONGEST_TEXT, SEVERITIES } from "#server/agent/incidents/words.ts";
import { DialogForm } from "../feedback/dialog-form.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field, Select, Textarea } from "../ui/field.tsx";
import { submitOnModEnter } from "./submit-keys.ts";
import { useManageIncident } from "./use-manage-incident.ts";

interface EscalateDialogProps {
  incident: IncidentView;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Raises the severity, one step unless more is chosen, and says why. */
export function EscalateDialog({ incident, open, onOpenChange }: EscalateDialogProps) {
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={`Escalate ${incident.label}`}
      description={`${incident.title}. It is ${incident.severity} now.`}
    >
      <EscalateForm incident={incident} onDone={() => onOpenChange(false)} />
    </Dialog>
  );
}

function EscalateForm({ incident, onDone }: { incident: IncidentView; onDone: () => void }) {
  const from = SEVERITIES.indexOf(incident.severity);
  const higher = SEVERITIES.slice(Math.min(from + 1, SEVERITIES.length - 1));
  const [severity, setSeverity] = useState<Severity>(higher[0] ?? incident.severity);
  const [why, setWhy] = useState("");
  const manage = useManageIncident(onDone);
  const onSubmit = () => {
    const updateNotes = why.trim();
    manage.mutate({
      action: "escalate",
      incidentId: incident.id,
      severity,
      ...(updateNotes ? { updateNotes } : {}),
    });
  };
  return (
    <DialogForm
      write={manage}
      onSubmit={onSubmit}
      onCancel={onDone}
      environment={incident.environment}
      label={`Escalate to ${severity}`}
      pending="Escalating…"
    >
      <Field
        label="New severity"
        hint={incident.severity === "critical" ? "It is at the top already; the escalation is counted." : undefined}
      >
        {(control) => (
          <Select
            {...control}
            autoFocus
            value={severity}
            onChange={(event) => setSeverity(event.target.value as Severity)}
          >
            {higher.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </Select>
        )}
      </Field>
      <Field label="Why" hint="optional; goes on the timeline">
        {(control) => (
          <Textarea
            {...control}
            rows={3}
            maxLength={LONGEST_TEXT}
            value={why}
            onChange={(event) => setWhy(event.target.value)}
            onKeyDown={submitOnModEnter}
          />
        )}
      </Field>
    </DialogForm>
  );
}
