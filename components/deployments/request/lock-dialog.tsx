"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { LONGEST_REASON } from "#server/agent/actions/words.ts";
import { SHORTEST_LOCK_REASON } from "#server/agent/policy/words.ts";
import { DialogForm } from "../../feedback/dialog-form.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field, Input } from "../../ui/field.tsx";

interface LockDialogProps {
  service: string;
  environment: string;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Keeps everybody from deploying a service until it is unlocked. */
export function LockDialog({ service, environment, open, onOpenChange }: LockDialogProps) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [reason, setReason] = useState("");
  const lock = useMutation(
    trpc.deploy.lock.mutationOptions({
      onSuccess: () => onOpenChange(false),
      onSettled: () => queryClient.invalidateQueries(trpc.deploy.pathFilter()),
    }),
  );
  const ready = reason.trim().length >= SHORTEST_LOCK_REASON;
  const onSubmit = () => {
    if (ready) lock.mutate({ service, environment, reason: reason.trim() });
  };
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={`Lock ${service} in ${environment}`}
      description="Nobody deploys it or rolls it back until somebody unlocks it; what runs goes on."
    >
      <DialogForm
        write={lock}
        onSubmit={onSubmit}
        onCancel={() => onOpenChange(false)}
        cancel="Leave it"
        environment={environment}
        label={`Lock ${service}`}
        pending="Locking…"
        disabled={!ready}
      >
        <Field label="Why" hint="whoever wants to deploy reads it">
          {(control) => (
            <Input
              {...control}
              autoFocus
              required
              value={reason}
              maxLength={LONGEST_REASON}
              placeholder="the database is being moved"
              onChange={(event) => setReason(event.target.value)}
            />
          )}
        </Field>
      </DialogForm>
    </Dialog>
  );
}
