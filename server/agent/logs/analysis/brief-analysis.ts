import { clipText } from "../../text/clip-text.ts";
import { countWithin } from "../../text/page-within.ts";
import type { AnalyzeLogsOutput, AnomalyView, PatternView } from "../schema.ts";

/** An analysis in brief: counts first, and as much of the rest as fits. */

const MOST_ANOMALIES = 10;
const MOST_RECOMMENDATIONS = 5;
const STEPS = 12;
/** of the whole, for anomalies and for recommendations */
const ANOMALY_BYTES = 8_000;
const RECOMMENDATION_BYTES = 3_500;
/** for what comes with the list of patterns, as commas and the cursor */
const MARGIN_BYTES = 300;

const LONGEST = { template: 200, sample: 200, sentence: 500, name: 80, note: 300, query: 300 };
const MOST_NAMES = 5;
const MOST_NOTES = 6;

/** Fewer and longer steps, and texts cut. Patterns that do not fit are on the next page. */
export function briefAnalysis(output: AnalyzeLogsOutput, bytes: number): AnalyzeLogsOutput {
  const factor = Math.max(1, Math.ceil(output.trend.length / STEPS));
  const anomalies = output.anomalies.slice(0, MOST_ANOMALIES).map(briefAnomaly);
  const recommendations = output.recommendations.slice(0, MOST_RECOMMENDATIONS).map(briefRecommendation);
  const frame: AnalyzeLogsOutput = {
    ...output,
    summary: clipText(output.summary, LONGEST.sentence * 2),
    anomalies: anomalies.slice(0, countWithin(anomalies, ANOMALY_BYTES)),
    recommendations: recommendations.slice(0, countWithin(recommendations, RECOMMENDATION_BYTES)),
    notes: output.notes.slice(0, MOST_NOTES).map((note) => clipText(note, LONGEST.note)),
    stepSeconds: output.stepSeconds * factor,
    trend: merged(output.trend, factor, (steps) => ({
      t: steps[0]?.t ?? "",
      lines: sum(steps.map(({ lines }) => lines)),
      errors: sum(steps.map(({ errors }) => errors)),
      warnings: sum(steps.map(({ warnings }) => warnings)),
    })),
    patterns: [],
  };
  const left = bytes - Buffer.byteLength(JSON.stringify(frame)) - MARGIN_BYTES;
  const all = output.patterns.map((pattern) => briefPattern(pattern, factor));
  const patterns = all.slice(0, countWithin(all, left));
  const isCut = patterns.length < all.length;
  return {
    ...frame,
    patterns,
    nextCursor: isCut ? (patterns.at(-1)?.id ?? null) : output.nextCursor,
    truncated: output.truncated || isCut || frame.anomalies.length < output.anomalies.length,
  };
}

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

/** Steps put together by `factor`, the last of them of what is left. */
const merged = <T, M>(steps: readonly T[], factor: number, put: (steps: T[]) => M): M[] =>
  Array.from({ length: Math.ceil(steps.length / factor) }, (_, i) => put(steps.slice(i * factor, (i + 1) * factor)));

const names = (list: readonly string[]): string[] =>
  list.slice(0, MOST_NAMES).map((name) => clipText(name, LONGEST.name));

const briefPattern = (pattern: PatternView, factor: number): PatternView => ({
  ...pattern,
  template: clipText(pattern.template, LONGEST.template),
  share: Number(pattern.share.toPrecision(3)),
  services: names(pattern.services),
  versions: names(pattern.versions),
  trend: merged(pattern.trend, factor, sum),
  samples: pattern.samples.slice(0, 1).map((sample) => clipText(sample, LONGEST.sample)),
  query: pattern.query.length > LONGEST.query ? "" : pattern.query,
});

const briefAnomaly = (anomaly: AnomalyView): AnomalyView => ({
  ...anomaly,
  template: anomaly.template && clipText(anomaly.template, LONGEST.template),
  service: anomaly.service && clipText(anomaly.service, LONGEST.name),
  environment: anomaly.environment && clipText(anomaly.environment, LONGEST.name),
  sentence: clipText(anomaly.sentence, LONGEST.sentence),
  evidence: Object.fromEntries(
    Object.entries(anomaly.evidence).map(([name, value]) => [name, typeof value === "number" ? brief(value) : value]),
  ),
});

const brief = (value: number): number => (Number.isInteger(value) ? value : Number(value.toPrecision(4)));

type Recommendation = AnalyzeLogsOutput["recommendations"][number];

/** What cannot be said in short is said without its argument, never with half of one. */
const briefRecommendation = (recommendation: Recommendation): Recommendation => {
  const isLong = JSON.stringify(recommendation).length > RECOMMENDATION_BYTES / 2;
  return {
    ...recommendation,
    sentence: clipText(recommendation.sentence, LONGEST.sentence),
    ...(isLong && { arguments: null, href: null }),
  };
};
