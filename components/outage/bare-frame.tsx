"use client";

import { type ReactNode, useState } from "react";
import { PAGES } from "../areas.ts";
import { BottomBar } from "../layout/bottom-bar.tsx";
import { PlainLink } from "../layout/env-link.tsx";
import { LogoIcon, type Page } from "../layout/navigation.ts";
import { Rail } from "../layout/rail.tsx";
import { EnvironmentProvider } from "../lib/environment.tsx";

const NONE: readonly string[] = [];
/** a badge reads what only a session may read */
const BARE_PAGES = PAGES.map((page): Page => ({ ...page, badge: undefined }));

/** The console's frame while nobody can tell whose session it is: the pages' names, and nothing of the system. */
export function BareFrame({ railCollapsed, children }: { railCollapsed: boolean; children: ReactNode }) {
  const [collapsed, setCollapsed] = useState(railCollapsed);
  return (
    <EnvironmentProvider production={NONE}>
      <div className="min-h-dvh">
        <header className="sticky top-0 z-30 flex h-12 items-center border-b bg-page px-3">
          <PlainLink href="/" className="flex h-8 items-center gap-2 rounded-md px-1 font-semibold">
            <LogoIcon className="size-4.5 text-accent" aria-hidden="true" />
            Operate
          </PlainLink>
        </header>
        <div className="flex">
          <Rail pages={BARE_PAGES} collapsed={collapsed} onCollapsedChange={setCollapsed} />
          <main id="content" tabIndex={-1} className="min-w-0 flex-1 pb-20 outline-none md:pb-8">
            {children}
          </main>
        </div>
        <BottomBar pages={BARE_PAGES} />
      </div>
    </EnvironmentProvider>
  );
}
