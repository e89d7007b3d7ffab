"use client";

import { type FormEvent, useState } from "react";
import type { IncidentView, Severity } from "#server/agent/incidents/schema.ts";
import { LONGEST_TEXT, SEVERITIES } from "#server/agent/incidents/words.ts";
import { ActButton } from "../feedback/act-button.tsx";
import { FormError } from "../feedback/form-error.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions, DialogBody } from "../ui/dialog.tsx";
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
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (manage.isPending) return;
    const updateNotes = why.trim();
    manage.mutate({
      action: "escalate",
      incidentId: incident.id,
      severity,
      ...(updateNotes ? { updateNotes } : {}),
    });
  };
  return (
    <form onSubmit={onSubmit}>
      <DialogBody>
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
        <FormError error={manage.error} />
      </DialogBody>
      <DialogActions>
        <Button onClick={onDone}>Cancel</Button>
        <ActButton
          environment={incident.environment}
          label={`Escalate to ${severity}`}
          pending={manage.isPending ? "Escalating…" : null}
          disabled={manage.isPending}
        />
      </DialogActions>
    </form>
  );
}
