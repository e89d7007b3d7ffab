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
  production: "border border-production/60 bg-production-soft font-semibold text-production",
} as const;
export type Tone = keyof typeof TONES;

export const Badge = ({
  tone = "neutral",
  className,
  children,
}: {
  tone?: Tone;
  className?: string;
  children: ReactNode;
}) => (
  <span
    className={cn(
      "inline-flex h-5 items-center gap-1 whitespace-nowrap rounded-sm px-1.5 font-medium text-xs",
      TONES[tone],
      className,
    )}
  >
    {children}
  </span>
);
