import type { TrafficCounts } from "../../ports/traffic.ts";
import { sumOutcomes, waitLimitMs } from "../../telemetry/outcomes.ts";
import type { AnalysisRules } from "../config.ts";
import { compareCounts, judgeCounts } from "./classify.ts";
import type { Judged } from "./metrics.ts";
import { type Cut, worstCut } from "./outcomes.ts";
import { poolOf, type Sample, samplesOf } from "./samples.ts";
import { sentenceOf, shareOf } from "./sentences.ts";

/** A service that depends on the one that is deployed, before and since. */
export interface Dependent {
  service: string;
  before: readonly TrafficCounts[];
  during: readonly TrafficCounts[];
  /** null: not known */
  wasHealthy: boolean | null;
  isHealthy: boolean | null;
}

/**
 * A dependent fails the comparison when it was healthy and is not any more, or when surely more of its own requests
 * fail. It cannot be split by version, so it is compared with itself before: when its answers surely moved to a worse
 * class, other callers may be why, and a person decides.
 */
export const judgeDependents = (
  dependents: readonly Dependent[],
  rules: AnalysisRules,
  baselineVersion: string,
  candidateVersion: string,
): Judged[] =>
  dependents.map((dependent) => {
    const rule = rules.metrics.dependents;
    const limitMs = waitLimitMs(sumOutcomes(dependent.during), sumOutcomes(dependent.before));
    const pooled = (rows: Dependent["during"]): Sample => poolOf(samplesOf(rows, 0, Number.MAX_SAFE_INTEGER, limitMs));
    const [during, before] = [pooled(dependent.during), pooled(dependent.before)];
    const countOf = ({ errors, requests }: Sample) => ({ events: errors, total: requests });
    const count = compareCounts(countOf(during), countOf(before), rules);
    const counted = judgeCounts(count, rules, { least: rule.leastIncrease, allowed: rule.allowedIncrease });
    const fell = dependent.wasHealthy === true && dependent.isHealthy === false;
    // a check that answers says nothing about how its own requests end
    const known = count !== null;
    const side = (version: string) => ({ version, samples: [], used: [], mean: null, median: null });
    const metric = {
      name: `dependent:${dependent.service}`,
      label: `errors of ${dependent.service}, which depends on it`,
      ...{ unit: "ratio" as const, group: rule.group, direction: rule.direction },
      // nothing to compare is no reason to doubt: it may simply have no users of its own
      critical: rule.critical && (known || fell),
      classification: fell || counted === "sure" ? ("high" as const) : known ? ("pass" as const) : ("nodata" as const),
      ...{ baseline: side(baselineVersion), candidate: side(candidateVersion), rank: null, count, effect: null },
    };
    const question =
      fell || counted === "sure" || !rules.metrics.outcomes.enabled
        ? null
        : movedOf(dependent.service, worstCut(during, before, rules));
    const sentence = fell
      ? `${dependent.service}, which depends on it, was healthy before and is not any more`
      : known
        ? sentenceOf({ ...metric, label: `${metric.label},` }, counted)
        : `${metric.label}, are unknown: no request of its own was counted${dependent.isHealthy ? ", though its check finds it healthy" : ""}`;
    const said = question === null ? sentence : `${sentence}; ${question}`;
    return { metric: { ...metric, sentence: said }, suspicious: false, expected: known || fell, question };
  });

const movedOf = (service: string, { label, count, counted }: Cut): string | null =>
  count === null || counted !== "sure"
    ? null
    : `${service}, which depends on it, has surely more ${label}: ${shareOf(count.candidateEvents, count.candidateTotal)} against ${shareOf(count.baselineEvents, count.baselineTotal)} before`;
