"use client";

import { PanelLeftClose, PanelLeftOpen } from "lucide-react";
import { usePathname } from "next/navigation";
import { cn } from "../lib/cn.ts";
import { Tooltip } from "../ui/tooltip.tsx";
import { EnvLink } from "./env-link.tsx";
import { type CountTone, isBelow, type Page, type PageCount } from "./navigation.ts";

export const COUNT_LOOK: Record<CountTone, string> = {
  critical: "bg-critical-soft text-critical",
  warning: "bg-warning-soft text-warning",
  quiet: "bg-sunken text-ink-2",
  active: "bg-accent-soft text-accent",
};

interface RailProps {
  pages: readonly Page[];
  /** the counts beside the names; without them nothing of the system is read */
  withBadges: boolean;
  collapsed: boolean;
  onCollapsedChange: (collapsed: boolean) => void;
}

/** Left of every page from 768 px; icons only when collapsed, and always below 1024 px. */
export function Rail({ pages, withBadges, collapsed, onCollapsedChange }: RailProps) {
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
            <RailLink page={page} withBadges={withBadges} collapsed={collapsed} />
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

function RailLink({ page, withBadges, collapsed }: { page: Page; withBadges: boolean; collapsed: boolean }) {
  const current = isBelow(usePathname(), page.href);
  const { icon: Icon, Badge } = page;
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
      {withBadges && Badge ? <Badge>{(count) => <Count count={count} collapsed={collapsed} />}</Badge> : null}
    </EnvLink>
  );
  return (
    <Tooltip content={`${page.label}, g ${page.key}`} side="right">
      {link}
    </Tooltip>
  );
}

function Count({ count, collapsed }: { count: PageCount; collapsed: boolean }) {
  return (
    <span
      className={cn(
        "num ml-auto rounded-sm px-1 text-xs",
        COUNT_LOOK[count.tone],
        collapsed ? "absolute top-0 right-0" : "max-lg:absolute max-lg:top-0 max-lg:right-0",
      )}
    >
      {count.count}
      <span className="sr-only"> {count.of}</span>
    </span>
  );
}
