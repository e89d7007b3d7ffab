import { cn } from "../lib/cn.ts";
import type { CountTone, Page } from "./navigation.ts";

const COUNT_LOOK: Record<CountTone, string> = {
  critical: "bg-critical-soft text-critical",
  warning: "bg-warning-soft text-warning",
  quiet: "bg-sunken text-ink-2",
  active: "bg-accent-soft text-accent",
};

/** The count beside a page's name, if it has one. */
export const PageBadge = ({ of: { badge }, className }: { of: Page; className: string }) =>
  badge ? (
    <badge.Count>
      {({ count, of, tone }) => (
        <span className={cn("num rounded-sm px-1", COUNT_LOOK[tone], className)}>
          {count}
          <span className="sr-only"> {of}</span>
        </span>
      )}
    </badge.Count>
  ) : null;
