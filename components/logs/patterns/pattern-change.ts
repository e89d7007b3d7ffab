import type { PatternView } from "#server/agent/logs/schema.ts";
import { formatCount, formatPercent } from "../../lib/format.ts";

/** The count against the equal window before: "new", "+25 %", "×3.2", "−40 %", "unknown". */
export function changeWords({ count, before }: Pick<PatternView, "count" | "before">): string {
  if (before === null) return "unknown";
  if (before === 0) return count === 0 ? "none" : "none before";
  const ratio = count / before;
  if (ratio >= 2) return `×${ratio >= 10 ? Math.round(ratio) : ratio.toFixed(1)}`;
  const percent = Math.round((ratio - 1) * 100);
  return percent === 0 ? "same" : `${percent > 0 ? "+" : "−"}${Math.abs(percent)}\u00a0%`;
}

/** The same with its base, for hovering. */
export const changeBase = ({ count, before }: Pick<PatternView, "count" | "before">): string =>
  before === null
    ? `${formatCount(count)} lines; nothing is known of the equal time before`
    : `${formatCount(count)} lines, ${formatCount(before)} in the equal time before`;

/** For sorting: how many times as many; what is unknown comes last. */
export const changeRatio = ({ count, before }: Pick<PatternView, "count" | "before">): number | null =>
  before === null ? null : before === 0 ? (count > 0 ? Number.MAX_SAFE_INTEGER : 1) : count / before;

/** "4.1 %", and "<0.01 %" rather than a zero that is none. */
export const shareWords = (share: number): string =>
  share > 0 && share < 0.0001 ? "<0.01\u00a0%" : formatPercent(share * 100);
