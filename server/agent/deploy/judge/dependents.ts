import type { TrafficCounts } from "../../ports/traffic.ts";
import { sumOutcomes, waitLimitMs } from "../../telemetry/outcomes.ts";
import type { AnalysisRules } from "../config.ts";
import { compareCounts, judgeCounts } from "./classify.ts";
import type { Judged, Sides } from "./metrics.ts";
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
  /** services deployed in the time that is compared, which may be why it fails as well: itself, and others it depends on */
  deployedToo: readonly string[];
}

/**
 * A dependent fails the comparison when it was healthy and is not any more, or when surely more of its own requests
 * fail. It cannot be split by version, so it is compared with itself before: when its answers surely moved to a worse
 * class, other callers may be why, and a person decides; so does one where it, or something else that it depends on, was
 * deployed in the same time. Nothing is blamed on the version while `doubt` says why that cannot be known.
 */
export const judgeDependents = (
  dependents: readonly Dependent[],
  rules: AnalysisRules,
  sides: SidesOfDependents,
): Judged[] => dependents.map((dependent) => judgeDependent(dependent, rules, sides));

type SidesOfDependents = Pick<Sides, "baselineVersion" | "candidateVersion" | "doubt">;

function judgeDependent(dependent: Dependent, rules: AnalysisRules, sides: SidesOfDependents): Judged {
  const rule = rules.metrics.dependents;
  const { count, counted, moved } = comparedWithBefore(dependent, rules);
  const fell = dependent.wasHealthy === true && dependent.isHealthy === false;
  const isWorse = fell || counted === "sure";
  const doubt = isWorse ? (sides.doubt ?? null) : null;
  const others = isWorse && doubt === null ? deployedToo(dependent.deployedToo) : null;
  // a check that answers says nothing about how its own requests end
  const isKnown = count !== null || fell;
  const side = (version: string) => ({ version, samples: [], used: [], mean: null, median: null });
  const metric = {
    name: `dependent:${dependent.service}`,
    label: `errors of ${dependent.service}, which depends on it`,
    ...{ unit: "ratio" as const, group: rule.group, direction: rule.direction },
    // nothing to compare is no reason to doubt: it may simply have no users of its own
    critical: rule.critical && isKnown,
    ...{ baseline: side(sides.baselineVersion), candidate: side(sides.candidateVersion) },
    ...{ rank: null, count, effect: null },
  };
  const passed = isKnown ? ("pass" as const) : ("nodata" as const);
  const classification = isWorse && doubt === null && others === null ? ("high" as const) : passed;
  const counts = sentenceOf({ ...metric, classification, label: `${metric.label},` }, counted);
  const found = count === null ? uncounted(dependent, metric.label) : counts;
  const said = fell ? `${dependent.service}, which depends on it, was healthy before and is not any more` : found;
  const why = isWorse ? (doubt ?? others) : moved;
  const sentence = why === null ? said : `${said}${isWorse ? ":" : ";"} ${why}`;
  return {
    ...{ metric: { ...metric, classification, sentence }, suspicious: doubt !== null, expected: isKnown },
    question: isWorse ? others && sentence : moved,
  };
}

const uncounted = ({ isHealthy }: Dependent, label: string): string =>
  `${label}, are unknown: no request of its own was counted${isHealthy ? ", though its check finds it healthy" : ""}`;

/** How its own requests end since, against before; `moved` says to which worse class, where none of them fails more. */
function comparedWithBefore({ service, ...dependent }: Dependent, rules: AnalysisRules) {
  const rule = rules.metrics.dependents;
  const limitMs = waitLimitMs(sumOutcomes(dependent.during), sumOutcomes(dependent.before));
  const pooled = (rows: Dependent["during"]): Sample => poolOf(samplesOf(rows, 0, Number.MAX_SAFE_INTEGER, limitMs));
  const [during, before] = [pooled(dependent.during), pooled(dependent.before)];
  const countOf = ({ errors, requests }: Sample) => ({ events: errors, total: requests });
  const count = compareCounts(countOf(during), countOf(before), rules);
  const counted = judgeCounts(count, rules, { least: rule.leastIncrease, allowed: rule.allowedIncrease });
  const moved = rules.metrics.outcomes.enabled ? movedOf(service, worstCut(during, before, rules)) : null;
  return { count, counted, moved };
}

const deployedToo = (services: readonly string[]): string | null =>
  services.length === 0
    ? null
    : `${services.join(", ")} ${services.length === 1 ? "was" : "were"} deployed in the same time, which may be why as well`;

const movedOf = (service: string, { label, count, counted }: Cut): string | null =>
  count === null || counted !== "sure"
    ? null
    : `${service}, which depends on it, has surely more ${label}: ${shareOf(count.candidateEvents, count.candidateTotal)} against ${shareOf(count.baselineEvents, count.baselineTotal)} before`;
