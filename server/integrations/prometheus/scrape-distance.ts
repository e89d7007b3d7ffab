import type { MetricQuery, MetricsSource } from "../../agent/ports/metrics-source.ts";
import { selector } from "../../agent/telemetry/promql.ts";
import type { Matrix } from "./client.ts";

const WITHIN_SECONDS = 1_200;
/** intervals that people set; what is counted is one sample more or less than these would give */
const USUAL_SECONDS = [1, 2, 5, 10, 15, 20, 30, 60, 90, 120, 300];
const KEPT_MS = 5 * 60_000;
/** series that are new may be old enough soon */
const NULL_KEPT_MS = 60_000;
const MOST_KEPT = 2_000;
/** of one metric, with which its series are scraped together */
const PARTS = ["count", "total", "bucket", "sum"];
/** every histogram has it, and one bucket tells of all */
const WHOLE = [{ label: "le", op: "=" as const, value: "+Inf" }];
const PART = new RegExp(`_(?:${PARTS.join("|")})$`);

type Asked = Parameters<MetricsSource["sampleSeconds"]>[0];
type Range = (query: { expression: string; startMs: number; endMs: number; stepSeconds: number }) => Promise<Matrix>;

const familyOf = (metric: string): string => metric.replace(PART, "");

/** Two services may have the same metrics and be scraped at different intervals. */
const keyOf = ({ metric, filters }: Pick<MetricQuery, "metric" | "filters">): string =>
  JSON.stringify([familyOf(metric), filters.map(({ label, op, value }) => `${label}${op}${value}`).sort()]);

/** How often the samples of metrics are taken, from how many there are of series that have been there all the time. */
export function createScrapeDistances(range: Range, now: () => Date) {
  const kept = new Map<string, { seconds: Promise<number | null>; atMs: number }>();
  const counted = new Map<string, number | null>();

  const count = async ({ metric, filters, window }: Asked): Promise<number | null> => {
    const [base, offset] = [familyOf(metric), ` offset ${WITHIN_SECONDS}s`];
    // each part by itself: count_over_time drops the name, and two of one labelset would be an error
    const counts = ["", ...PARTS.map((part) => `_${part}`)].map((part) => {
      const series = selector(`${base}${part}`, [...filters, ...(part === "_bucket" ? WHOLE : [])]);
      return `min(count_over_time(${series}[${WITHIN_SECONDS}s]) and (${series}${offset}))`;
    });
    const expression = `${WITHIN_SECONDS} / (${counts.join(" or ")})`;
    const atMs = Math.min(window.to.getTime(), now().getTime());
    const { result } = await range({ expression, startMs: atMs, endMs: atMs, stepSeconds: 1 });
    const seconds = Number(result[0]?.values[0]?.[1] ?? Number.NaN);
    if (!Number.isFinite(seconds)) return null;
    return USUAL_SECONDS.reduce((best, one) => (Math.abs(one - seconds) < Math.abs(best - seconds) ? one : best));
  };
  return {
    /** as counted before; null where it was not */
    known: (query: Pick<MetricQuery, "metric" | "filters">): number | null => counted.get(keyOf(query)) ?? null,
    /** Counts once for whoever asks at the same time. @throws as the source does */
    async find(asked: Asked): Promise<number | null> {
      const [key, nowMs] = [keyOf(asked), now().getTime()];
      const found = kept.get(key);
      const keptMs = counted.get(key) === null ? NULL_KEPT_MS : KEPT_MS;
      if (found && nowMs - found.atMs < keptMs) return found.seconds;
      if (kept.size >= MOST_KEPT) for (const one of [kept, counted]) one.clear();
      const one = { seconds: count(asked), atMs: nowMs };
      kept.set(key, one);
      try {
        const seconds = await one.seconds;
        counted.set(key, seconds);
        return seconds;
      } catch (error) {
        if (kept.get(key) === one) kept.delete(key);
        throw error;
      }
    },
  };
}
