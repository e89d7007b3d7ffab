"use client";

import { ChevronDown } from "lucide-react";
import { useState } from "react";
import type { IncidentView } from "#server/agent/incidents/schema.ts";
import { LONGEST_ASSIGNEE } from "#server/agent/incidents/words.ts";
import { DialogForm } from "../feedback/dialog-form.tsx";
import { useMe } from "../trpc/session.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field, Input } from "../ui/field.tsx";
import { Menu, MenuItem } from "../ui/menu.tsx";

interface AssignMenuProps {
  incident: IncidentView;
  /** empty takes it off whoever has it */
  onAssign: (assignee: string) => void;
  disabled: boolean;
}

export function AssignMenu({ incident, onAssign, disabled }: AssignMenuProps) {
  const me = useMe();
  const [asking, setAsking] = useState(false);
  const { assignee } = incident;
  return (
    <>
      <Menu
        align="start"
        trigger={
          <Button disabled={disabled}>
            Assign <ChevronDown aria-hidden="true" />
          </Button>
        }
      >
        {assignee === me.name ? null : <MenuItem onSelect={() => onAssign(me.name)}>Assign to me</MenuItem>}
        <MenuItem onSelect={() => setAsking(true)}>Assign to…</MenuItem>
        {assignee ? <MenuItem onSelect={() => onAssign("")}>Take it off {assignee}</MenuItem> : null}
      </Menu>
      <Dialog open={asking} onOpenChange={setAsking} title={`Assign ${incident.label}`} description={incident.title}>
        <AssignForm
          environment={incident.environment}
          onAssign={(name) => {
            setAsking(false);
            onAssign(name);
          }}
          onCancel={() => setAsking(false)}
        />
      </Dialog>
    </>
  );
}

interface AssignFormProps {
  environment: string | null;
  onAssign: (name: string) => void;
  onCancel: () => void;
}

function AssignForm({ environment, onAssign, onCancel }: AssignFormProps) {
  const [name, setName] = useState("");
  const onSubmit = () => {
    if (name.trim()) onAssign(name.trim());
  };
  return (
    <DialogForm
      onSubmit={onSubmit}
      onCancel={onCancel}
      environment={environment}
      label={name.trim() ? `Assign to ${name.trim()}` : "Assign"}
      disabled={!name.trim()}
    >
      <Field label="Who takes it" hint="a person, a team or an agent">
        {(control) => (
          <Input
            {...control}
            autoFocus
            value={name}
            maxLength={LONGEST_ASSIGNEE}
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Field>
    </DialogForm>
  );
}
