"use client";

import { PanelLeftClose, PanelLeftOpen } from "lucide-react";
import { usePathname } from "next/navigation";
import { cn } from "../lib/cn.ts";
import { Tooltip } from "../ui/tooltip.tsx";
import { EnvLink } from "./env-link.tsx";
import { isBelow, type Page } from "./navigation.ts";
import { PageBadge } from "./page-badge.tsx";

interface RailProps {
  pages: readonly Page[];
  collapsed: boolean;
  onCollapsedChange: (collapsed: boolean) => void;
}

/** Left of every page from 768 px; icons only when collapsed, and always below 1024 px. */
export function Rail({ pages, collapsed, onCollapsedChange }: RailProps) {
  const Toggle = collapsed ? PanelLeftOpen : PanelLeftClose;
  const word = collapsed ? "sr-only" : "max-lg:sr-only";
  return (
    <nav
      aria-label="Pages"
      className={cn(
        "sticky top-12 hidden h-[calc(100dvh-3rem)] shrink-0 flex-col border-r bg-page p-2 md:flex",
        collapsed ? "w-13" : "w-13 lg:w-46",
      )}
    >
      <ul className="flex flex-col gap-0.5">
        {pages.map((page) => (
          <li key={page.href}>
            <RailLink page={page} collapsed={collapsed} />
          </li>
        ))}
      </ul>
      <button
        type="button"
        onClick={() => onCollapsedChange(!collapsed)}
        className="mt-auto hidden h-8 items-center gap-2.5 rounded-md px-2.5 text-ink-3 text-sm hover:bg-hover hover:text-ink lg:flex"
      >
        <Toggle className="size-4 shrink-0" aria-hidden="true" />
        <span className={word}>{collapsed ? "Widen the rail" : "Narrow"}</span>
      </button>
    </nav>
  );
}

function RailLink({ page, collapsed }: { page: Page; collapsed: boolean }) {
  const current = isBelow(usePathname(), page.href);
  const Icon = page.icon;
  const link = (
    <EnvLink
      href={page.href}
      aria-current={current ? "page" : undefined}
      className={cn(
        "relative flex h-8 items-center gap-2.5 rounded-md px-2.5 text-sm transition-colors hover:bg-hover hover:text-ink",
        current ? "bg-selected font-medium text-ink" : "text-ink-2",
      )}
    >
      <Icon className="size-4 shrink-0" aria-hidden="true" />
      <span className={collapsed ? "sr-only" : "max-lg:sr-only"}>{page.label}</span>
      <PageBadge
        of={page}
        className={cn(
          "ml-auto text-xs",
          collapsed ? "absolute top-0 right-0" : "max-lg:absolute max-lg:top-0 max-lg:right-0",
        )}
      />
    </EnvLink>
  );
  return (
    <Tooltip content={`${page.label}, g ${page.key}`} side="right">
      {link}
    </Tooltip>
  );
}
