import type { ReactNode } from "react";
import { cn } from "../lib/cn.ts";

const TONES = {
  neutral: "bg-sunken text-ink-2",
  accent: "bg-accent-soft text-accent",
  ok: "bg-ok-soft text-ok",
  warning: "bg-warning-soft text-warning",
  critical: "bg-critical-soft text-critical",
  unknown: "bg-unknown-soft text-unknown",
  maintenance: "bg-maintenance-soft text-maintenance",
} as const;
export type Tone = keyof typeof TONES;

/** its shape, without colours */
export const BADGE = "inline-flex h-5 items-center gap-1 whitespace-nowrap rounded-sm px-1.5 font-medium text-xs";

export const Badge = ({
  tone = "neutral",
  className,
  children,
}: {
  tone?: Tone;
  className?: string;
  children: ReactNode;
}) => <span className={cn(BADGE, TONES[tone], className)}>{children}</span>;
