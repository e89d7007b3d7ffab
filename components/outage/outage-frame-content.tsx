"use client";

import { useRouter } from "next/navigation";
import { startTransition, useState } from "react";
import { BottomBar } from "../layout/bottom-bar.tsx";
import { PlainLink } from "../layout/env-link.tsx";
import { LogoIcon, PAGES } from "../layout/navigation.ts";
import { Rail } from "../layout/rail.tsx";
import { EnvironmentProvider } from "../lib/environment.tsx";
import { OutagePanel } from "./outage-panel.tsx";
import { useRecovery } from "./use-recovery.ts";

/**
 * The console's frame while nobody can tell whose session it is: the pages' names and what is the matter, and nothing
 * of the system. The page comes by itself when the session can be read again.
 */
export function OutageFrameContent({ outage: known, railCollapsed }: { outage: string; railCollapsed: boolean }) {
  const router = useRouter();
  const [collapsed, setCollapsed] = useState(railCollapsed);
  const outage = useRecovery(known, () => startTransition(() => router.refresh())) ?? known;
  return (
    <EnvironmentProvider>
      <div className="min-h-dvh">
        <header className="sticky top-0 z-30 flex h-12 items-center border-b bg-page px-3">
          <PlainLink href="/" className="flex h-8 items-center gap-2 rounded-md px-1 font-semibold">
            <LogoIcon className="size-4.5 text-accent" aria-hidden="true" />
            Operate
          </PlainLink>
        </header>
        <div className="flex">
          <Rail pages={PAGES} counts={{}} collapsed={collapsed} onCollapsedChange={setCollapsed} />
          <main id="content" tabIndex={-1} className="min-w-0 flex-1 pb-20 outline-none md:pb-8">
            <OutagePanel outage={outage} />
          </main>
        </div>
        <BottomBar pages={PAGES} counts={{}} />
      </div>
    </EnvironmentProvider>
  );
}
