import { selector } from "../../agent/kernel/promql.ts";
import { literally } from "../../agent/kernel/query-text.ts";
import type { MetricQuery, MetricsSource } from "../../agent/ports/metrics-source.ts";
import type { Matrix } from "./client.ts";

const WITHIN_SECONDS = 1_200;
/** intervals that people set; what is counted is one sample more or less than these would give */
const USUAL_SECONDS = [1, 2, 5, 10, 15, 20, 30, 60, 90, 120, 300];
const KEPT_MS = 5 * 60_000;
const MOST_KEPT = 2_000;

type Asked = Parameters<MetricsSource["sampleSeconds"]>[0];
type Range = (query: { expression: string; startMs: number; endMs: number; stepSeconds: number }) => Promise<Matrix>;

/** How often the samples of metrics are taken, from how many there are of series that have been there all the time. */
export function createScrapeDistances(range: Range, now: () => Date) {
  const kept = new Map<string, { seconds: number | null; atMs: number }>();

  const count = async ({ metric, filters, window }: Asked): Promise<number | null> => {
    const name = { label: "__name__", op: "=~" as const, value: `${literally(metric)}(_count|_bucket)?` };
    const series = selector("", [name, ...filters]);
    const whole = `(${series} offset ${WITHIN_SECONDS}s)`;
    const expression = `${WITHIN_SECONDS} / min(count_over_time(${series}[${WITHIN_SECONDS}s]) and ${whole})`;
    const atMs = Math.min(window.to.getTime(), now().getTime());
    const { result } = await range({ expression, startMs: atMs, endMs: atMs, stepSeconds: 1 });
    const seconds = Number(result[0]?.values[0]?.[1] ?? Number.NaN);
    if (!Number.isFinite(seconds)) return null;
    return USUAL_SECONDS.reduce((best, one) => (Math.abs(one - seconds) < Math.abs(best - seconds) ? one : best));
  };
  return {
    /** as counted before; null where it was not */
    known: ({ metric }: Pick<MetricQuery, "metric">): number | null => kept.get(metric)?.seconds ?? null,
    async find(asked: Asked): Promise<number | null> {
      const nowMs = now().getTime();
      const found = kept.get(asked.metric);
      if (found && nowMs - found.atMs < KEPT_MS) return found.seconds;
      const seconds = await count(asked);
      if (kept.size >= MOST_KEPT) kept.clear();
      kept.set(asked.metric, { seconds, atMs: nowMs });
      return seconds;
    },
  };
}
