import type { IngestOverviewOutput, SignalName } from "#server/agent/ingest/schema.ts";
import { formatCount, formatOver, formatRate, plural } from "../lib/format.ts";

const RECORD: Record<SignalName, string> = { logs: "line", metrics: "sample", traces: "span" };

/** `1 span`, `12 lines`: what each signal counts. */
export const recordCount = (count: number, signal: SignalName): string => plural(count, RECORD[signal]);

/** The same in a rate. */
export const RECORDS: Record<SignalName, string> = { logs: "lines", metrics: "samples", traces: "spans" };

const PROTOCOLS: Record<string, string> = {
  otlp: "OTLP",
  loki: "Loki push",
  "remote-write": "remote write",
  scrape: "scraped",
  instance: "output of instances",
};
export const protocolWords = (protocol: string): string => PROTOCOLS[protocol] ?? protocol;

export const RANGE_WORDS: Record<IngestOverviewOutput["range"], string> = {
  "15m": "last 15 min",
  "1h": "last hour",
  "6h": "last 6 h",
  "24h": "last 24 h",
};

type Overview = Pick<IngestOverviewOutput, "signals" | "senders" | "range">;

/** "5 senders: 90 lines/s, 350 samples/s; 424 records were refused in the last hour." */
export function ingestSentence({ signals, senders, range }: Overview): string {
  const arriving = signals.filter(({ accepted }) => accepted > 0);
  const refused = signals.reduce((sum, { rejected }) => sum + rejected, 0);
  const words = RANGE_WORDS[range];
  const refusals =
    refused > 0 ? `${plural(refused, "record")} ${refused === 1 ? "was" : "were"} refused` : "nothing was refused";
  if (arriving.length === 0) return `Nothing was stored in the ${words}; ${refusals}.`;
  const names = new Set(senders.map(({ protocol, name }) => `${protocol} ${name}`)).size;
  const rates = arriving.map(
    ({ signal, perSecond, overSeconds }) =>
      `${formatRate(perSecond).replace("/s", "")} ${RECORDS[signal]}/s${overSeconds === null ? "" : ` ${formatOver(overSeconds)}`}`,
  );
  return `${plural(names, "sender")} in the ${words}: ${rates.join(", ")}; ${refusals}.`;
}

/** A trend without the step in progress: what it has so far would look like a fall. */
export const finishedSteps = (buckets: readonly number[]): readonly number[] => buckets.slice(0, -1);

/** How full a limit is: from four fifths on it is worth a warning, at the limit new ones are refused. */
export function fillOf(limit: { used: number; max: number }): {
  share: number;
  tone: "ok" | "warning" | "critical";
  words: string;
} {
  const share = limit.max > 0 ? Math.min(1, limit.used / limit.max) : 1;
  const tone = share >= 1 ? "critical" : share >= 0.8 ? "warning" : "ok";
  return { share, tone, words: `${formatCount(limit.used)} of ${formatCount(limit.max)}` };
}
