"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { type FormEvent, useRef, useState } from "react";
import { LONGEST_REASON, SHORTEST_OVERRIDE_REASON } from "#server/agent/actions/words.ts";
import { ActButton } from "../../feedback/act-button.tsx";
import { EmptyState } from "../../feedback/empty-state.tsx";
import { FormError } from "../../feedback/form-error.tsx";
import { Time } from "../../feedback/time.tsx";
import { cn } from "../../lib/cn.ts";
import { useSettled } from "../../lib/settled.ts";
import { EnvironmentBadge } from "../../marks/environment.tsx";
import { type RouterOutputs, useTRPC, useTRPCClient } from "../../trpc/client.tsx";
import { describeError } from "../../trpc/error-description.ts";
import { useCan } from "../../trpc/session.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions, DialogBody } from "../../ui/dialog.tsx";
import { Field, Input } from "../../ui/field.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { Override } from "../refused.tsx";
import { useDeploy } from "./deploy-dialog-provider.tsx";
import { DeployPlan } from "./deploy-plan.tsx";
import type { RollbackRequest } from "./rollback-dialog-provider.tsx";

interface RollbackDialogProps {
  request: RollbackRequest;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Back to a version that served well; the last known good one is chosen already. */
export function RollbackDialog({ request, open, onOpenChange }: RollbackDialogProps) {
  const trpc = useTRPC();
  const deploy = useDeploy();
  const mayDeploy = useCan("deployment.write");
  const good = useQuery(trpc.deploy.goodVersions.queryOptions(request, { enabled: open, staleTime: 0 }));
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={`Roll back ${request.service} in ${request.environment}`}
      description={good.data?.current ? `${good.data.current} runs now.` : "To a version that served well before."}
      className="lg:max-w-4xl"
    >
      {good.data && good.data.items.length > 0 ? (
        <RollbackForm request={request} items={good.data.items} onClose={() => onOpenChange(false)} />
      ) : good.data ? (
        <EmptyState
          title="No version to go back to"
          action={
            mayDeploy ? (
              <Button
                onClick={() => {
                  onOpenChange(false);
                  deploy(request);
                }}
              >
                Deploy another version…
              </Button>
            ) : null
          }
        >
          No other version is known to have served well here: one counts when its deployment succeeded and was not
          rolled back since.
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
  const overrideReason = useSettled(override.trim());
  const input = {
    ...{ ...request, version },
    ...(overrideReason.length >= SHORTEST_OVERRIDE_REASON ? { overrideReason } : {}),
  };
  const plan = useQuery({
    queryKey: ["rollback-plan", input],
    queryFn: () => client.deploy.rollback.mutate({ ...input, dryRun: true }),
    retry: false,
    staleTime: 5_000,
    placeholderData: (before) => before,
  });
  // a second click may come before the first is drawn as pending
  const sent = useRef(false);
  const begin = useMutation(
    trpc.deploy.rollback.mutationOptions({
      onSuccess: ({ deployment }) => {
        onClose();
        if (deployment) router.push(`/deployments/${deployment.id}?env=${encodeURIComponent(request.environment)}`);
      },
      onError: () => {
        sent.current = false;
      },
    }),
  );
  // consent is given to the plan that is shown, never to the one before it
  const shown = plan.isSuccess && !plan.isPlaceholderData && overrideReason === override.trim();
  const ready = shown && !begin.isPending;
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (!ready || sent.current) return;
    sent.current = true;
    begin.mutate({ ...input, reason: reason.trim(), dryRun: false });
  };
  return (
    <form onSubmit={onSubmit}>
      <DialogBody className="lg:grid lg:grid-cols-2 lg:items-start">
        <div className="flex flex-col gap-4">
          <fieldset>
            <legend className="mb-1 font-medium text-sm">To</legend>
            <div className="flex flex-col gap-1">
              {items.map((item) => (
                <Choice
                  key={item.version}
                  item={item}
                  chosen={item.version === version}
                  onChoose={() => setVersion(item.version)}
                />
              ))}
            </div>
          </fieldset>
          <Field label="Why" hint="optional; everyone reads it on the deployment's page">
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
        </div>
        <div className="flex flex-col gap-4">
          <DeployPlan
            chosen
            plan={plan.data?.plan}
            error={plan.error}
            waiting={!shown && !plan.error}
            {...request}
            onLeave={onClose}
          />
          <Override label="Roll back all the same" value={override} onChange={setOverride} error={plan.error} />
          <FormError error={begin.error} />
        </div>
      </DialogBody>
      <DialogActions>
        <EnvironmentBadge name={request.environment} warns className="mr-auto" />
        <Button onClick={onClose}>Leave it</Button>
        <ActButton
          environment={request.environment}
          label={(environment) => `Roll back ${environment} to ${version}`}
          pending={begin.isPending ? "Starting…" : null}
          variant="danger"
          disabled={!ready}
        />
      </DialogActions>
    </form>
  );
}

/** One version, since when it is known to be good, and how the way back to it goes. */
const Choice = ({
  item,
  chosen,
  onChoose,
}: {
  item: FormProps["items"][number];
  chosen: boolean;
  onChoose: () => void;
}) => (
  <label
    className={cn(
      "grid cursor-pointer grid-cols-[auto_1fr] items-center gap-x-3 rounded-md border px-2.5 py-1.5 text-sm hover:bg-hover has-focus-visible:outline-2 has-focus-visible:outline-accent",
      chosen ? "border-accent bg-selected" : "border-line-strong",
    )}
  >
    <input type="radio" name="version" className="accent-accent" checked={chosen} onChange={onChoose} />
    <span className="flex flex-wrap items-center gap-x-3">
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
    </span>
    <span className="col-start-2 text-ink-2 text-xs">
      {item.lastKnownGood
        ? "straight back within seconds, past hooks and judge"
        : "like any deployment, by the configured strategy"}
    </span>
  </label>
);
