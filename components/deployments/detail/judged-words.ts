import type { JudgeResult } from "#server/agent/deploy/judge/analysis-schema.ts";
import type { DeploymentView, StepView } from "#server/agent/deploy/schema.ts";
import { STEP_TRAITS } from "#server/agent/deploy/words.ts";
import { formatBytes, formatCount, formatDuration, formatMs, formatNumber, formatPercent } from "../../lib/format.ts";
import type { RouterOutputs } from "../../trpc/client.tsx";
import { isBad, type Metric, worstFirst } from "./judge-scales.ts";

/** The judge's newest comparison, short: its verdict, what it is of, and what users feel of it. Pure. */

export type Analysis = RouterOutputs["deploy"]["detail"]["analyses"][number];

/** `at 5 %`, `held at 100 %`, `afterwards`; a further try says so. */
export function nameOf(
  { kind, stepIndex, attempt }: Pick<Analysis, "kind" | "stepIndex" | "attempt">,
  steps: readonly StepView[],
): string {
  const weight = steps.findLast((step) => step.weight !== null && step.index < (stepIndex ?? Infinity))?.weight;
  const name =
    kind === "watch" ? "afterwards" : kind === "hold" ? `held at ${weight ?? 100} %` : `at ${weight ?? "?"} %`;
  return attempt > 1 ? `${name}, try ${attempt}` : name;
}

/** Why the judge has compared nothing: what it waits for, or, of a deployment that has ended, why it never will. */
export function expectation(deployment: DeploymentView, steps: readonly StepView[], live: boolean): string {
  const { version, strategy, previousVersion, watchState } = deployment;
  if (previousVersion === null) return "No version ran before, so there is nothing to compare with.";
  if (strategy === "restore") return `${version} served well before: it is brought back without a comparison.`;
  const compares = steps.some((step) => STEP_TRAITS[step.kind].compares);
  if (!live) {
    if (watchState !== null) return `The watch over ${version} ended before there was anything to compare.`;
    return compares
      ? "It ended before its first comparison."
      : `A ${strategy} deployment is compared afterwards, and this one did not get there.`;
  }
  if (steps.some((step) => STEP_TRAITS[step.kind].waitsForRequests))
    return `The first comparison comes when ${version} has its share of the requests and has answered enough of them.`;
  return compares
    ? `${version} is compared once all requests go to it.`
    : `A ${strategy} deployment is compared afterwards, while it is watched.`;
}

/** What the page says of each comparison; the judge's own panel has the rest. */
const BRIEF = ["errorRatio", "latencyP95", "latencyP50", "cpuPerRequest"];
/** Whatever else got worse stands first, as errors of a service that depends on this one: it decided. */
export const briefMetrics = (metrics: readonly Metric[]): Metric[] => [
  ...worstFirst(metrics.filter((metric) => isBad(metric) && !BRIEF.includes(metric.name))),
  ...BRIEF.flatMap((name) => metrics.find((metric) => metric.name === name) ?? []),
];

/** `2.5.0 is worse than 2.4.0.`: the judge's verdict in a sentence, never more certain than it. */
export function verdictOf({ verdict, sentence, candidateVersion: fresh, baselineVersion: old }: JudgeResult): string {
  const why = sentence.replace(/(?<![.\s])[.\s]+$/, "");
  switch (verdict) {
    case "pass":
      return `${fresh} is not worse than ${old} by more than is allowed.`;
    case "fail":
      return `${fresh} is worse than ${old}.`;
    case "inconclusive":
      return `It is not decided whether ${fresh} is worse than ${old}: ${why}.`;
    case "error":
      return `${fresh} could not be compared with ${old}: ${why}.`;
  }
}

/** `33 requests of 2.5.0 against 635 of 2.4.0 in the same 41 s`: the one base of every figure beside it. */
export function baseOf(result: JudgeResult, sameTime: boolean): string {
  const { from, to, candidateRequests, candidateVersion, baselineRequests, baselineVersion } = result;
  const span = formatDuration(Date.parse(to) - Date.parse(from));
  const when = sameTime ? `in the same ${span}` : `from before; ${candidateVersion} over ${span}`;
  return `${formatCount(candidateRequests)} requests of ${candidateVersion} against ${formatCount(baselineRequests)} of ${baselineVersion} ${when}`;
}

/** `error ratio 0 % (0 of 635) → 3.03 % (1 of 33)` */
export function briefOf({ label, unit, count, baseline, candidate, sentence }: Metric): string {
  if (count && unit === "ratio") {
    const share = (events: number, total: number) =>
      `${formatPercent((events / total) * 100)} (${formatCount(events)} of ${formatCount(total)})`;
    return `${label} ${share(count.baselineEvents, count.baselineTotal)} → ${share(count.candidateEvents, count.candidateTotal)}`;
  }
  if (baseline.median === null || candidate.median === null) return sentence;
  return `${label} ${amountOf(baseline.median, unit)} → ${amountOf(candidate.median, unit)} in the median sample`;
}

/** A judged value with its unit; `points` is a difference of shares in percent. */
export function amountOf(value: number | null, unit: Metric["unit"] | "points"): string {
  switch (unit) {
    case "ratio":
      return formatPercent(value === null ? null : value * 100);
    case "points":
      return `${formatNumber(value)} points`;
    case "ms":
      return formatMs(value);
    case "bytes":
      return formatBytes(value);
    case "count":
      return formatNumber(value);
  }
}
