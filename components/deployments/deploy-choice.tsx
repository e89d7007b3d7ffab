"use client";

import { Checkbox, Field, Input, Select } from "../ui/field.tsx";

export interface DeployOptions {
  service: string;
  environment: string;
  version: string;
  rollbackOnFailure: boolean;
  /** seconds */
  healthCheckTimeout: number;
}

interface DeployChoiceProps {
  options: DeployOptions;
  onChange: (options: DeployOptions) => void;
  services: string[];
  environments: string[];
  versions: readonly { version: string; notes: string; running: boolean }[];
  current: string | null;
}

/** What goes where: the part of the dialog that can be changed. */
export function DeployChoice({ options, onChange, services, environments, versions, current }: DeployChoiceProps) {
  const set = (change: Partial<DeployOptions>) => onChange({ ...options, ...change });
  const notes = versions.find((entry) => entry.version === options.version)?.notes;
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      <Field label="Service">
        {(control) => (
          <Select
            {...control}
            value={options.service}
            onChange={(event) => set({ service: event.target.value, version: "" })}
          >
            {services.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </Select>
        )}
      </Field>
      <Field label="Environment">
        {(control) => (
          <Select
            {...control}
            value={options.environment}
            onChange={(event) => set({ environment: event.target.value })}
          >
            {environments.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </Select>
        )}
      </Field>
      <Field
        label="Version"
        hint={notes || (current ? `${current} runs now` : "nothing runs now")}
        className="sm:col-span-2"
      >
        {(control) => (
          <Select {...control} value={options.version} onChange={(event) => set({ version: event.target.value })}>
            <option value="">Choose a version</option>
            {versions.map((entry) => (
              <option key={entry.version} value={entry.version} disabled={entry.version === current}>
                {entry.version}
                {entry.version === current ? " (runs now)" : ""}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label="Time to become ready" hint="seconds a new instance has">
        {(control) => (
          <Input
            {...control}
            type="number"
            min={1}
            max={3600}
            value={options.healthCheckTimeout}
            onChange={(event) => set({ healthCheckTimeout: Math.max(1, Math.trunc(Number(event.target.value)) || 1) })}
          />
        )}
      </Field>
      <Checkbox
        label="Roll back by itself when it fails"
        checked={options.rollbackOnFailure}
        onChange={(event) => set({ rollbackOnFailure: event.target.checked })}
        className="sm:mt-5 sm:self-start"
      />
    </div>
  );
}
