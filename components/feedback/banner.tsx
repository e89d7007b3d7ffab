import type { ReactNode } from "react";
import { cn } from "../lib/cn.ts";

const TONES = {
  info: "border-line bg-sunken",
  warning: "border-warning/40 bg-warning-soft",
  critical: "border-critical/40 bg-critical-soft",
} as const;

/** One line about the whole page; not for what belongs to one row. */
export const Banner = ({
  tone = "info",
  children,
  action,
}: {
  tone?: keyof typeof TONES;
  children: ReactNode;
  action?: ReactNode;
}) => (
  <div className={cn("flex flex-wrap items-center gap-x-3 gap-y-1 rounded-md border px-3 py-1.5 text-sm", TONES[tone])}>
    <div className="min-w-0 flex-[1_1_18rem]">{children}</div>
    {action}
  </div>
);
