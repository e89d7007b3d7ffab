import type { Outcome, OutcomeCounts } from "../../telemetry/outcomes.ts";
import type { AnalysisRules, MetricRule } from "../config.ts";
import type { CountTest } from "./analysis-schema.ts";
import { type CountVerdict, compareCounts, isCritical, isSure, judgeCounts } from "./classify.ts";
import type { Judged, Sides } from "./metrics.ts";
import { OUTCOME_WORDS, RANKED, type RankedOutcomes } from "./ranked-outcomes.ts";
import { poolOf, type Sample } from "./samples.ts";
import { sentenceOf, shareOf } from "./sentences.ts";

/** How exchanges ended. A new version must not move requests to a worse class, whichever that is. */

/**
 * The classes from which on it counts as worse, at each cut; failures alone are the error ratio's. The cut before "ok"
 * is that of upgrades: a protocol that is answered with a page is lost.
 */
const CUTS = ["ok", "redirected", "rejected"] as const;
type CutName = (typeof CUTS)[number];

/** What a person sees of each class that is worse than a 2xx, in order of their worth. */
const SEEN: readonly { classes: readonly Outcome[]; words: string }[] = [
  { classes: ["status3xx"], words: "a 3xx" },
  { classes: ["status4xx"], words: "a 4xx" },
  { classes: ["status5xx"], words: "a 5xx" },
  { classes: ["brokenOff"], words: "an answer that broke off" },
  { classes: ["clientLeft", "refused", "timedOut"], words: "no answer" },
];

/** Of what a cut counts, what either side really had: "requests with a 4xx or no answer". */
function labelOf(from: CutName, sides: readonly OutcomeCounts[]): string {
  if (from === "ok") return "requests without an upgrade";
  const counted = from === "redirected" ? SEEN : SEEN.slice(1);
  const seen = counted.filter(({ classes }) => classes.some((name) => sides.some((side) => side[name] > 0)));
  if (seen.length === 0)
    return from === "redirected" ? "requests without a 2xx" : "requests with neither a 2xx nor a 3xx";
  return `requests with ${eitherOf(seen.map(({ words }) => words))}`;
}

const eitherOf = (words: readonly string[]): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;

const CERTAINTY: Record<CountVerdict, number> = { none: 0, suspicious: 1, sure: 2 };

export interface Cut {
  label: string;
  count: CountTest | null;
  counted: CountVerdict;
}

/** Of two that are equally sure the larger difference, and of the same difference the narrower cut. */
const isWorse = (one: Cut, than: Cut): boolean =>
  CERTAINTY[one.counted] === CERTAINTY[than.counted]
    ? (one.count?.difference ?? 0) >= (than.count?.difference ?? 0) && one.counted !== "none"
    : CERTAINTY[one.counted] > CERTAINTY[than.counted];

/** The cut at which most requests moved to a worse class, by the rule for outcomes. */
export function worstCut(fresh: Sample, old: Sample, rules: AnalysisRules): Cut {
  const rule = rules.metrics.outcomes;
  const cutAt = (from: CutName): Cut => {
    const label = labelOf(from, [fresh.counts, old.counts]);
    const events = (all: RankedOutcomes) =>
      RANKED.slice(RANKED.indexOf(from)).reduce((sum, name) => sum + all[name], 0);
    const count = compareCounts(
      { events: events(fresh.outcomes), total: fresh.requests },
      { events: events(old.outcomes), total: old.requests },
      rules,
    );
    const counted = judgeCounts(count, rules, { least: rule.leastIncrease, allowed: rule.allowedIncrease });
    return { label, count, counted };
  };
  return CUTS.map(cutAt).reduce((found, cut) => (isWorse(cut, found) ? cut : found), cutAt("redirected"));
}

/**
 * Compares the whole distribution of outcomes. Classes are ordered, so each cut between them is one test of shares:
 * 404 instead of 500 or 200 instead of 404 is no loss, 307 instead of 200 or 404 instead of 307 is one. A sure move the
 * other way is told, not held against the version; that fewer are refused with 401 or 403 is a question.
 */
export function judgeOutcomes(sides: Sides): Judged & { told: string | null } {
  const { rules, baselineVersion, candidateVersion } = sides;
  const rule = rules.metrics.outcomes;
  const [old, fresh] = [poolOf(sides.baseline), poolOf(sides.candidate)];
  const worst = worstCut(fresh, old, rules);
  const classification =
    worst.count === null ? ("nodata" as const) : worst.counted === "sure" ? ("high" as const) : ("pass" as const);
  const effect = effectOf(worst.count, rule);
  const side = (version: string) => ({ version, samples: [], used: [], mean: null, median: null });
  const metric = {
    ...{ name: "outcomes", label: worst.label, unit: "ratio" as const, group: rule.group },
    ...{ direction: "increase" as const, critical: isCritical(classification, effect, rule), classification },
    ...{ baseline: side(baselineVersion), candidate: side(candidateVersion), rank: null, count: worst.count, effect },
  };
  const moved = movedOf(fresh, old, sides, rule);
  const question = admittedOf(fresh, old, rules);
  const sentence = [sentenceOf(metric, worst.counted), moved, question].filter(Boolean).join("; ");
  return {
    metric: { ...metric, sentence },
    suspicious: classification === "pass" && worst.counted === "suspicious",
    expected: true,
    question,
    told: moved && `it answers differently: ${moved}`,
  };
}

function effectOf(count: CountTest | null, rule: MetricRule): NonNullable<Judged["metric"]["effect"]> {
  const base = count === null ? 0 : count.baselineEvents / count.baselineTotal;
  const value = count === null || base === 0 ? null : count.candidateEvents / count.candidateTotal / base;
  return { measure: "meanRatio", value, allowed: rule.allowedIncrease, critical: rule.criticalIncrease };
}

/** From here on refusals are as good as gone, however few of all requests they were. */
const MORE_THAN_HALF = { least: 0, allowed: 2 };

/** Fewer are refused: a wrong refusal was mended, or whoever comes is let in. Their number alone does not say which. */
function admittedOf(fresh: Sample, old: Sample, rules: AnalysisRules): string | null {
  if (fresh.denied === null || old.denied === null) return null;
  const { leastIncrease: least, allowedIncrease: allowed } = rules.metrics.outcomes;
  const [now, before] = [
    { events: fresh.denied, total: fresh.requests },
    { events: old.denied, total: old.requests },
  ];
  const count = compareCounts(before, now, rules);
  const gone = [{ least, allowed }, MORE_THAN_HALF].some((by) => judgeCounts(count, rules, by) === "sure");
  if (!gone) return null;
  return `surely fewer requests are refused with 401 or 403: ${shareOf(now.events, now.total)} against ${shareOf(before.events, before.total)}. Is everybody still asked who they are?`;
}

/** Classes whose share surely changed, whichever way: `3xx 0 % (0 of 1,200) against 5 % (120 of 2,400)`. */
function movedOf(fresh: Sample, old: Sample, { rules }: Sides, rule: MetricRule): string | null {
  const moved = RANKED.flatMap((name) => {
    const count = compareCounts(
      { events: fresh.outcomes[name], total: fresh.requests },
      { events: old.outcomes[name], total: old.requests },
      rules,
    );
    if (!count || Math.abs(count.difference) < rule.leastIncrease || !isSure(count, rules)) return [];
    const { candidateEvents, candidateTotal, baselineEvents, baselineTotal } = count;
    return [
      `${OUTCOME_WORDS[name]} ${shareOf(candidateEvents, candidateTotal)} against ${shareOf(baselineEvents, baselineTotal)}`,
    ];
  });
  return moved.length > 0 ? moved.join(", ") : null;
}
