"use client";

import { useState } from "react";
import { SEVERITIES } from "#server/agent/incidents/words.ts";
import type { PatternView } from "#server/agent/logs/schema.ts";
import { LONGEST_PATTERN_NAME, MOST_ALERT_LINES, MOST_ALERT_MINUTES } from "#server/agent/logs/words.ts";
import { ActButton, EVERY_ENVIRONMENT } from "../../feedback/act-button.tsx";
import { DialogForm } from "../../feedback/dialog-form.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field, Input, Select } from "../../ui/field.tsx";
import { Template } from "./template.tsx";
import { useUpdatePattern } from "./use-update-pattern.ts";

interface PatternDialogProps {
  pattern: PatternView;
  onClose: () => void;
}

/** What a person says about a pattern: its name, when it alerts, that it does not matter. */
export function PatternDialog({ kind, ...props }: PatternDialogProps & { kind: "rename" | "alert" | "ignore" }) {
  if (kind === "rename") return <RenameDialog {...props} />;
  return kind === "alert" ? <AlertDialog {...props} /> : <IgnoreDialog {...props} />;
}

/** A name says what the pattern means; without one its text is shown. */
function RenameDialog({ pattern, onClose }: PatternDialogProps) {
  const [name, setName] = useState(pattern.name ?? "");
  const update = useUpdatePattern(onClose);
  const onSubmit = () => {
    update.mutate({ patternId: pattern.id, name: name.trim() || null });
  };
  return (
    <Dialog open onOpenChange={(open) => open || onClose()} title="Rename the pattern">
      <DialogForm
        write={update}
        onSubmit={onSubmit}
        onCancel={onClose}
        environment={EVERY_ENVIRONMENT}
        label="Save the name"
        pending="Saving…"
      >
        <Template text={pattern.template} />
        <Field label="Name" hint="what it means, for everyone; leave it empty to show the text again">
          {(control) => (
            <Input
              {...control}
              autoFocus
              value={name}
              maxLength={LONGEST_PATTERN_NAME}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
      </DialogForm>
    </Dialog>
  );
}

const DEFAULT_ALERT = { count: 10, minutes: 5, severity: "medium" } as const;
type AlertSeverity = (typeof SEVERITIES)[number];
const severityOf = (text: string): AlertSeverity => SEVERITIES.find((one) => one === text) ?? DEFAULT_ALERT.severity;

/** So many lines in so many minutes open an incident. */
function AlertDialog({ pattern, onClose }: PatternDialogProps) {
  const start = pattern.alert ?? DEFAULT_ALERT;
  const [count, setCount] = useState(start.count);
  const [minutes, setMinutes] = useState(start.minutes);
  const [severity, setSeverity] = useState(severityOf(start.severity));
  const update = useUpdatePattern(onClose);
  const valid = count >= 1 && count <= MOST_ALERT_LINES && minutes >= 1 && minutes <= MOST_ALERT_MINUTES;
  const onSubmit = () => {
    if (valid)
      update.mutate({
        patternId: pattern.id,
        alert: { count: Math.round(count), minutes: Math.round(minutes), severity },
      });
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      title="Alert on the pattern"
      description="An incident opens for the service that writes the lines."
    >
      <DialogForm
        write={update}
        onSubmit={onSubmit}
        onCancel={onClose}
        environment={EVERY_ENVIRONMENT}
        label="Alert on it"
        pending="Saving…"
        disabled={!valid}
        other={
          pattern.alert ? (
            <ActButton
              type="button"
              variant="ghost"
              className="mr-auto"
              environment={EVERY_ENVIRONMENT}
              label="Turn the alert off"
              disabled={update.isPending}
              onClick={() => update.mutate({ patternId: pattern.id, alert: null })}
            />
          ) : null
        }
      >
        <Template text={pattern.template} />
        <div className="grid grid-cols-2 gap-4 sm:grid-cols-3">
          <Field label="Lines, at least" error={count >= 1 && count <= MOST_ALERT_LINES ? null : "1 to 1 000 000"}>
            {(control) => (
              <Input
                {...control}
                autoFocus
                type="number"
                min={1}
                max={MOST_ALERT_LINES}
                value={Number.isNaN(count) ? "" : count}
                onChange={(event) => setCount(event.target.valueAsNumber)}
              />
            )}
          </Field>
          <Field
            label="In minutes"
            error={minutes >= 1 && minutes <= MOST_ALERT_MINUTES ? null : `1 to ${MOST_ALERT_MINUTES}`}
          >
            {(control) => (
              <Input
                {...control}
                type="number"
                min={1}
                max={MOST_ALERT_MINUTES}
                value={Number.isNaN(minutes) ? "" : minutes}
                onChange={(event) => setMinutes(event.target.valueAsNumber)}
              />
            )}
          </Field>
          <Field label="Severity">
            {(control) => (
              <Select {...control} value={severity} onChange={(event) => setSeverity(severityOf(event.target.value))}>
                {SEVERITIES.map((one) => (
                  <option key={one}>{one}</option>
                ))}
              </Select>
            )}
          </Field>
        </div>
      </DialogForm>
    </Dialog>
  );
}

/** An ignored pattern is no finding any longer and stands last; its lines stay. */
function IgnoreDialog({ pattern, onClose }: PatternDialogProps) {
  const update = useUpdatePattern(onClose);
  const onSubmit = () => {
    update.mutate({ patternId: pattern.id, ignored: true });
  };
  return (
    <Dialog open onOpenChange={(open) => open || onClose()} title="Ignore the pattern">
      <DialogForm
        write={update}
        onSubmit={onSubmit}
        onCancel={onClose}
        environment={EVERY_ENVIRONMENT}
        label="Ignore it"
        autoFocus
      >
        <Template text={pattern.template} />
        <p className="text-sm">
          It is no longer a finding and stands at the end of the patterns, for everyone. Its lines are kept and can be
          searched; there it can be taken back.
        </p>
      </DialogForm>
    </Dialog>
  );
}
