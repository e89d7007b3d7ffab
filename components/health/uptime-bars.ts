/** What a strip of uptime bars shows, decided apart from its drawing. Pure. */

export interface Bucket {
  t: string;
  up: number;
  degraded: number;
  down: number;
}

export interface Bar {
  /** ms since the epoch */
  fromMs: number;
  toMs: number;
  up: number;
  degraded: number;
  down: number;
  /** the worst that was found; none: nothing was checked */
  level: "none" | "up" | "degraded" | "down";
}

const levelOf = ({ up, degraded, down }: Omit<Bucket, "t">): Bar["level"] =>
  down > 0 ? "down" : degraded > 0 ? "degraded" : up > 0 ? "up" : "none";

/** At most `count` bars of equal length; neighbours are added up. The worst of a bar is never averaged away. */
export function uptimeBars(buckets: readonly Bucket[], stepSeconds: number, count: number): Bar[] {
  const each = Math.max(1, Math.ceil(buckets.length / count));
  const bars: Bar[] = [];
  for (let start = 0; start < buckets.length; start += each) {
    const group = buckets.slice(start, start + each);
    const sum = { up: 0, degraded: 0, down: 0 };
    for (const bucket of group) {
      sum.up += bucket.up;
      sum.degraded += bucket.degraded;
      sum.down += bucket.down;
    }
    const fromMs = Date.parse(group[0]?.t ?? "");
    bars.push({ fromMs, toMs: fromMs + group.length * stepSeconds * 1000, ...sum, level: levelOf(sum) });
  }
  return bars;
}

/** When a strip begins and ends. A bar that has begun reaches into the future: what it shows ends now. */
export function endsOf(bars: readonly Bar[], nowMs: number): [Date, Date] | null {
  const [first, last] = [bars[0], bars.at(-1)];
  return first && last ? [new Date(first.fromMs), new Date(Math.max(last.fromMs, Math.min(last.toMs, nowMs)))] : null;
}

/** Worse is taller, so that a state can be told without colours; a gap is a dot on the floor. Of a height of 1. */
export const BAR_HEIGHT: Record<Bar["level"], number> = { none: 0, up: 0.6, degraded: 0.8, down: 1 };

/** "3 down, 1 degraded, 116 up", without what did not occur. */
export function describeBar(bar: Omit<Bar, "fromMs" | "toMs" | "level">): string {
  const parts = (["down", "degraded", "up"] as const)
    .filter((state) => bar[state] > 0)
    .map((state) => `${bar[state]} ${state}`);
  return parts.join(", ") || "no check";
}
