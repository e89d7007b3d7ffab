"use client";

import { useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { NuqsAdapter } from "nuqs/adapters/next/app";
import { type ReactNode, useState } from "react";
import { UNRESOLVED } from "#server/agent/incidents/words.ts";
import { DeployDialogProvider } from "../deployments/deploy-dialog-provider.tsx";
import { RollbackDialogProvider } from "../deployments/rollback-dialog-provider.tsx";
import { HydratedProvider } from "../feedback/time.tsx";
import { ConsoleFrame } from "../layout/console-frame.tsx";
import { OpenPages } from "../layout/open-page.tsx";
import type { PageCounts } from "../layout/rail.tsx";
import { EnvironmentProvider } from "../lib/environment.tsx";
import { SEVERITY_TONE } from "../marks/looks.ts";
import { useTRPC } from "../trpc/client.tsx";
import { LiveProvider } from "../trpc/live.tsx";
import { SessionProvider, type Start, useStart } from "../trpc/session.tsx";
import { StateLine } from "./state-line.tsx";

const Palette = dynamic(() => import("../palette/palette.tsx"), { ssr: false });

interface ConsoleShellProps {
  start: Start;
  railCollapsed: boolean;
  children: ReactNode;
}

/** The signed-in console: providers, then the frame with what it needs to know of the system. */
export function ConsoleShell({ start, railCollapsed, children }: ConsoleShellProps) {
  return (
    <SessionProvider start={start}>
      <NuqsAdapter>
        <HydratedProvider>
          <EnvironmentProvider production={start.productionEnvironments}>
            <LiveProvider>
              <OpenPages>
                <DeployDialogProvider>
                  <RollbackDialogProvider>
                    <Framed railCollapsed={railCollapsed}>{children}</Framed>
                  </RollbackDialogProvider>
                </DeployDialogProvider>
              </OpenPages>
            </LiveProvider>
          </EnvironmentProvider>
        </HydratedProvider>
      </NuqsAdapter>
    </SessionProvider>
  );
}

function Framed({ railCollapsed, children }: Omit<ConsoleShellProps, "start">) {
  const trpc = useTRPC();
  const { environments } = useStart();
  const services = useQuery(trpc.services.list.queryOptions({}));
  const incidents = useQuery(trpc.incidents.list.queryOptions({ status: [...UNRESOLVED], limit: 1 }));
  const [palette, setPalette] = useState<"never" | "open" | "closed">("never");

  const deploying = services.data?.rows.filter((row) => row.activeDeployment).length ?? 0;
  const unresolved = incidents.data?.unresolved ?? 0;
  const worst = SEVERITY_TONE[incidents.data?.worstUnresolved ?? "low"];
  const tone = worst === "critical" || worst === "warning" ? worst : "quiet";
  const counts: PageCounts = {
    ...(unresolved > 0 ? { "/incidents": { count: unresolved, of: "not resolved", tone } } : {}),
    ...(deploying > 0 ? { "/deployments": { count: deploying, of: "running", tone: "active" as const } } : {}),
  };

  return (
    <>
      <ConsoleFrame
        environments={environments}
        counts={counts}
        railCollapsed={railCollapsed}
        onSearch={() => setPalette("open")}
        stateLine={<StateLine />}
      >
        {children}
      </ConsoleFrame>
      {palette === "never" ? null : (
        <Palette open={palette === "open"} onOpenChange={(open) => setPalette(open ? "open" : "closed")} />
      )}
    </>
  );
}
