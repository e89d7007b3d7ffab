"use client";

import dynamic from "next/dynamic";
import { NuqsAdapter } from "nuqs/adapters/next/app";
import { type ReactNode, useState } from "react";
import { AREAS, PAGES } from "../areas.ts";
import { DeployDialogProvider } from "../deployments/request/deploy-dialog-provider.tsx";
import { RollbackDialogProvider } from "../deployments/request/rollback-dialog-provider.tsx";
import { HydratedProvider } from "../feedback/time.tsx";
import { ConsoleFrame } from "../layout/console-frame.tsx";
import { OpenPages } from "../layout/open-page.tsx";
import { EnvironmentProvider } from "../lib/environment.tsx";
import { LiveProvider } from "../trpc/live.tsx";
import { SessionProvider, type Start, useStart } from "../trpc/session.tsx";
import { EnvironmentSwitch } from "./environment-switch.tsx";
import { StateLine } from "./state-line.tsx";

const Palette = dynamic(() => import("./console-palette.tsx").then((module) => module.ConsolePalette), { ssr: false });

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
            <LiveProvider areas={AREAS}>
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
  const { environments } = useStart();
  const [palette, setPalette] = useState<"never" | "open" | "closed">("never");

  return (
    <>
      <ConsoleFrame
        environmentSwitch={<EnvironmentSwitch environments={environments} />}
        pages={PAGES}
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
