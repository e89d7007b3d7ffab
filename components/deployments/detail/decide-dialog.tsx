"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { LONGEST_REASON } from "#server/agent/actions/words.ts";
import type { Decision, DeploymentView, StepView } from "#server/agent/deploy/schema.ts";
import type { EvidenceNow } from "#server/agent/deploy/split-schema.ts";
import { DialogForm } from "../../feedback/dialog-form.tsx";
import { useClock } from "../../feedback/time.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Checkbox, Field, Input } from "../../ui/field.tsx";
import { canPromoteAll, consequencesOf, type emphasisOf, labelOf } from "./decision-choices.ts";

interface DecideDialogProps {
  deployment: DeploymentView;
  steps: readonly StepView[];
  evidenceNow: EvidenceNow | null;
  /** null: closed */
  decision: Decision | null;
  /** how much the evidence speaks for it */
  emphasis: ReturnType<typeof emphasisOf>;
  onClose: () => void;
}

/** Says what a decision will do, then asks for consent; Enter confirms. */
export function DecideDialog({ deployment, steps, evidenceNow, decision, emphasis, onClose }: DecideDialogProps) {
  const { service, environment, previousVersion, version } = deployment;
  return (
    <Dialog
      open={decision !== null}
      onOpenChange={(open) => !open && onClose()}
      title={decision ? labelOf(decision, deployment, steps) : ""}
      description={`${service} in ${environment}, ${previousVersion ? `${previousVersion} to ` : ""}${version}`}
    >
      {decision ? (
        <DecideForm key={decision} {...{ deployment, steps, evidenceNow, decision, emphasis, onClose }} />
      ) : null}
    </Dialog>
  );
}

function DecideForm(props: DecideDialogProps & { decision: Decision }) {
  const { deployment, steps, evidenceNow, decision, emphasis, onClose } = props;
  const now = useClock((ms) => Math.floor(ms / 1_000) * 1_000);
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [reason, setReason] = useState("");
  const [all, setAll] = useState(false);
  const decide = useMutation(
    trpc.deploy.decide.mutationOptions({
      onSuccess: onClose,
      onSettled: () => queryClient.invalidateQueries(trpc.deploy.pathFilter()),
    }),
  );
  const onSubmit = () => {
    decide.mutate({ deploymentId: deployment.id, decision, reason: reason.trim(), ...(all ? { scope: "all" } : {}) });
  };
  const label = all ? "Promote to 100 %" : labelOf(decision, deployment, steps);
  const back = decision === "rollback" || decision === "abort";
  return (
    <DialogForm
      write={decide}
      onSubmit={onSubmit}
      onCancel={onClose}
      cancel="Leave it"
      environment={deployment.environment}
      label={label}
      variant={back ? "danger" : emphasis}
      pending="Deciding…"
    >
      <ul className="flex list-disc flex-col gap-1 pl-5 text-ink-2 text-sm marker:text-ink-3">
        {consequencesOf(decision, deployment, steps, { evidenceNow, now }).map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      {decision === "promote" && canPromoteAll(steps) ? (
        <Checkbox
          label="All the way, without any further comparison"
          checked={all}
          onChange={(event) => setAll(event.target.checked)}
        />
      ) : null}
      <Field label="Why" hint="optional; everyone reads it in the timeline and the audit log">
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
