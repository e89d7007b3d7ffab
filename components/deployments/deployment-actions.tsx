"use client";

import { RotateCcw, Undo2 } from "lucide-react";
import type { DeploymentView } from "#server/agent/deploy/schema.ts";
import { useShortcuts } from "../lib/shortcuts.ts";
import { useCan } from "../trpc/session.tsx";
import { Button } from "../ui/button.tsx";
import { Kbd } from "../ui/kbd.tsx";
import { useDeploy } from "./request/deploy-dialog-provider.tsx";
import { useRollback } from "./request/rollback-dialog-provider.tsx";

/** What can follow once it has ended. */
export function DeploymentActions({ deployment }: { deployment: DeploymentView }) {
  const allowed = useCan("deployment.write");
  const deploy = useDeploy();
  const rollback = useRollback();
  const { service, environment, version, status, waiting } = deployment;
  const succeeded = status === "succeeded";
  const back = () => rollback({ service, environment });
  useShortcuts(
    allowed && succeeded && !waiting ? [{ keys: "b", label: "Roll back", group: "This page" as const, run: back }] : [],
  );
  if (!allowed) return <span className="text-ink-3 text-sm">Rolling back and deploying need the role operator.</span>;
  if (waiting) return null;
  return succeeded ? (
    <Button onClick={back}>
      <Undo2 aria-hidden="true" /> Roll back…
      <span className="hidden md:inline-flex">
        <Kbd>b</Kbd>
      </span>
    </Button>
  ) : (
    <Button onClick={() => deploy({ service, environment, version })}>
      <RotateCcw aria-hidden="true" /> Deploy {version} again…
    </Button>
  );
}
