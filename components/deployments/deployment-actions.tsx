"use client";

import { RotateCcw, Undo2 } from "lucide-react";
import type { DeploymentView } from "#server/agent/deploy/schema.ts";
import { useShortcuts } from "../lib/shortcuts.ts";
import { useCan } from "../trpc/session.tsx";
import { Button } from "../ui/button.tsx";
import { cancelLabel } from "./cancel-dialog.tsx";
import { useDeploy } from "./deploy-dialog-provider.tsx";

interface DeploymentActionsProps {
  deployment: DeploymentView;
  active: boolean;
  onCancel: () => void;
}

/** How to stop it while it runs, and what can follow once it has ended. */
export function DeploymentActions({ deployment, active, onCancel }: DeploymentActionsProps) {
  if (!useCan("deployment.write"))
    return <span className="text-ink-3 text-sm">Cancelling and deploying need the role operator.</span>;
  return active ? <Cancel deployment={deployment} onCancel={onCancel} /> : <Afterwards deployment={deployment} />;
}

function Cancel({ deployment, onCancel }: Omit<DeploymentActionsProps, "active">) {
  const under = deployment.status === "rolling_back" || deployment.cancelRequested;
  useShortcuts(under ? [] : [{ keys: "x", label: cancelLabel(deployment), group: "This page", run: onCancel }]);
  if (deployment.status === "rolling_back")
    return <span className="text-ink-2 text-sm">It is on its way back and ends by itself.</span>;
  return (
    <Button variant="danger" onClick={onCancel} disabled={under}>
      <Undo2 aria-hidden="true" /> {under ? "Cancelling…" : cancelLabel(deployment)}
    </Button>
  );
}

function Afterwards({ deployment }: { deployment: DeploymentView }) {
  const deploy = useDeploy();
  const { service, environment, version, previousVersion, status } = deployment;
  if (status === "succeeded")
    return previousVersion ? (
      <Button onClick={() => deploy({ service, environment, version: previousVersion })}>
        <Undo2 aria-hidden="true" /> Roll back to {previousVersion}…
      </Button>
    ) : null;
  return (
    <Button onClick={() => deploy({ service, environment, version })}>
      <RotateCcw aria-hidden="true" /> Deploy {version} again…
    </Button>
  );
}
