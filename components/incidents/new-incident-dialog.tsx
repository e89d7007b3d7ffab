"use client";

import { useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import type { Severity } from "#server/agent/incidents/schema.ts";
import { LONGEST_TEXT, LONGEST_TITLE, SEVERITIES } from "#server/agent/incidents/words.ts";
import { DialogForm } from "../feedback/dialog-form.tsx";
import { useEnvironment } from "../lib/environment.tsx";
import { placesOf } from "../services/places.ts";
import { useTRPC } from "../trpc/client.tsx";
import { useMe } from "../trpc/session.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Checkbox, Field, Input, Select, Textarea } from "../ui/field.tsx";
import { submitOnModEnter } from "./submit-keys.ts";
import { useManageIncident } from "./use-manage-incident.ts";

interface NewIncidentDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  /** already known from where it was opened */
  service: string | null;
  environment: string | null;
}

export function NewIncidentDialog({ open, onOpenChange, service, environment }: NewIncidentDialogProps) {
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="New incident"
      description="Something is wrong for users and nobody has opened one for it yet."
    >
      <NewIncidentForm service={service} environment={environment} onClose={() => onOpenChange(false)} />
    </Dialog>
  );
}

const MEANING: Record<Severity, string> = {
  low: "hardly anybody notices",
  medium: "some users are hindered",
  high: "many users are hindered, or some cannot go on",
  critical: "most users cannot use it, or data is at risk",
};

function NewIncidentForm(props: Omit<NewIncidentDialogProps, "open" | "onOpenChange"> & { onClose: () => void }) {
  const trpc = useTRPC();
  const router = useRouter();
  const { link } = useEnvironment();
  const me = useMe();
  const services = useQuery(trpc.services.list.queryOptions({}));
  const [title, setTitle] = useState("");
  const [description, setDescription] = useState("");
  const [severity, setSeverity] = useState<Severity>("medium");
  const [service, setService] = useState(props.service ?? "");
  const [environment, setEnvironment] = useState(props.environment ?? "");
  const [mine, setMine] = useState(true);
  const [missing, setMissing] = useState(false);
  const manage = useManageIncident((incident) => router.push(link(`/incidents/${incident.label}`)));

  const places = placesOf(services.data?.rows);
  const names = [...new Set(places.map((row) => row.service))].sort();
  const environments = service
    ? places.filter((row) => row.service === service).map((row) => row.environment)
    : (services.data?.environments ?? []);

  const onSubmit = () => {
    setMissing(!title.trim());
    if (!title.trim() || manage.isSuccess) return;
    manage.mutate({
      action: "create",
      title,
      severity,
      ...(description.trim() ? { description } : {}),
      ...(service ? { service } : {}),
      ...(environment && environments.includes(environment) ? { environment } : {}),
      ...(mine ? { assignee: me.name } : {}),
    });
  };

  return (
    <DialogForm
      write={manage}
      onSubmit={onSubmit}
      onCancel={props.onClose}
      environment={environments.includes(environment) ? environment : null}
      label="Open the incident"
      pending="Opening…"
      disabled={manage.isSuccess}
    >
      <Field
        label="Title"
        hint="what is broken, for whom, as in: Checkout fails for cards from one bank"
        error={missing ? "Say what is broken in one line." : null}
      >
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
      <div className="grid gap-3 sm:grid-cols-3">
        <Field label="Severity" hint={MEANING[severity]}>
          {(control) => (
            <Select {...control} value={severity} onChange={(event) => setSeverity(event.target.value as Severity)}>
              {SEVERITIES.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </Select>
          )}
        </Field>
        <Field label="Service">
          {(control) => (
            <Select {...control} value={service} onChange={(event) => setService(event.target.value)}>
              <option value="">not known</option>
              {names.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </Select>
          )}
        </Field>
        <Field label="Environment">
          {(control) => (
            <Select
              {...control}
              value={environments.includes(environment) ? environment : ""}
              onChange={(event) => setEnvironment(event.target.value)}
            >
              <option value="">not known</option>
              {environments.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </Select>
          )}
        </Field>
      </div>
      <Field label="What is known" hint="optional; can be changed later">
        {(control) => (
          <Textarea
            {...control}
            rows={4}
            maxLength={LONGEST_TEXT}
            value={description}
            onChange={(event) => setDescription(event.target.value)}
            onKeyDown={submitOnModEnter}
          />
        )}
      </Field>
      <Checkbox label="I have it" checked={mine} onChange={(event) => setMine(event.target.checked)} />
    </DialogForm>
  );
}
