/** Whether a new version serves better or worse than the one before, from the service's traffic series. Pure. */

export interface TrafficPoint {
  t: string;
  requestsPerSecond: number | null;
  errorPercent: number | null;
  p95Ms: number | null;
}

export interface Side {
  /** the base of the percentage; an estimate from rates */
  requests: number;
  errorPercent: number | null;
  /** the median of the buckets' 95th percentiles */
  p95Ms: number | null;
}

export interface Comparison {
  before: Side;
  after: Side;
  verdict: "worse" | "better" | "same" | "unknown";
  /** what changed, in words; empty when nothing did */
  reasons: string[];
}

export interface Windows {
  /** ms since the epoch: from here back to `fromMs` is before, from here to `toMs` is after */
  changedMs: number;
  fromMs: number;
  toMs: number;
}

/** Fewer requests than this on a side and nothing is claimed. */
const MIN_REQUESTS = 50;
/** Errors differ when they differ by this many percentage points and by half of the smaller share. */
const ERROR_POINTS = 0.5;
/** Latency differs when it differs by a quarter and by 10 ms. */
const LATENCY_RATIO = 1.25;
const LATENCY_MS = 10;

export const COMPARISON_RULE = `Errors differ from ${ERROR_POINTS} percentage points on, when that is also half as much again; p95 differs from 25 % and ${LATENCY_MS} ms on. With fewer than ${MIN_REQUESTS} requests on a side nothing is claimed.`;

const RANGES = [
  ["15m", 900],
  ["1h", 3_600],
  ["6h", 21_600],
  ["24h", 86_400],
] as const;

/** At most this long on each side: what is compared should be near in time. */
const SIDE_MS = 15 * 60_000;

/**
 * What to compare for a deployment, and the series range that covers it; null when it is too long ago. A version that
 * stayed is judged until a quarter of an hour after the end, one that was taken back only while it was being put out.
 */
export function windowsFor(startedAt: string, finishedAt: string | null, stayed: boolean, nowMs: number) {
  const changedMs = Date.parse(startedAt);
  const endMs = finishedAt ? Math.min(nowMs, Date.parse(finishedAt) + (stayed ? SIDE_MS : 0)) : nowMs;
  const fromMs = changedMs - SIDE_MS;
  const range = RANGES.find(([, seconds]) => nowMs - fromMs <= seconds * 1000)?.[0];
  return range ? { range, windows: { changedMs, fromMs, toMs: endMs } satisfies Windows } : null;
}

const median = (values: number[]): number | null => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
};

function sideOf(points: readonly TrafficPoint[], stepSeconds: number): Side {
  let requests = 0;
  let errors = 0;
  for (const point of points) {
    const count = (point.requestsPerSecond ?? 0) * stepSeconds;
    requests += count;
    errors += (count * (point.errorPercent ?? 0)) / 100;
  }
  const latencies = points.flatMap((point) => (point.p95Ms === null ? [] : [point.p95Ms]));
  return {
    requests: Math.round(requests),
    errorPercent: requests > 0 ? (errors / requests) * 100 : null,
    p95Ms: median(latencies),
  };
}

/** 1 worse, -1 better, 0 alike. */
function differs(before: number | null, after: number | null, least: number, ratio: number): -1 | 0 | 1 {
  if (before === null || after === null) return 0;
  const [small, large] = before < after ? [before, after] : [after, before];
  if (large - small < least || large < small * ratio) return 0;
  return after > before ? 1 : -1;
}

/** A bucket belongs to the side in which it lies entirely; the one that holds the change belongs to neither. */
export function compareTraffic(
  series: readonly TrafficPoint[],
  stepSeconds: number,
  { changedMs, fromMs, toMs }: Windows,
): Comparison {
  const starts = series.map((point) => ({ point, at: Date.parse(point.t) }));
  const within = (from: number, to: number) =>
    starts.filter(({ at }) => at >= from && at + stepSeconds * 1000 <= to).map(({ point }) => point);
  const before = sideOf(within(fromMs, changedMs), stepSeconds);
  const after = sideOf(within(changedMs, toMs), stepSeconds);
  if (before.requests < MIN_REQUESTS || after.requests < MIN_REQUESTS)
    return { before, after, verdict: "unknown", reasons: [] };
  const errors = differs(before.errorPercent, after.errorPercent, ERROR_POINTS, 1.5);
  const latency = differs(before.p95Ms, after.p95Ms, LATENCY_MS, LATENCY_RATIO);
  const reasons = [
    ...(errors ? [errors > 0 ? "more errors" : "fewer errors"] : []),
    ...(latency ? [latency > 0 ? "slower" : "faster"] : []),
  ];
  const verdict = errors > 0 || latency > 0 ? "worse" : errors < 0 || latency < 0 ? "better" : "same";
  return { before, after, verdict, reasons };
}
