"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { type FormEvent, useState } from "react";
import { EmptyState } from "../feedback/empty-state.tsx";
import { FormError } from "../feedback/form-error.tsx";
import { Time } from "../feedback/time.tsx";
import { cn } from "../lib/cn.ts";
import { type RouterOutputs, useTRPC, useTRPCClient } from "../trpc/client.tsx";
import { describeError } from "../trpc/errors.ts";
import { useCan } from "../trpc/session.tsx";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions, DialogBody } from "../ui/dialog.tsx";
import { Field, Input } from "../ui/field.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { DeployPlan } from "./deploy-plan.tsx";
import { isObstacle } from "./obstacle.ts";
import type { RollbackRequest } from "./rollback-dialog-provider.tsx";

interface RollbackDialogProps {
  request: RollbackRequest;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Back to a version that served well; the last known good one is chosen already. */
export function RollbackDialog({ request, open, onOpenChange }: RollbackDialogProps) {
  const trpc = useTRPC();
  const good = useQuery(trpc.deploy.goodVersions.queryOptions(request, { enabled: open, staleTime: 0 }));
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={`Roll back ${request.service} in ${request.environment}`}
      description={good.data?.current ? `${good.data.current} runs now.` : "To a version that served well before."}
    >
      {good.data && good.data.items.length > 0 ? (
        <RollbackForm request={request} items={good.data.items} onClose={() => onOpenChange(false)} />
      ) : good.data ? (
        <EmptyState title="No version to go back to">
          None is known to have served well before. Deploy another version instead.
        </EmptyState>
      ) : (
        <DialogBody>
          {good.error ? (
            <p role="alert" className="text-critical text-sm">
              {describeError(good.error).message}
            </p>
          ) : (
            <Skeleton className="h-64" />
          )}
        </DialogBody>
      )}
    </Dialog>
  );
}

interface FormProps {
  request: RollbackRequest;
  items: RouterOutputs["deploy"]["goodVersions"]["items"];
  onClose: () => void;
}

function RollbackForm({ request, items, onClose }: FormProps) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const router = useRouter();
  const [version, setVersion] = useState(items[0]?.version ?? "");
  const [reason, setReason] = useState("");
  const [override, setOverride] = useState("");
  const may = useCan("deployment.override.write");
  const input = {
    ...{ ...request, version },
    ...(override.trim().length >= 5 ? { overrideReason: override.trim() } : {}),
  };
  const plan = useQuery({
    queryKey: ["rollback-plan", input],
    queryFn: () => client.deploy.rollback.mutate({ ...input, dryRun: true }),
    retry: false,
    staleTime: 5_000,
  });
  const begin = useMutation(
    trpc.deploy.rollback.mutationOptions({
      onSuccess: ({ deployment }) => {
        onClose();
        if (deployment) router.push(`/deployments/${deployment.id}?env=${encodeURIComponent(request.environment)}`);
      },
    }),
  );
  const ready = plan.isSuccess && !begin.isPending;
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) begin.mutate({ ...input, reason: reason.trim(), dryRun: false });
  };
  return (
    <form onSubmit={onSubmit}>
      <DialogBody>
        <fieldset>
          <legend className="mb-1 font-medium text-sm">To</legend>
          <div className="flex flex-col gap-1">
            {items.map((item) => (
              <label
                key={item.version}
                className={cn(
                  "flex cursor-pointer items-center gap-3 rounded-md border px-2.5 py-1.5 text-sm hover:bg-hover has-focus-visible:outline-2 has-focus-visible:outline-accent",
                  item.version === version ? "border-accent bg-selected" : "border-line-strong",
                )}
              >
                <input
                  type="radio"
                  name="version"
                  className="accent-accent"
                  checked={item.version === version}
                  onChange={() => setVersion(item.version)}
                />
                <span className="num">{item.version}</span>
                {item.lastKnownGood ? <Badge tone="ok">last known good</Badge> : null}
                <span className="ml-auto text-ink-3 text-xs">
                  {item.provenAt ? (
                    <>
                      good <Time at={item.provenAt} />
                    </>
                  ) : (
                    "from the start"
                  )}
                </span>
              </label>
            ))}
          </div>
        </fieldset>
        <DeployPlan chosen plan={plan.data?.plan} error={plan.error} />
        {may && (isObstacle(plan.error) || override) ? (
          <Field label="Roll back all the same" hint="why it may not wait; kept in the audit log">
            {(control) => (
              <Input
                {...control}
                value={override}
                maxLength={500}
                onChange={(event) => setOverride(event.target.value)}
              />
            )}
          </Field>
        ) : null}
        <Field label="Why" hint="optional; everyone reads it on the deployment's page">
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
        <FormError error={begin.error} />
      </DialogBody>
      <DialogActions>
        <Button onClick={onClose}>Leave it</Button>
        <Button type="submit" variant="danger" disabled={!ready}>
          {begin.isPending ? "Starting…" : `Roll back to ${version}`}
        </Button>
      </DialogActions>
    </form>
  );
}
