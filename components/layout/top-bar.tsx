"use client";

import { Search } from "lucide-react";
import type { ReactNode } from "react";
import { Kbd } from "../ui/kbd.tsx";
import { ConnectionState } from "./connection-state.tsx";
import { PlainLink } from "./env-link.tsx";
import { LogoIcon } from "./navigation.ts";
import { ThemeMenu } from "./theme-menu.tsx";
import { UserMenu } from "./user-menu.tsx";

export function TopBar({ environmentSwitch, onSearch }: { environmentSwitch: ReactNode; onSearch: () => void }) {
  return (
    <header className="sticky top-0 z-30 flex h-12 items-center gap-2 border-b bg-page px-3 sm:gap-3">
      <PlainLink
        href="/"
        className="flex h-8 items-center gap-2 rounded-md px-1 font-semibold"
        aria-label="Operate, overview"
      >
        <LogoIcon className="size-4.5 text-accent" aria-hidden="true" />
        <span className="max-sm:sr-only">Operate</span>
      </PlainLink>
      {environmentSwitch}
      <button
        type="button"
        onClick={onSearch}
        className="mx-auto flex h-8 items-center gap-2 rounded-md border border-line-strong bg-surface px-2.5 text-ink-3 text-sm hover:text-ink max-md:mr-0 md:w-full md:max-w-96"
      >
        <Search className="size-4 shrink-0" aria-hidden="true" />
        <span className="max-md:sr-only">Search or jump…</span>
        <span className="ml-auto hidden md:block">
          <Kbd>Ctrl K</Kbd>
        </span>
      </button>
      <div className="flex items-center gap-1">
        <ConnectionState />
        <ThemeMenu />
        <UserMenu />
      </div>
    </header>
  );
}
