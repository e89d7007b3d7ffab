import { Activity, type LucideIcon } from "lucide-react";
import type { ComponentType, ReactNode } from "react";
import type { Permission } from "#server/agent/kernel/permissions.ts";
import type { Reads } from "../trpc/server.ts";

/** The tone of a count is that of what it counts: the worst of it decides. */
export type CountTone = "critical" | "warning" | "quiet" | "active";

/** A number beside a page's name, with what it counts for those who hear it. */
export interface PageCount {
  count: number;
  of: string;
  tone: CountTone;
}

export interface Badge {
  /** Reads a count and hands it to what draws it; draws nothing while there is nothing to count. */
  Count: ComponentType<{ children: (count: PageCount) => ReactNode }>;
  /** the same reads, with which every page of the console comes */
  reads: Reads;
}

/** A page of the console, as rail, bottom bar, keyboard and palette show it. */
export interface Page {
  href: string;
  label: string;
  /** follows g */
  key: string;
  icon: LucideIcon;
  permission: Permission;
  badge?: Badge | undefined;
  /** on a phone's bar instead of under More: the place from the left, and a shorter name */
  onBar?: { place: number; label?: string };
}

export const LogoIcon = Activity;

/** Whether `pathname` is the page or below it. */
export const isBelow = (pathname: string, href: string): boolean =>
  href === "/" ? pathname === "/" : pathname === href || pathname.startsWith(`${href}/`);
