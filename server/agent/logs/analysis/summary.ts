import { describeSeconds } from "../../text/durations.ts";
import { groupedCount } from "../../text/numbers.ts";
import { lines as linesOf, percent } from "../anomalies/wording.ts";
import type { ExplainedAnomaly } from "../recommendations.ts";
import type { LevelTotals } from "./counted-window.ts";

const counted = (count: number, word: string): string => `${groupedCount(count)} ${word}${count === 1 ? "" : "s"}`;

/** One sentence or two: how much, how bad, and the worst that stands out. */
export function summarise(totals: LevelTotals, spanMs: number, anomalies: readonly ExplainedAnomaly[]): string {
  const { lines, errors, warnings } = totals;
  const span = describeSeconds(spanMs / 1_000);
  if (lines === 0 && anomalies.length === 0) return `No lines in ${span}.`;
  const share = errors > 0 ? ` (${percent(errors / lines)})` : "";
  const much = `${linesOf(lines)} in ${span}, ${counted(errors, "error")}${share} and ${counted(warnings, "warning")}.`;
  const [worst] = anomalies;
  if (!worst) return `${much} Nothing stands out.`;
  const cause = worst.deployment ? `, ${worst.deployment.sentence}` : "";
  const others = anomalies.length > 1 ? `${groupedCount(anomalies.length)} things stand out, the worst: ` : "";
  return `${much} ${others}${worst.sentence}${cause}.`;
}
