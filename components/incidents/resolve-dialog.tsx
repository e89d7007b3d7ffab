"use client";

import { useState } from "react";
import type { IncidentView } from "#server/agent/incidents/schema.ts";
import { LONGEST_TEXT } from "#server/agent/incidents/words.ts";
import { DialogForm } from "../feedback/dialog-form.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field, Textarea } from "../ui/field.tsx";
import { submitOnModEnter } from "./submit-keys.ts";
import { useManageIncident } from "./use-manage-incident.ts";

interface ResolveDialogProps {
  incident: IncidentView;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Asks what fixed it. It can be reopened afterwards. */
export function ResolveDialog({ incident, open, onOpenChange }: ResolveDialogProps) {
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={`Resolve ${incident.label}${incident.environment ? ` in ${incident.environment}` : ""}`}
      description={`${incident.title}. It can be reopened until it is closed.`}
    >
      <ResolveForm incident={incident} onDone={() => onOpenChange(false)} />
    </Dialog>
  );
}

function ResolveForm({ incident, onDone }: { incident: IncidentView; onDone: () => void }) {
  const [resolution, setResolution] = useState("");
  const [missing, setMissing] = useState(false);
  const manage = useManageIncident(onDone);
  const onSubmit = () => {
    const text = resolution.trim();
    setMissing(!text);
    if (text) manage.mutate({ action: "resolve", incidentId: incident.id, resolution: text });
  };
  return (
    <DialogForm
      write={manage}
      onSubmit={onSubmit}
      onCancel={onDone}
      environment={incident.environment}
      label={`Resolve ${incident.label}`}
      pending="Resolving…"
    >
      <Field
        label="What fixed it"
        hint="for whoever meets this again; Ctrl or Command with Enter resolves"
        error={missing ? "Say what fixed it: the next person starts from here." : null}
      >
        {(control) => (
          <Textarea
            {...control}
            autoFocus
            rows={4}
            maxLength={LONGEST_TEXT}
            value={resolution}
            onChange={(event) => setResolution(event.target.value)}
            onKeyDown={submitOnModEnter}
          />
        )}
      </Field>
    </DialogForm>
  );
}
