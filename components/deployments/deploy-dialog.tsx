"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { type FormEvent, useRef, useState } from "react";
import { EmptyState } from "../feedback/empty-state.tsx";
import { FormError } from "../feedback/form-error.tsx";
import { Mark } from "../feedback/mark.tsx";
import { isProduction } from "../lib/environment.tsx";
import { plural } from "../lib/format.ts";
import { useSettled } from "../lib/settled.ts";
import { placesOf } from "../services/places.ts";
import { useTRPC, useTRPCClient } from "../trpc/client.tsx";
import { describeError } from "../trpc/errors.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions, DialogBody } from "../ui/dialog.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { DeployChoice, type DeployOptions } from "./deploy-choice.tsx";
import type { DeployRequest } from "./deploy-dialog-provider.tsx";
import { DeployPlan } from "./deploy-plan.tsx";
import { PolicyBanner } from "./policy-banner.tsx";
import { MIN_OVERRIDE, Override } from "./refused.tsx";

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
  const input = {
    ...{ service, environment, version, healthCheckTimeout },
    rollbackOnFailure: options.rollbackOnFailure,
    ...(options.strategy ? { strategy: options.strategy } : {}),
    ...(overrideReason.length >= MIN_OVERRIDE ? { overrideReason } : {}),
  };

  const details = useQuery(
    trpc.services.get.queryOptions({ service, environment }, { enabled: Boolean(service && environment) }),
  );
  const plan = useQuery({
    queryKey: ["deploy-plan", input],
    queryFn: () => client.deploy.start.mutate({ ...input, dryRun: true }),
    enabled: Boolean(service && environment && version),
    retry: false,
    staleTime: 5_000,
    placeholderData: (before) => before,
  });
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
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (!ready || sent.current) return;
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
          current={details.data?.row.currentVersion ?? null}
          planned={plan.data?.plan.strategy ?? null}
          versionGiven={start.version !== undefined}
        />
        <div className="flex flex-col gap-4">
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
          <Override label="Deploy all the same" value={override} onChange={setOverride} error={plan.error} />
          <FormError error={begin.error} />
        </div>
      </DialogBody>
      <DialogActions>
        {environment && isProduction(environment) ? (
          <Badge tone="production" className="mr-auto">
            {environment}
          </Badge>
        ) : null}
        {shown && plan.data.plan.warnings.length > 0 ? (
          <Mark
            tone={plan.data.plan.warnings.some(({ severity }) => severity === "critical") ? "critical" : "warning"}
            className="text-sm"
          >
            {plural(plan.data.plan.warnings.length, "warning")} in the plan
          </Mark>
        ) : null}
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" disabled={!ready}>
          {begin.isPending ? "Starting…" : version ? `Deploy ${version} to ${environment}` : "Choose a version"}
        </Button>
      </DialogActions>
    </form>
  );
}
