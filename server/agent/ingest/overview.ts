import type { AgentContext } from "../kernel/context.ts";
import { authorize } from "../kernel/permissions.ts";
import type { Arrived, ScrapeNote } from "../ports/ingest-store.ts";
import type { ScrapeTarget } from "../telemetry/config.ts";
import { higherRate, type MeasuredRate, rateOver } from "../telemetry/measured-rate.ts";
import { lastArrival } from "./observed-services.ts";
import type { IngestOverviewInput, IngestOverviewOutput, ScrapeTargetView, SenderView } from "./schema.ts";
import { SIGNALS } from "./words.ts";

/** length and step in seconds; a step is a whole number of the minutes in which arrivals are counted */
const RANGES = {
  "15m": { seconds: 900, stepSeconds: 60 },
  "1h": { seconds: 3_600, stepSeconds: 60 },
  "6h": { seconds: 21_600, stepSeconds: 300 },
  "24h": { seconds: 86_400, stepSeconds: 900 },
} as const;
const MOST_REFUSALS = 200;
const MOST_SERVICES = 10;
/** a target is unknown once it has missed so many turns */
const MISSED_TURNS = 3;
/** below the console's own address */
const ADDRESSES = { otlp: "/api/ingest", loki: "/loki/api/v1/push", remoteWrite: "/api/v1/write" };

/** What arrives, from whom, how much, what was refused and why, and what is kept. @throws FORBIDDEN */
export async function ingestOverview(ctx: AgentContext, input: IngestOverviewInput): Promise<IngestOverviewOutput> {
  authorize(ctx, "telemetry.read");
  const { seconds, stepSeconds } = RANGES[input.range];
  const now = ctx.now();
  // the step in progress belongs to it
  const to = new Date((Math.floor(now.getTime() / 1_000 / stepSeconds) + 1) * stepSeconds * 1_000);
  const from = new Date(to.getTime() - seconds * 1_000);
  const { ingest, own } = ctx.telemetry;
  const [arrived, refusals, notes, used, stored, space, running] = await Promise.all([
    ingest.arrived(from, to, stepSeconds),
    ingest.refusals(from, MOST_REFUSALS),
    ingest.scrapes(),
    ingest.used(),
    ingest.stored(),
    ingest.space(),
    ingest.collecting(),
  ]);
  const { retention, limits, scrape } = ctx.config.monitoringConfig;
  const window = { fromMs: from.getTime(), toMs: now.getTime(), steps: seconds / stepSeconds, stepSeconds };
  const kept = { logs: retention.logsDays, metrics: retention.samplesDays, traces: retention.spansDays };
  const keptDays = { ...kept, rollups: Math.max(retention.rollupsDays, ...Object.values(kept)) };
  const limit = (name: "series" | "patterns", key: "maxSeries" | "maxPatterns") => ({
    ...{ name, used: used[name], max: limits[key], key: `monitoringConfig.limits.${key}` },
  });
  return {
    ...{ range: input.range, stepSeconds, from: from.toISOString(), to: to.toISOString() },
    collector: collectorState(running, ingest.refusal()),
    signals: SIGNALS.map((signal) => ({
      signal,
      ...figuresOf(
        arrived.filter((row) => row.signal === signal),
        window,
      ),
    })),
    senders: sendersOf(arrived, window, now),
    refusals: refusals.map(({ firstAt, lastAt, ...row }) => ({
      ...row,
      ...{ firstAt: firstAt.toISOString(), lastAt: lastAt.toISOString() },
    })),
    targets: targetsOf(own ? [...scrape, own] : scrape, notes, now),
    limits: [limit("series", "maxSeries"), limit("patterns", "maxPatterns")],
    storage: ([...SIGNALS, "rollups"] as const).map((signal) => {
      const { bytes = 0, oldestDay = null } = stored.find(({ kind }) => kind === signal) ?? {};
      const maxBytes = signal === "rollups" ? null : space.maxBytes[signal];
      return { signal, keptDays: keptDays[signal], bytes, maxBytes, oldestDay };
    }),
    space: { ...space, maxBytes: space.maxBytes.all },
    addresses: ADDRESSES,
  };
}

function collectorState(running: boolean, refusal: string | null): IngestOverviewOutput["collector"] {
  if (!running)
    return { running: false, message: "The collector does not answer: senders keep what they have and try again." };
  return refusal === null ? { running, message: "takes telemetry" } : { running: false, message: refusal };
}

interface Steps {
  fromMs: number;
  steps: number;
  stepSeconds: number;
  /** now: the last step is in progress */
  toMs: number;
}

/** arrivals come in turns: as long as this, the first one may be later than the range begins */
const TURN_MS = 60_000;

/**
 * Of the range, or since the first arrival in it: a young sender is not slow. What came at once then was gathered
 * before, for up to a turn.
 */
function rateOf(rows: readonly Arrived[], accepted: number, { fromMs, toMs }: Steps): MeasuredRate {
  const firstMs = Math.min(...rows.map((row) => row.firstMs));
  if (rows.length === 0 || firstMs < fromMs + TURN_MS) return rateOver(accepted, { fromMs, toMs, sinceMs: null });
  const first = rows.filter((row) => row.firstMs === firstMs).reduce((sum, row) => sum + row.firstAccepted, 0);
  const whole = rateOver(accepted, { fromMs, toMs, sinceMs: firstMs - TURN_MS });
  return higherRate(whole, rateOver(accepted - first, { fromMs, toMs, sinceMs: firstMs }));
}

function figuresOf(rows: readonly Arrived[], window: Steps) {
  const { fromMs, steps, stepSeconds } = window;
  const sums = { accepted: 0, rejected: 0, bytes: 0 };
  const buckets = new Array<number>(steps).fill(0);
  for (const row of rows) {
    sums.accepted += row.accepted;
    sums.rejected += row.rejected;
    sums.bytes += row.bytes;
    const step = Math.round((row.stepMs - fromMs) / 1_000 / stepSeconds);
    buckets[step] = (buckets[step] ?? 0) + row.accepted;
  }
  const { perSecond, overSeconds } = rateOf(rows, sums.accepted, window);
  return { ...sums, perSecond: perSecond ?? 0, overSeconds, buckets };
}

function sendersOf(arrived: readonly Arrived[], steps: Steps, now: Date): SenderView[] {
  const bySender = Map.groupBy(arrived, ({ signal, protocol, sender }) => JSON.stringify([signal, protocol, sender]));
  const senders = [...bySender.values()].flatMap((rows): SenderView[] => {
    const [first] = rows;
    if (!first) return [];
    return [
      {
        ...{ signal: first.signal, protocol: first.protocol, name: first.sender },
        ...figuresOf(rows, steps),
        services: servicesOf(rows),
        lastAt: lastArrival(rows, now).toISOString(),
      },
    ];
  });
  return senders.sort((a, b) => b.accepted - a.accepted || a.name.localeCompare(b.name));
}

function servicesOf(rows: readonly Arrived[]): string[] {
  const sums = new Map<string, number>();
  for (const { service, accepted } of rows) if (service) sums.set(service, (sums.get(service) ?? 0) + accepted);
  return [...sums]
    .sort(([, a], [, b]) => b - a)
    .slice(0, MOST_SERVICES)
    .map(([service]) => service);
}

const BADNESS = { down: 0, unknown: 1, up: 2 };

function targetsOf(targets: readonly ScrapeTarget[], notes: readonly ScrapeNote[], now: Date): ScrapeTargetView[] {
  const views = targets.map((target): ScrapeTargetView => {
    const note = notes.find((one) => one.target === target.name);
    const fresh = note && now.getTime() - note.at.getTime() < MISSED_TURNS * target.intervalMs + target.timeoutMs;
    const url = new URL(target.url);
    url.username = "";
    url.password = "";
    return {
      ...{ name: target.name, url: url.href, service: target.service ?? target.name },
      ...{ environment: target.environment ?? null, intervalMs: target.intervalMs },
      state: fresh ? (note.ok ? "up" : "down") : "unknown",
      lastAt: note?.at.toISOString() ?? null,
      ...{ durationMs: note?.durationMs ?? null, samples: note?.samples ?? null, error: note?.error ?? null },
    };
  });
  return views.sort((a, b) => BADNESS[a.state] - BADNESS[b.state] || a.name.localeCompare(b.name));
}
