"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Bell, BellOff, Wrench } from "lucide-react";
import { useState } from "react";
import type { HealthTargetView } from "#server/agent/health/schema.ts";
import { LONGEST_REASON } from "#server/agent/health/words.ts";
import { DialogForm } from "../feedback/dialog-form.tsx";
import { useTRPC } from "../trpc/client.tsx";
import { describeError } from "../trpc/error-description.ts";
import { useCan } from "../trpc/session.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field, Input, Select } from "../ui/field.tsx";

/** Maintenance and muting; absent, with the reason, for those who may not. */
export function TargetActions({ target }: { target: HealthTargetView }) {
  return useCan("health.write") ? (
    <Actions target={target} />
  ) : (
    <span className="text-ink-3 text-sm">Maintenance and muting need the role responder.</span>
  );
}

function useHealthWrites(onDone?: () => void) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const options = {
    onSuccess: () => onDone?.(),
    onSettled: () =>
      Promise.all([
        queryClient.invalidateQueries(trpc.health.pathFilter()),
        queryClient.invalidateQueries(trpc.services.pathFilter()),
      ]),
  };
  return {
    muted: useMutation(trpc.health.setMuted.mutationOptions(options)),
    maintenance: useMutation(trpc.health.setMaintenance.mutationOptions(options)),
  };
}

function Actions({ target }: { target: HealthTargetView }) {
  const [asking, setAsking] = useState(false);
  const { muted, maintenance } = useHealthWrites();
  const error = muted.error ?? maintenance.error;
  return (
    <>
      {error ? (
        <span role="alert" className="text-critical text-sm">
          {describeError(error).message}
        </span>
      ) : null}
      {target.maintenanceUntil ? (
        <Button
          disabled={maintenance.isPending}
          onClick={() =>
            maintenance.mutate({ targetId: target.id, minutes: 0, reason: "The work is done, ended by hand" })
          }
        >
          <Wrench aria-hidden="true" /> End maintenance
        </Button>
      ) : (
        <Button onClick={() => setAsking(true)}>
          <Wrench aria-hidden="true" /> Maintenance…
        </Button>
      )}
      <Button
        disabled={muted.isPending}
        title={
          target.muted
            ? "It counts for the overall state and opens incidents again"
            : "It is still checked and shown, but opens no incident and leaves the overall state alone"
        }
        onClick={() => muted.mutate({ targetId: target.id, muted: !target.muted })}
      >
        {target.muted ? <Bell aria-hidden="true" /> : <BellOff aria-hidden="true" />}
        {target.muted ? "Unmute" : "Mute"}
      </Button>
      <Dialog
        open={asking}
        onOpenChange={setAsking}
        title={`Maintenance of ${target.name}`}
        description="It is still checked, but opens no incident, and its failures do not count against its uptime."
      >
        <MaintenanceForm target={target} onDone={() => setAsking(false)} />
      </Dialog>
    </>
  );
}

const LENGTHS = [
  [15, "15 min"],
  [30, "30 min"],
  [60, "1 h"],
  [120, "2 h"],
  [240, "4 h"],
  [480, "8 h"],
  [1_440, "1 d"],
  [10_080, "7 d"],
] as const;

function MaintenanceForm({ target, onDone }: { target: HealthTargetView; onDone: () => void }) {
  const [minutes, setMinutes] = useState(60);
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  const { maintenance } = useHealthWrites(onDone);
  const length = LENGTHS.find(([value]) => value === minutes)?.[1] ?? "";
  const onSubmit = () => {
    setMissing(!reason.trim());
    if (reason.trim()) maintenance.mutate({ targetId: target.id, minutes, reason: reason.trim() });
  };
  return (
    <DialogForm
      write={maintenance}
      onSubmit={onSubmit}
      onCancel={onDone}
      environment={target.environment}
      label={`Start ${length} of maintenance`}
      pending="Starting…"
    >
      <Field label="For how long" hint="counts from now; it can be ended earlier">
        {(control) => (
          <Select {...control} value={minutes} onChange={(event) => setMinutes(Number(event.target.value))}>
            {LENGTHS.map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field
        label="Why"
        hint="everyone reads it in the audit log"
        error={missing ? "Say what is being worked on." : null}
      >
        {(control) => (
          <Input
            {...control}
            autoFocus
            value={reason}
            maxLength={LONGEST_REASON}
            onChange={(event) => setReason(event.target.value)}
          />
        )}
      </Field>
    </DialogForm>
  );
}
