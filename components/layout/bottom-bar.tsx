"use client";

import { Ellipsis } from "lucide-react";
import { usePathname } from "next/navigation";
import { cn } from "../lib/cn.ts";
import { useEnvironment } from "../lib/environment.tsx";
import { Menu, MenuItem } from "../ui/menu.tsx";
import { EnvLink } from "./env-link.tsx";
import { isBelow, type Page } from "./navigation.ts";
import { useOpenPage } from "./open-page.tsx";
import { COUNT_LOOK, type PageCounts } from "./rail.tsx";

const ON_THE_BAR: readonly string[] = ["/", "/incidents", "/deployments"];
const ITEM = "relative flex h-14 flex-1 flex-col items-center justify-center gap-0.5 text-xs";

/** Phones: Overview, Incidents, Deploys, and the rest under More. */
export function BottomBar({ pages, counts }: { pages: readonly Page[]; counts: PageCounts }) {
  const pathname = usePathname();
  const open = useOpenPage();
  const { link } = useEnvironment();
  const onTheBar = ON_THE_BAR.flatMap((href) => pages.filter((page) => page.href === href));
  const more = pages.filter((page) => !ON_THE_BAR.includes(page.href));
  return (
    <nav
      aria-label="Pages"
      className="fixed inset-x-0 bottom-0 z-30 flex border-t bg-surface pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {onTheBar.map((page) => {
        const current = isBelow(pathname, page.href);
        const Icon = page.icon;
        const count = counts[page.href];
        return (
          <EnvLink
            key={page.href}
            href={page.href}
            aria-current={current ? "page" : undefined}
            className={cn(ITEM, current ? "font-medium text-accent" : "text-ink-2")}
          >
            <Icon className="size-5" aria-hidden="true" />
            {page.label === "Deployments" ? "Deploys" : page.label}
            {count ? (
              <span className={cn("num absolute top-1.5 left-1/2 ml-2.5 rounded-sm px-1", COUNT_LOOK[count.tone])}>
                {count.count}
                <span className="sr-only"> {count.of}</span>
              </span>
            ) : null}
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
