import type { Span } from "@opentelemetry/api";
import { monotonicMs } from "../kernel/clock.ts";
import { AppError, toAppError } from "../kernel/errors.ts";
import { hostPort } from "../kernel/hosts.ts";
import { OWN_SERVICE } from "../kernel/own-service.ts";
import type { IngestStore } from "../ports/ingest-store.ts";
import type { OutboundHttp, OutboundResponse } from "../ports/outbound-http.ts";
import type { Decoded, SeriesSamples } from "../ports/telemetry.ts";
import type { ScrapeTarget } from "../telemetry/config.ts";
import { failSpan, inSpan } from "../telemetry/span.ts";
import type { Ingest } from "./ingest.ts";

/** Reads what a target shows; see integrations/prometheus/exposition.ts. @throws INVALID */
export type ParseExposition = (
  body: Uint8Array,
  options: {
    contentType: string | undefined;
    targetLabels: Readonly<Record<string, string>>;
    scrapedAtMs: number;
    maxRecords?: number;
  },
) => Decoded<SeriesSamples>;

export interface ScrapeParts {
  http: OutboundHttp;
  parse: ParseExposition;
  ingest: Pick<Ingest, "metrics">;
  store: Pick<IngestStore, "noteScrape">;
  /** ms since 1970 */
  now: () => number;
}

/** as Prometheus asks, the richer format first */
const ACCEPT = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
const MOST_BYTES = 64 * 2 ** 20;

/**
 * Asks a target once and stores its samples with `up`, `scrape_duration_seconds` and `scrape_samples_scraped`, as
 * Prometheus makes them. A target that does not answer is `up` 0, with the reason on the ingest page.
 * @throws UPSTREAM_UNAVAILABLE when the store cannot take it
 */
export const scrapeTarget = (parts: ScrapeParts, target: ScrapeTarget, signal?: AbortSignal): Promise<void> =>
  inSpan("scrape", { attributes: { "operate.target": target.name } }, (span) => scrape(parts, target, span, signal));

async function scrape(
  parts: ScrapeParts,
  target: ScrapeTarget,
  span: Span,
  signal: AbortSignal | undefined,
): Promise<void> {
  const atMs = parts.now();
  const startedMs = monotonicMs();
  const scraped = await tryScrape(parts, target, atMs, signal);
  if (signal?.aborted) return; // given up by us, which says nothing of the target
  const durationMs = monotonicMs() - startedMs;
  const samples = scraped.decoded.records.reduce((sum, series) => sum + series.values.length, 0);
  span.setAttribute("operate.samples", samples);
  if (scraped.error) failSpan(span, new AppError("UPSTREAM_UNAVAILABLE", scraped.error));
  const own = ownSeries(target, atMs, { up: scraped.error ? 0 : 1, seconds: durationMs / 1_000, samples });
  await parts.ingest.metrics({
    // a page may say whose its samples are, but only the configuration can say that they are Operate's own
    sender: { protocol: "scrape", name: target.name, own: (target.service ?? target.name) === OWN_SERVICE },
    likelyBytes: scraped.bytes,
    mostBytes: MOST_BYTES,
    read: async () => ({ records: [...scraped.decoded.records, ...own], rejected: scraped.decoded.rejected }),
  });
  await parts.store.noteScrape({
    ...{ target: target.name, at: new Date(atMs), ok: scraped.error === null, durationMs, samples },
    error: scraped.error,
  });
}

interface Scraped {
  decoded: Decoded<SeriesSamples>;
  bytes: number;
  error: string | null;
}

async function tryScrape(
  parts: ScrapeParts,
  target: ScrapeTarget,
  atMs: number,
  signal: AbortSignal | undefined,
): Promise<Scraped> {
  try {
    const response = await parts.http.request({
      // whoever wrote the configuration named this host, so it may be a private one
      trusted: [hostPort(new URL(target.url))],
      url: target.url,
      headers: { accept: ACCEPT, ...target.headers },
      timeoutMs: target.timeoutMs,
      maxBytes: MOST_BYTES,
      retries: 0,
      check: true,
      breaker: false, // it is asked at its own pace, and must show as down each time
      ...(signal && { signal }),
    });
    return { decoded: read(parts, target, response, atMs), bytes: response.body.length, error: null };
  } catch (error) {
    return { decoded: { records: [], rejected: [] }, bytes: 0, error: toAppError(error).message };
  }
}

function read(
  { parse }: ScrapeParts,
  target: ScrapeTarget,
  { status, headers, body }: OutboundResponse,
  scrapedAtMs: number,
): Decoded<SeriesSamples> {
  if (status !== 200) throw new AppError("UPSTREAM_REJECTED", `It answers ${status} instead of 200.`);
  const type = headers["content-type"];
  const contentType = Array.isArray(type) ? type[0] : type;
  const maxRecords = target.maxSamples + 1; // one more shows that there are too many
  const decoded = parse(body, { contentType, targetLabels: labelsOf(target), scrapedAtMs, maxRecords });
  const samples = decoded.records.reduce((sum, series) => sum + series.values.length, 0);
  if (samples > target.maxSamples)
    throw new AppError(
      "INVALID",
      `It shows more than ${target.maxSamples} samples. Raise maxSamples of this target, or let it show fewer.`,
    );
  if (target.service === undefined) for (const { labels } of decoded.records) labels.service ??= target.name;
  return decoded;
}

/** Those of the target's own that the page may not change. */
function labelsOf({ name, url, service, environment, labels }: ScrapeTarget): Record<string, string> {
  return {
    ...labels,
    job: name,
    instance: new URL(url).host,
    ...(service === undefined ? {} : { service }),
    ...(environment === undefined ? {} : { environment }),
  };
}

function ownSeries(
  target: ScrapeTarget,
  atMs: number,
  { up, seconds, samples }: { up: number; seconds: number; samples: number },
): SeriesSamples[] {
  const labels = { ...labelsOf(target), service: target.service ?? target.name };
  const gauge = (name: string, unit: string, value: number): SeriesSamples => ({
    ...{ name, labels, kind: "gauge", unit },
    ...{ timesMs: [atMs], values: [value] },
  });
  return [
    gauge("up", "", up),
    gauge("scrape_duration_seconds", "seconds", seconds),
    gauge("scrape_samples_scraped", "", samples),
  ];
}
