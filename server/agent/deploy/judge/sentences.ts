import { groupedCount, threeDigits } from "../../text/numbers.ts";
import type { MetricResult, RankTest } from "./analysis-schema.ts";
import type { CountVerdict } from "./classify.ts";

/** What the judge says, in words with numbers. */

export function amount(value: number | null, unit: MetricResult["unit"]): string {
  if (value === null) return "unknown";
  if (unit === "ratio") return `${threeDigits(value * 100)} %`;
  if (unit === "bytes") return `${threeDigits(value / 1_048_576)} MiB`;
  return unit === "ms" ? `${threeDigits(value)} ms` : threeDigits(value);
}

const signed = (value: number, unit: MetricResult["unit"]): string => {
  if (value === 0) return unit === "ratio" ? "0 points" : amount(0, unit);
  const text = unit === "ratio" ? `${threeDigits(Math.abs(value) * 100)} points` : amount(Math.abs(value), unit);
  return `${value < 0 ? "−" : "+"}${text}`;
};

type Unsaid = Omit<MetricResult, "sentence">;

/** `error ratio 5.08 % (27 of 531) against 0 % (0 of 9,904): +5.08 points [3.2 … 7.9], surely worse` */
export function sentenceOf(metric: Unsaid, counted: CountVerdict): string {
  const { label, unit, baseline, candidate, rank, count, classification } = metric;
  if (count !== null && unit === "ratio") {
    const sides = `${shareOf(count.candidateEvents, count.candidateTotal)} against ${shareOf(count.baselineEvents, count.baselineTotal)}`;
    const interval = `${signed(count.difference, unit)} [${threeDigits(count.low * 100)} … ${threeDigits(count.high * 100)}]`;
    return `${label} ${sides}: ${interval}, ${word(classification, counted)}`;
  }
  if (classification === "nodata") return `${label}: nothing to compare`;
  if (baseline.median === null || candidate.median === null) return `${label}: unknown, nothing was counted`;
  const sides = `${amount(candidate.median, unit)} against ${amount(baseline.median, unit)}`;
  const said = word(classification, counted);
  // what was counted decided: an interval of the ranks that holds zero would contradict the word
  if (count !== null && counted !== "none" && !(rank !== null && isBeyond(rank)))
    return `${label} ${sides}: ${shareOf(count.candidateEvents, count.candidateTotal)} of its requests are slower than allowed, of the running version's ${shareOf(count.baselineEvents, count.baselineTotal)}, ${said}`;
  if (rank === null) return `${label} ${sides}: no difference`;
  const interval = `[${signed(rank.low, unit)} … ${signed(rank.high, unit)}]`;
  const difference = candidate.median - baseline.median;
  // the shift between samples is no difference of medians: beside medians that it contradicts it has its own name
  if (contradicts(difference, rank))
    return `${label} ${sides} in the median sample; sample by sample ${signed(rank.estimate, unit)} ${interval}, ${said}`;
  const relative =
    baseline.median && difference !== 0
      ? ` (${difference < 0 ? "−" : "+"}${threeDigits(Math.abs(difference / baseline.median) * 100)} %)`
      : "";
  return `${label} ${sides}: ${signed(difference, unit)}${relative} ${interval}, ${said}`;
}

/** The medians differ by what the interval of the ranks rules out, or the other way round than the ranks do. */
const contradicts = (difference: number, { low, high, estimate }: RankTest): boolean =>
  difference < low || difference > high || (isOneSided(low, high) && difference * estimate < 0);

const isOneSided = (low: number, high: number): boolean => low > 0 || high < 0;

const isBeyond = ({ low, high, tolerance }: RankTest): boolean => low > tolerance || high < -tolerance;

/** `5 % (120 of 2,400)` */
export const shareOf = (events: number, total: number): string =>
  `${amount(events / total, "ratio")} (${groupedCount(events)} of ${groupedCount(total)})`;

function word(classification: MetricResult["classification"], counted: CountVerdict): string {
  if (classification === "high" || classification === "low") return "surely worse";
  if (counted === "suspicious") return "perhaps worse, not sure yet";
  return "not worse by more than is allowed";
}
