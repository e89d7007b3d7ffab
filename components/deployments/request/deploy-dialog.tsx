"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { type FormEvent, useRef, useState } from "react";
import { SHORTEST_OVERRIDE_REASON } from "#server/agent/actions/words.ts";
import type { PlanView } from "#server/agent/deploy/plan/plan-schema.ts";
import { ActButton } from "../../feedback/act-button.tsx";
import { EmptyState } from "../../feedback/empty-state.tsx";
import { FormError } from "../../feedback/form-error.tsx";
import { Mark } from "../../feedback/mark.tsx";
import { useWasSeen } from "../../lib/seen.ts";
import { useSettled } from "../../lib/settled.ts";
import { EnvironmentBadge } from "../../marks/environment.tsx";
import { FINDING_TONE } from "../../marks/telemetry-states.ts";
import { placesOf } from "../../services/places.ts";
import { useTRPC, useTRPCClient } from "../../trpc/client.tsx";
import { describeError } from "../../trpc/error-description.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions, DialogBody } from "../../ui/dialog.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { deployLabel, warningWords, worstOf } from "../plan-words.ts";
import { PolicyBanner } from "../policy-banner.tsx";
import { Override } from "../refused.tsx";
import { DeployChoice, type DeployOptions } from "./deploy-choice.tsx";
import type { DeployRequest } from "./deploy-dialog-provider.tsx";
import { DeployPlan } from "./deploy-plan.tsx";

interface DeployDialogProps {
  request: DeployRequest;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Choose, read the plan (a dry run of the real thing), consent. Goes to the deployment's page when it has started. */
export function DeployDialog({ request, open, onOpenChange }: DeployDialogProps) {
  const trpc = useTRPC();
  const services = useQuery(trpc.services.list.queryOptions({}));
  const rows = placesOf(services.data?.rows);
  const service = request.service ?? rows[0]?.service;
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={request.service ? `Deploy ${request.service}` : "Deploy a service"}
      description="Nothing starts before you have read the plan."
      className="lg:max-w-5xl"
    >
      {services.data && !service ? (
        <EmptyState title="No service is configured">Add one under services in the configuration.</EmptyState>
      ) : services.data && service ? (
        <DeployForm
          services={[...new Set(rows.map((row) => row.service))].sort()}
          environmentsOf={(name) => rows.filter((row) => row.service === name).map((row) => row.environment)}
          start={{ ...request, service }}
          onClose={() => onOpenChange(false)}
        />
      ) : services.error ? (
        <DialogBody>
          <p role="alert" className="text-critical text-sm">
            {describeError(services.error).message}
          </p>
        </DialogBody>
      ) : (
        <DialogBody>
          <Skeleton className="h-64" />
        </DialogBody>
      )}
    </Dialog>
  );
}

interface DeployFormProps {
  services: string[];
  environmentsOf: (service: string) => string[];
  start: DeployRequest & { service: string };
  onClose: () => void;
}

function DeployForm({ services, environmentsOf, start, onClose }: DeployFormProps) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const router = useRouter();
  const [options, setOptions] = useState<DeployOptions>({
    service: start.service,
    environment: start.environment ?? environmentsOf(start.service)[0] ?? "",
    version: start.version ?? "",
    rollbackOnFailure: true,
    healthCheckTimeout: 60,
    strategy: null,
    reason: "",
  });
  const [override, setOverride] = useState("");
  const { service, environment, version } = options;
  const overrideReason = useSettled(override.trim());
  const healthCheckTimeout = useSettled(options.healthCheckTimeout);
  const settled = overrideReason === override.trim() && healthCheckTimeout === options.healthCheckTimeout;
  const asConfigured = {
    ...{ service, environment, version, healthCheckTimeout },
    rollbackOnFailure: options.rollbackOnFailure,
    ...(overrideReason.length >= SHORTEST_OVERRIDE_REASON ? { overrideReason } : {}),
  };
  const input = { ...asConfigured, ...(options.strategy ? { strategy: options.strategy } : {}) };

  const details = useQuery(
    trpc.services.get.queryOptions({ service, environment }, { enabled: Boolean(service && environment) }),
  );
  const planOf = (asked: typeof input) => ({
    queryKey: ["deploy-plan", asked],
    queryFn: () => client.deploy.start.mutate({ ...asked, dryRun: true }),
    enabled: Boolean(service && environment && version),
    retry: false,
    staleTime: 5_000,
  });
  const plan = useQuery({ ...planOf(input), placeholderData: (before) => before });
  const configured = useQuery(planOf(asConfigured));
  // a second click may come before the first is drawn as pending
  const sent = useRef(false);
  const begin = useMutation(
    trpc.deploy.start.mutationOptions({
      onSuccess: ({ deployment }) => {
        onClose();
        if (deployment) router.push(`/deployments/${deployment.id}?env=${encodeURIComponent(environment)}`);
      },
      onError: () => {
        sent.current = false;
      },
    }),
  );

  // consent is given to the plan that is shown, never to the one before it
  const shown = Boolean(version) && plan.isSuccess && !plan.isPlaceholderData && settled;
  const ready = shown && !begin.isPending;
  const planRef = useRef<HTMLDivElement>(null);
  const planEnd = useRef<HTMLDivElement>(null);
  const read = useWasSeen(planEnd, shown ? JSON.stringify(input) : null);
  const showPlan = () => {
    // first where it begins, then where it ends
    const unseen = (planRef.current?.getBoundingClientRect().top ?? 0) > window.innerHeight / 2;
    if (unseen) planRef.current?.scrollIntoView({ block: "start" });
    else planEnd.current?.scrollIntoView({ block: "end" });
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (!ready || sent.current) return;
    if (!read) return showPlan();
    sent.current = true;
    begin.mutate({ ...input, reason: options.reason.trim(), dryRun: false });
  };

  return (
    <form onSubmit={onSubmit}>
      <DialogBody className="lg:grid lg:grid-cols-2 lg:items-start">
        <DeployChoice
          options={options}
          onChange={setOptions}
          services={services}
          environments={environmentsOf(service)}
          versions={details.data?.versions ?? []}
          current={details.data ? details.data.row.currentVersion : undefined}
          planned={plan.data?.plan.strategy ?? null}
          configured={configured.data?.plan.strategy ?? null}
          versionGiven={start.version !== undefined}
        />
        <div ref={planRef} className="flex scroll-mt-4 flex-col gap-4">
          <FormError error={details.error} />
          {version ? null : <PolicyBanner service={service} environment={environment} />}
          <DeployPlan
            chosen={Boolean(version)}
            plan={plan.data?.plan}
            error={plan.error}
            waiting={!shown && !plan.error}
            service={service}
            environment={environment}
            onLeave={onClose}
          />
          <div ref={planEnd} aria-hidden="true" className="-my-2 h-px" />
          <Override label="Deploy all the same" value={override} onChange={setOverride} error={plan.error} />
          <FormError error={begin.error} />
        </div>
      </DialogBody>
      <DialogActions>
        <EnvironmentBadge name={environment} warns className="mr-auto" />
        {shown ? <ToKnow warnings={plan.data.plan.warnings} /> : null}
        <Button onClick={onClose}>Cancel</Button>
        <ConsentButton choice={options} ready={ready} read={read} pending={begin.isPending} onRead={showPlan} />
      </DialogActions>
    </form>
  );
}

function ToKnow({ warnings }: { warnings: PlanView["warnings"] }) {
  const words = warningWords(warnings);
  return words ? (
    <Mark tone={FINDING_TONE[worstOf(warnings)]} className="text-sm">
      {words}
    </Mark>
  ) : null;
}

/** Deploys once the end of the plan was on the screen, which on a phone it is not at first: until then it leads there. */
function ConsentButton({
  choice,
  ready,
  read,
  pending,
  onRead,
}: {
  choice: DeployOptions;
  ready: boolean;
  read: boolean;
  pending: boolean;
  onRead: () => void;
}) {
  if (ready && !read)
    return (
      <Button type="button" variant="primary" onClick={onRead}>
        Read the plan
      </Button>
    );
  return (
    <ActButton
      environment={choice.environment}
      label={() => (choice.version ? deployLabel(choice) : "Choose a version")}
      pending={pending ? "Starting…" : null}
      disabled={!ready}
    />
  );
}
