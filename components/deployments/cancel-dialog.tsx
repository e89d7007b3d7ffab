"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { DeploymentView } from "#server/agent/deploy/schema.ts";
import { FormError } from "../feedback/form-error.tsx";
import { useTRPC } from "../trpc/client.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions, DialogBody } from "../ui/dialog.tsx";
import { Field, Input } from "../ui/field.tsx";

interface CancelDialogProps {
  deployment: DeploymentView;
  /** ready on the new version now */
  onNewVersion: number;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** What the button that opens it, and the one inside, say. */
export const cancelLabel = (deployment: DeploymentView): string =>
  deployment.previousVersion ? `Cancel and roll back to ${deployment.previousVersion}` : "Cancel the deployment";

/** Says what cancelling does, what it touches and how to undo it, then asks for consent. */
export function CancelDialog({ deployment, onNewVersion, open, onOpenChange }: CancelDialogProps) {
  const { service, environment, version, previousVersion, options } = deployment;
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={cancelLabel(deployment)}
      description={`The deployment of ${service} ${version} to ${environment} stops.`}
    >
      <CancelForm deployment={deployment} onDone={() => onOpenChange(false)}>
        <ol className="flex list-decimal flex-col gap-1 pl-5 text-ink-2 text-sm marker:text-ink-3">
          <li>
            No further instance is moved to {version}; {onNewVersion} of {options.instances}{" "}
            {onNewVersion === 1 ? "is" : "are"} ready on it now.
          </li>
          {previousVersion ? (
            <li>
              {previousVersion} is started again where it is missing; then {version} is taken out of the balancer, its
              requests finish, and it stops. At least {options.instances - options.maxUnavailable} of{" "}
              {options.instances} serve all the time.
            </li>
          ) : (
            <li>There is no version before it to return to: what serves now goes on serving.</li>
          )}
          <Affected service={service} environment={environment} />
          <li>
            To undo it: deploy {version} to {environment} again.
          </li>
        </ol>
      </CancelForm>
    </Dialog>
  );
}

function Affected({ service, environment }: { service: string; environment: string }) {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.services.get.queryOptions({ service, environment }));
  if (!data) return null;
  return data.usedBy.length > 0 ? (
    <li>
      May be felt by {data.usedBy.join(", ")}, which {data.usedBy.length === 1 ? "uses" : "use"} {service}.
    </li>
  ) : (
    <li>No other service uses {service}.</li>
  );
}

function CancelForm({
  deployment,
  onDone,
  children,
}: {
  deployment: DeploymentView;
  onDone: () => void;
  children: React.ReactNode;
}) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [reason, setReason] = useState("");
  const cancel = useMutation(
    trpc.deploy.cancel.mutationOptions({
      onSuccess: onDone,
      onSettled: () => queryClient.invalidateQueries(trpc.deploy.pathFilter()),
    }),
  );
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (!cancel.isPending) cancel.mutate({ deploymentId: deployment.id, reason: reason.trim() });
  };
  return (
    <form onSubmit={onSubmit}>
      <DialogBody>
        {children}
        <Field label="Why" hint="optional; everyone reads it in the timeline and the audit log">
          {(control) => (
            <Input
              {...control}
              autoFocus
              value={reason}
              maxLength={500}
              onChange={(event) => setReason(event.target.value)}
            />
          )}
        </Field>
        <FormError error={cancel.error} />
      </DialogBody>
      <DialogActions>
        <Button onClick={onDone}>Keep it running</Button>
        <Button type="submit" variant="danger" disabled={cancel.isPending}>
          {cancel.isPending ? "Cancelling…" : cancelLabel(deployment)}
        </Button>
      </DialogActions>
    </form>
  );
}
