"use client";

import { useState } from "react";
import type { IncidentView, Severity } from "#server/agent/incidents/schema.ts";
import { LONGEST_TEXT, LONGEST_TITLE, SEVERITIES } from "#server/agent/incidents/words.ts";
import { DialogForm } from "../feedback/dialog-form.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field, Input, Select, Textarea } from "../ui/field.tsx";
import { submitOnModEnter } from "./submit-keys.ts";
import { useManageIncident } from "./use-manage-incident.ts";

interface EditDialogProps {
  incident: IncidentView;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Title, description and severity; only what was changed is sent. */
export function EditDialog({ incident, open, onOpenChange }: EditDialogProps) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={`Edit ${incident.label}`}>
      <EditForm incident={incident} onDone={() => onOpenChange(false)} />
    </Dialog>
  );
}

function EditForm({ incident, onDone }: { incident: IncidentView; onDone: () => void }) {
  const [start] = useState(incident);
  const [title, setTitle] = useState(start.title);
  const [description, setDescription] = useState(start.description);
  const [severity, setSeverity] = useState<Severity>(start.severity);
  const manage = useManageIncident(onDone);
  const change = {
    ...(title.trim() === start.title ? {} : { title: title.trim() }),
    ...(description === start.description ? {} : { description }),
    ...(severity === start.severity ? {} : { severity }),
  };
  const changed = Object.keys(change).length > 0;
  const onSubmit = () => {
    if (!changed) onDone();
    else if (title.trim()) manage.mutate({ action: "update", incidentId: incident.id, ...change });
  };
  return (
    <DialogForm
      write={manage}
      onSubmit={onSubmit}
      onCancel={onDone}
      environment={incident.environment}
      label="Save the change"
      pending="Saving…"
      disabled={!changed || !title.trim()}
    >
      <Field label="Title" hint="what is broken, for whom" error={title.trim() ? null : "A title is needed."}>
        {(control) => (
          <Input
            {...control}
            autoFocus
            value={title}
            maxLength={LONGEST_TITLE}
            onChange={(event) => setTitle(event.target.value)}
          />
        )}
      </Field>
      <Field label="What is known">
        {(control) => (
          <Textarea
            {...control}
            rows={8}
            maxLength={LONGEST_TEXT}
            value={description}
            onChange={(event) => setDescription(event.target.value)}
            onKeyDown={submitOnModEnter}
          />
        )}
      </Field>
      <Field label="Severity" className="sm:w-1/2">
        {(control) => (
          <Select {...control} value={severity} onChange={(event) => setSeverity(event.target.value as Severity)}>
            {SEVERITIES.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </Select>
        )}
      </Field>
    </DialogForm>
  );
}
