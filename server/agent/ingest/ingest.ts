import { dataWithoutConfidential, withoutConfidential } from "../kernel/confidential/confidential.ts";
import { AppError } from "../kernel/errors.ts";
import type { Miner } from "../mining/index.ts";
import type { IngestStore, Signal, StreamPosition } from "../ports/ingest-store.ts";
import type { Decoded, LogRecord, MetricMeaning, Rejection, SeriesSamples, SpanRecord } from "../ports/telemetry.ts";
import type { Sender, Written } from "../ports/telemetry-store.ts";
import { dataWithoutTokens, withoutTokens } from "../text/token-texts.ts";
import { keepRecordClaims, keepSeriesClaims } from "./claims.ts";
import { createPatternRegistry } from "./pattern-registry.ts";
import { createRejectionCounter } from "./rejection-counter.ts";
import { createWriteGate } from "./write-gate.ts";

/** One request, not decoded yet. */
export interface Arrival<T> {
  sender: Sender;
  /** bytes after decompression, as far as can be told; more are tried with `mostBytes`, alone if need be */
  likelyBytes: number;
  /** after decompression, at most */
  mostBytes: number;
  /**
   * Decompresses and decodes it. @throws INVALID when the body as a whole cannot be read, with `details.maxBytes` when
   * it comes to more than `maxBytes`
   */
  read: (maxBytes: number) => Promise<Decoded<T>>;
  /** aborted when nobody waits for the answer any more */
  gone?: AbortSignal | undefined;
}

export interface IngestOptions {
  store: IngestStore;
  miner: Miner;
  /** told what goes wrong unasked */
  report: (message: string, error: unknown) => void;
}

/** The way from what arrived to the store. Answers come after the commit; errors are those of `read` and the store. */
export interface Ingest {
  logs(arrival: Arrival<LogRecord>): Promise<Written>;
  metrics(arrival: Arrival<SeriesSamples>): Promise<Written>;
  traces(arrival: Arrival<SpanRecord>): Promise<Written>;
  /** Lines read from streams, with how far each was read. @throws CONFLICT as IngestStore.writeReadLogs */
  readLogs(records: readonly LogRecord[], sender: Sender, positions: readonly StreamPosition[]): Promise<Written>;
  /** Counts what was refused before it came to the pipeline. */
  refused(signal: Signal, sender: Sender, rejected: readonly Rejection[]): void;
  stop(): Promise<void>;
}

/** bytes that are decoded and not yet written, at most; about ten times as much in memory */
const MOST_IN_WRITE = 24 * 2 ** 20;
/** however small, a request takes its place: this many are decoded and written together at most */
const LEAST_SHARE = 16 * 1024;

const isLarger = (error: unknown): boolean => error instanceof AppError && error.details?.maxBytes !== undefined;

/**
 * What is confidential is taken out before anything is stored, mined or refused: what is stored can be searched, and a
 * search tells what it searches in, however its results are shown. So are tokens: a service may print its environment.
 */
const cleanRecord = <T extends LogRecord | SpanRecord>(record: T): T =>
  dataWithoutTokens(dataWithoutConfidential(record));

const cleanName = (text: string): string => withoutTokens(withoutConfidential(text, "data"));

const cleanMeaning = <T extends { name: string; help?: string }>(told: T): T => {
  const name = cleanName(told.name);
  const help = told.help && cleanName(told.help);
  return name === told.name && help === told.help ? told : { ...told, name, ...(help !== undefined && { help }) };
};

/** Of a series all but its samples, which are numbers. */
function cleanSeries(series: SeriesSamples): SeriesSamples {
  const told = cleanMeaning(series);
  const labels = dataWithoutTokens(dataWithoutConfidential(series.labels));
  const unit = cleanName(series.unit);
  return told === series && labels === series.labels && unit === series.unit ? series : { ...told, labels, unit };
}

/**
 * Decodes, mines and writes what arrives, in the order of its arrival and never more at once than memory has room for;
 * the store writes together what comes together.
 */
export function createIngest({ store, miner, report }: IngestOptions): Ingest {
  const gate = createWriteGate(MOST_IN_WRITE);
  const book = createPatternRegistry(store, miner);
  const refusals = createRejectionCounter(store, report);

  /** Memory holds no more than the gate let in: a body that turns out larger leaves, and comes in again as large. */
  async function pass<T>(
    signal: Signal,
    arrival: Arrival<T>,
    clean: (record: T) => T,
    keepClaims: (records: T[], sender: Sender) => { records: T[]; claims: Rejection[] },
    write: (records: T[], meanings: readonly MetricMeaning[]) => Promise<Written>,
    allowed = Math.min(arrival.mostBytes, arrival.likelyBytes),
  ): Promise<Written> {
    const share = Math.max(LEAST_SHARE, allowed);
    await gate.enter(share);
    try {
      if (arrival.gone?.aborted) throw new AppError("TIMEOUT", "The sender went away.");
      const { records: said, rejected, meanings = [] } = await arrival.read(allowed);
      const { records, claims } = keepClaims(said.map(clean), arrival.sender);
      refusals.note(signal, arrival.sender, [...rejected, ...claims]);
      const written = await write(records, meanings);
      return { accepted: written.accepted, rejected: [...rejected, ...written.rejected] };
    } catch (error) {
      if (!isLarger(error) || allowed >= arrival.mostBytes) throw error;
    } finally {
      gate.leave(share);
    }
    return pass(signal, arrival, clean, keepClaims, write, arrival.mostBytes);
  }

  return {
    logs: (arrival) =>
      pass("logs", arrival, cleanRecord, keepRecordClaims, async (records) =>
        store.writeLogs(await book.mine(records), arrival.sender),
      ),
    metrics: (arrival) =>
      pass("metrics", arrival, cleanSeries, keepSeriesClaims, async (series, meanings) => {
        if (meanings.length > 0) await store.noteMeanings(meanings.map(cleanMeaning), arrival.sender);
        return store.writeSamples(series, arrival.sender);
      }),
    traces: (arrival) =>
      pass("traces", arrival, cleanRecord, keepRecordClaims, (spans) => store.writeSpans(spans, arrival.sender)),
    async readLogs(records, sender, positions) {
      return store.writeReadLogs(await book.mine(records.map(cleanRecord)), sender, positions);
    },
    refused: (signal, sender, rejected) => refusals.note(signal, sender, rejected),
    stop: () => refusals.stop(),
  };
}
