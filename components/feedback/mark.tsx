import type { ReactNode } from "react";
import { cn } from "../lib/cn.ts";

/** A state is always colour, shape and word together, so that it can be told apart without seeing colours. */
export type MarkTone = "ok" | "warning" | "critical" | "unknown" | "maintenance" | "active" | "quiet";

const COLOUR: Record<MarkTone, string> = {
  ok: "text-ok",
  warning: "text-warning",
  critical: "text-critical",
  unknown: "text-unknown",
  maintenance: "text-maintenance",
  active: "text-accent",
  quiet: "text-ink-3",
};

function shapeOf(tone: MarkTone): ReactNode {
  switch (tone) {
    case "ok":
      return <circle cx="6" cy="6" r="4" fill="currentColor" />;
    case "warning":
      return <path d="M6 1.5 11 10.5H1Z" fill="currentColor" />;
    case "critical":
      return <rect x="2" y="2" width="8" height="8" rx="1" fill="currentColor" />;
    case "unknown":
      return (
        <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" strokeWidth="1.5" strokeDasharray="2.2 1.9" />
      );
    case "maintenance":
      return <path d="M3 2h2.2v8H3zM6.8 2H9v8H6.8z" fill="currentColor" />;
    case "active":
      return (
        <path
          d="M6 2a4 4 0 1 1 0 8z M6 1.2a4.8 4.8 0 1 0 0 9.6 4.8 4.8 0 0 0 0-9.6"
          fill="currentColor"
          fillRule="evenodd"
        />
      );
    case "quiet":
      return <circle cx="6" cy="6" r="3.2" fill="none" stroke="currentColor" strokeWidth="1.5" />;
  }
}

/** `bare` hides the word from sight, not from a screen reader; use it only beside text that says it. */
export function Mark({
  tone,
  children,
  bare,
  className,
}: {
  tone: MarkTone;
  children: ReactNode;
  bare?: boolean;
  className?: string | undefined;
}) {
  return (
    <span className={cn("inline-flex items-baseline gap-1.5 whitespace-nowrap", COLOUR[tone], className)}>
      <svg viewBox="0 0 12 12" className="size-3 shrink-0 self-center" aria-hidden="true">
        {shapeOf(tone)}
      </svg>
      <span className={bare ? "sr-only" : undefined}>{children}</span>
    </span>
  );
}
