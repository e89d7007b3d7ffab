"use client";

import { Rocket } from "lucide-react";
import { useDeploy } from "../../deployments/request/deploy-dialog-provider.tsx";
import { Mark } from "../../feedback/mark.tsx";
import { useCan } from "../../trpc/session.tsx";
import { Button } from "../../ui/button.tsx";
import type { PlacedService } from "../places.ts";

type Service = PlacedService;

/** The versions that can run, what they are, and the way to put one out. */
export function VersionTable({ service }: { service: Service }) {
  const deploy = useDeploy();
  const mayDeploy = useCan("deployment.write");
  const { row } = service;
  const busy = row.activeDeployment !== null;
  return (
    <ul className="divide-y text-sm">
      {service.versions.map((entry) => {
        const current = entry.version === row.currentVersion;
        return (
          <li
            key={entry.version}
            className="flex min-h-10 flex-wrap items-center gap-x-3 gap-y-0.5 px-3 py-1 sm:flex-nowrap"
          >
            <span className="num min-w-0 truncate font-medium max-sm:flex-1 sm:w-28 sm:shrink-0">{entry.version}</span>
            <span className="min-w-0 text-ink-2 max-sm:order-last max-sm:basis-full sm:flex-1">{entry.notes}</span>
            {entry.running ? <Mark tone={current ? "ok" : "active"}>{current ? "runs now" : "also runs"}</Mark> : null}
            {mayDeploy && !current && entry.configured ? (
              <Button
                size="sm"
                disabled={busy}
                title={busy ? "A deployment is running; one at a time" : undefined}
                onClick={() => deploy({ service: row.service, environment: row.environment, version: entry.version })}
              >
                <Rocket aria-hidden="true" /> Deploy<span className="sr-only"> {entry.version}</span>
              </Button>
            ) : null}
          </li>
        );
      })}
    </ul>
  );
}
