"use client";

import { Ellipsis } from "lucide-react";
import { usePathname } from "next/navigation";
import { cn } from "../lib/cn.ts";
import { useEnvironment } from "../lib/environment.tsx";
import { Menu, MenuItem } from "../ui/menu.tsx";
import { EnvLink } from "./env-link.tsx";
import { isBelow, type Page } from "./navigation.ts";
import { useOpenPage } from "./open-page.tsx";
import { PageBadge } from "./page-badge.tsx";

const ITEM = "relative flex h-14 flex-1 flex-col items-center justify-center gap-0.5 text-xs";

const placeOf = (page: Page): number => page.onBar?.place ?? 0;

/** Phones: the pages that name a place on the bar, and the rest under More. */
export function BottomBar({ pages }: { pages: readonly Page[] }) {
  const pathname = usePathname();
  const open = useOpenPage();
  const { link } = useEnvironment();
  const onBar = pages.filter(placeOf).sort((one, other) => placeOf(one) - placeOf(other));
  const more = pages.filter((page) => !page.onBar);
  return (
    <nav
      aria-label="Pages"
      className="fixed inset-x-0 bottom-0 z-30 flex border-t bg-surface pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {onBar.map((page) => {
        const current = isBelow(pathname, page.href);
        const Icon = page.icon;
        return (
          <EnvLink
            key={page.href}
            href={page.href}
            aria-current={current ? "page" : undefined}
            className={cn(ITEM, current ? "font-medium text-accent" : "text-ink-2")}
          >
            <Icon className="size-5" aria-hidden="true" />
            {page.onBar?.label ?? page.label}
            <PageBadge of={page} className="absolute top-1.5 left-1/2 ml-2.5" />
          </EnvLink>
        );
      })}
      <Menu
        trigger={
          <button type="button" className={cn(ITEM, "text-ink-2")}>
            <Ellipsis className="size-5" aria-hidden="true" />
            More
          </button>
        }
      >
        {more.map((page) => (
          <MenuItem key={page.href} onSelect={() => open(link(page.href))} className="min-h-11">
            <page.icon aria-hidden="true" /> {page.label}
          </MenuItem>
        ))}
      </Menu>
    </nav>
  );
}
