"use client";

import { LONGEST_REASON } from "#server/agent/actions/words.ts";
import { STRATEGIES } from "#server/agent/deploy/words.ts";
import { cn } from "../../lib/cn.ts";
import { Checkbox, Field, Input, Select } from "../../ui/field.tsx";
import { strategyWords } from "../plan-words.ts";

export interface DeployOptions {
  service: string;
  environment: string;
  version: string;
  rollbackOnFailure: boolean;
  /** seconds */
  healthCheckTimeout: number;
  /** null: as configured */
  strategy: (typeof STRATEGIES)[number] | null;
  reason: string;
}

const MEANING: Record<(typeof STRATEGIES)[number], string> = {
  rolling: "instances are replaced one after the other",
  "blue-green": "a full new set, then one switch",
  canary: "a growing share of the requests, judged at each step",
};

interface DeployChoiceProps {
  options: DeployOptions;
  onChange: (options: DeployOptions) => void;
  services: string[];
  environments: string[];
  versions: readonly { version: string; notes: string; running: boolean }[];
  /** null: none; undefined while it is not known */
  current: string | null | undefined;
  /** what the plan says will be done when nothing is chosen */
  planned: string | null;
  /** what is done when nothing is chosen; null while it is not known */
  configured: string | null;
  /** it was chosen before the dialog opened: Enter then confirms from where the cursor is */
  versionGiven: boolean;
}

function runsNow(version: string | null | undefined): string {
  if (version === undefined) return "which versions there are is not known yet";
  return version ? `${version} runs now` : "nothing runs now";
}

/** What goes where: the part of the dialog that can be changed. */
export function DeployChoice({
  options,
  onChange,
  services,
  environments,
  versions,
  current,
  planned,
  configured,
  versionGiven,
}: DeployChoiceProps) {
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
      <Field label="Version" hint={notes || runsNow(current)} className="sm:col-span-2">
        {(control) => (
          <Select
            {...control}
            autoFocus={!versionGiven}
            value={options.version}
            onChange={(event) => set({ version: event.target.value })}
          >
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
      <fieldset className="sm:col-span-2">
        <legend className="mb-1 font-medium text-sm">
          How <span className="font-normal text-ink-3 text-xs">{strategyWords(options.strategy, configured)}</span>
        </legend>
        <div className="grid gap-2 sm:grid-cols-3">
          {STRATEGIES.map((strategy) => {
            const chosen = (options.strategy ?? planned) === strategy;
            return (
              <label
                key={strategy}
                className={cn(
                  "flex cursor-pointer flex-col rounded-md border px-2.5 py-1.5 text-sm hover:bg-hover has-focus-visible:outline-2 has-focus-visible:outline-accent",
                  chosen ? "border-accent bg-selected" : "border-line-strong",
                )}
              >
                <span className="flex items-center gap-2 font-medium">
                  <input
                    type="radio"
                    name="strategy"
                    className="accent-accent"
                    value={strategy}
                    checked={chosen}
                    onChange={() => set({ strategy })}
                  />
                  {strategy}
                </span>
                <span className="text-ink-2 text-xs">{MEANING[strategy]}</span>
              </label>
            );
          })}
        </div>
      </fieldset>
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
        title="without it a failure waits for a decision, with the users on the old version"
        checked={options.rollbackOnFailure}
        onChange={(event) => set({ rollbackOnFailure: event.target.checked })}
        className="sm:mt-5 sm:self-start"
      />
      <Field label="Why" hint="optional; everyone reads it on the deployment's page" className="sm:col-span-2">
        {(control) => (
          <Input
            {...control}
            autoFocus={versionGiven}
            value={options.reason}
            maxLength={LONGEST_REASON}
            onChange={(event) => set({ reason: event.target.value })}
          />
        )}
      </Field>
    </div>
  );
}
