import { monotonicMs } from "../../agent/kernel/clock.ts";
import { SERIES_KINDS, type SeriesSamples } from "../../agent/ports/telemetry.ts";
import type { Sender, Written } from "../../agent/ports/telemetry-store.ts";
import type { Connection } from "../database.ts";
import { noteDistances } from "../read/usual-distance.ts";
import { closedUntil } from "../rollup/rollup-progress.ts";
import { noteHelp } from "../series/metric-help.ts";
import { correctKinds } from "../series/metric-kinds.ts";
import { type PlacedSeries, placeSeries } from "../series/place-series.ts";
import { createSeriesRegistry, type SeriesRegistry } from "../series/series-registry.ts";
import { SeriesTable } from "../series/series-table.ts";
import { createCreatedSeries, mayTellCreation } from "./created-series.ts";
import { createDeltaTimes, type DeltaTimes, pointOf, requestOf } from "./delta-times.ts";
import type { Fingerprint } from "./fingerprint.ts";
import { addDeltaStart, addStart, type MetricStart, moveStarts, noteStarts } from "./metric-starts.ts";
import { type KeptTime, keptTime } from "./record-checks.ts";
import { createRecordWriter, type Entry, type Prepared, type RecordTarget, type StoreParts } from "./record-writer.ts";
import { createRejections, type Rejections } from "./rejections.ts";
import { type ReportedKinds, senderKey } from "./reported-kinds.ts";
import { isOpening, moveOpenings } from "./unknown-starts.ts";

const MINUTE_MS = 60_000;
/** how far behind the newest sample of its series one may come */
const OUT_OF_ORDER_MS = 3_600_000;
/** how exact `last_seen_at` of a series is */
const SEEN_MS = 3_600_000;
/** sums of what is stored must not overflow in the database */
const MAX_VALUE = 1e290;

const NO_PLACE =
  "one of about a thousand requests with deltas of one series and instant: say which process each is of, in service.instance.id";

interface SamplesEntry extends Entry {
  fingerprint: Fingerprint;
  id: number;
  name: string;
  help: string;
  labels: Record<string, string>;
  timesMs: number[];
  values: number[];
  /** where its counter began, as far as that is news */
  starts: MetricStart[];
  /** of a counter that does not tell its start: samples that are not known to be its newest */
  earlier: { atMs: number; value: number }[];
  /** told with samples from before it, so that nothing is counted anew with it; 0 where there is none */
  bornMs: number;
  /** of its samples, those that may be the first of another series: see unknown-starts.ts */
  openings: number[];
  /** of its newest sample before; null where that is not remembered */
  lastMs: number | null;
  /** the registry has to be told that the series lives */
  unseen: boolean;
}

export interface SampleWriter {
  write(series: readonly SeriesSamples[], sender: Sender): Promise<Written>;
}

export function createSampleWriter(parts: StoreParts, told: ReportedKinds): SampleWriter {
  const table = new SeriesTable();
  const registry = createSeriesRegistry(parts, told);
  const known: Known = { table, registry, deltaTimes: createDeltaTimes(), corrections: new Map() };
  const created = createCreatedSeries(parts.database);
  const writer = createRecordWriter(parts, createSampleTarget(parts, table));
  const write = async (series: readonly SeriesSamples[], sender: Sender): Promise<Written> =>
    writer.write(await prepare(parts, known, series, sender), sender);
  return {
    write: async (series, sender) => {
      if (!series.some(mayTellCreation)) return write(series, sender);
      // their counters first, which may be new
      const counted = await write(
        series.filter((one) => !mayTellCreation(one)),
        sender,
      );
      const births = series.filter(mayTellCreation);
      const gauges = await created.note(births);
      const others = await write(gauges, sender);
      return {
        accepted: counted.accepted + samplesOf(births) - samplesOf(gauges) + others.accepted,
        rejected: [...counted.rejected, ...others.rejected],
      };
    },
  };
}

const samplesOf = (series: readonly SeriesSamples[]): number =>
  series.reduce((sum, { timesMs }) => sum + timesMs.length, 0);

interface Known {
  table: SeriesTable;
  registry: SeriesRegistry;
  deltaTimes: DeltaTimes;
  /** when the kind of a series was corrected last, and how often within an hour */
  corrections: Corrections;
}
type Corrections = Map<number, { sinceMs: number; count: number }>;
/** each has stored samples rolled up again: who keeps changing its mind is not followed further for an hour */
const MOST_CORRECTIONS = 2;
const MOST_CORRECTED = 50_000;

/** Corrects the kinds of series that now come with another one than they were stored with. */
async function correctTold(
  database: StoreParts["database"],
  table: SeriesTable,
  corrections: Corrections,
  placed: readonly PlacedSeries[],
  sender: string,
): Promise<void> {
  const kinds = new Map<number, number>();
  for (const { series, fingerprint, id, refusal } of placed) {
    if (series.kindGuessed || refusal !== null) continue;
    const [slot, kind] = [table.find(fingerprint), SERIES_KINDS.indexOf(series.kind)];
    if (slot < 0 || table.kind(slot) === kind) continue;
    table.noteKind(slot, kind);
    const last = corrections.get(id);
    const known = last && monotonicMs() - last.sinceMs < SEEN_MS ? last : { sinceMs: monotonicMs(), count: 0 };
    if (corrections.size > MOST_CORRECTED) corrections.clear();
    corrections.set(id, { ...known, count: known.count + 1 });
    if (known.count < MOST_CORRECTIONS) kinds.set(id, kind);
  }
  if (kinds.size > 0) await database.transact((tx) => correctKinds(tx, kinds, sender));
}

async function prepare(
  { now, retention, limits, database }: StoreParts,
  { table, registry, deltaTimes, corrections }: Known,
  series: readonly SeriesSamples[],
  sender: Sender,
): Promise<Prepared<SamplesEntry>> {
  const nowMs = now().getTime();
  const time = keptTime(now(), retention.samplesDays, "samples");
  const rejections = createRejections();
  const resolve = (missing: readonly PlacedSeries[]) =>
    resolveAll(table, registry, missing, senderKey(sender), nowMs, limits.maxSeries);
  const placed = await placeSeries({ table, registry, database, nowMs, resolve }, series);
  await correctTold(database, table, corrections, placed, senderKey(sender));
  const request = requestOf(placed);
  /** a batch may bring a series in several pieces */
  const entries = new Map<number, SamplesEntry>();
  for (const { series: one, fingerprint, id, refusal } of placed) {
    const service = one.labels.service?.slice(0, 200) ?? "";
    const example = () => `${one.name} ${JSON.stringify(one.labels)}`;
    if (refusal !== null) {
      rejections.add(refusal, example, service, one.timesMs.length);
      continue;
    }
    const slot = table.find(fingerprint);
    const known = entries.get(id);
    const { name, help = "" } = one;
    const entry = known ?? {
      ...{ service, example, records: 0, fingerprint, id, name, help, labels: one.labels },
      ...{
        timesMs: [],
        values: [],
        starts: [],
        earlier: [],
        openings: [],
        bornMs: 0,
        lastMs: slot < 0 ? null : finite(table.lastMs(slot)),
        unseen: false,
      },
    };
    const written =
      slot < 0
        ? {}
        : {
            lastMs: table.lastMs(slot),
            lastValue: table.lastValue(slot),
            startMs: table.startMs(slot),
          };
    const options: TakeOptions = { time, rejections, written };
    if (one.kind === "delta")
      takeDeltas(entry, one, options, (atMs, value) =>
        deltaTimes.timeOf(id, atMs, one.shared ? request : pointOf(one.startMs, value), one.shared),
      );
    else takeSamples(entry, one, options);
    entry.unseen = slot < 0 || nowMs - table.seenMs(slot) > SEEN_MS;
    if (!known) entries.set(id, entry);
  }
  return { entries: [...entries.values()].filter((entry) => entry.records > 0), rejections };
}

const finite = (ms: number): number | null => (Number.isFinite(ms) ? ms : null);

/** Asks the registry for the id of each, or why it has none, and remembers it. */
async function resolveAll(
  table: SeriesTable,
  registry: SeriesRegistry,
  missing: readonly PlacedSeries[],
  sender: string,
  nowMs: number,
  maxSeries: number,
): Promise<void> {
  if (table.size > 2 * maxSeries) table.clear();
  const resolved = await registry.resolve(missing, sender);
  for (const [i, one] of missing.entries()) {
    const found = resolved[i];
    if (found === undefined) continue;
    if (typeof found === "string") one.refusal = found;
    else {
      one.id = found.id;
      // seen: some time within the last hours; the next write notes it
      table.add(one.fingerprint, found, nowMs - 2 * SEEN_MS);
    }
  }
}

interface TakeOptions {
  time: KeptTime;
  rejections: Rejections;
  /** what is remembered of the series; nothing where it is new */
  written: Remembered;
}
interface Remembered {
  lastMs?: number;
  lastValue?: number;
  startMs?: number;
}

const startOf = ({ kind, startMs }: SeriesSamples): number | undefined =>
  kind === "counter" && startMs !== undefined ? Math.floor(startMs) : undefined;

/**
 * Whether what was counted since this start is still to be counted: also by a sample that comes late, as it may be the
 * first one. @param atMs of the first sample that comes with it
 */
function isNewStart(entry: SamplesEntry, startMs: number | undefined, atMs: number, written: Remembered) {
  const { startMs: known, lastMs = Number.NEGATIVE_INFINITY } = written;
  if (startMs === undefined || (startMs === known && atMs >= lastMs)) return false;
  // a clock that is ahead: what came before this start is stored, and was counted since it, too
  if (startMs > atMs) entry.bornMs = startMs;
  return startMs !== entry.bornMs;
}

/** Whether a sample of a counter that does not tell its start may be its first: its newest one is later or not known. */
const isMaybeFirst = ({ kind, startMs }: SeriesSamples, lastMs: number): ((atMs: number) => boolean) =>
  kind === "counter" && startMs === undefined
    ? (atMs) => atMs < lastMs || lastMs === Number.NEGATIVE_INFINITY
    : () => false;

/** By their times, as far as they are remembered. */
function valuesBefore(entry: SamplesEntry, { lastMs, lastValue = Number.NaN }: Remembered) {
  const before = new Map(entry.timesMs.map((atMs, i) => [atMs, entry.values[i]]));
  if (lastMs !== undefined && !Number.isNaN(lastValue)) before.set(lastMs, lastValue);
  return before;
}

/** Adds to an entry what of a series can be stored. */
function takeSamples(entry: SamplesEntry, series: SeriesSamples, { time, rejections, written }: TakeOptions): void {
  const { labels, timesMs, values } = series;
  const startMs = startOf(series);
  const isNews = isNewStart(entry, startMs, Math.floor(timesMs[0] ?? Number.NaN), written);
  const before = valuesBefore(entry, written);
  const { lastMs = Number.NEGATIVE_INFINITY } = written;
  const mayBeFirst = isMaybeFirst(series, lastMs);
  for (let i = 0; i < timesMs.length; i++) {
    const atMs = Math.floor(timesMs[i] ?? Number.NaN);
    const value = values[i] ?? Number.NaN;
    if (Number.isNaN(value)) continue; // Prometheus' mark that a series ended: nothing to keep, nothing to complain of
    const isSecond = before.has(atMs);
    if (isSecond && before.get(atMs) === value) continue; // sent again after an answer that was lost: it is there
    const reason = sampleRefusal(atMs, value, lastMs, time, isSecond);
    if (reason !== null) rejections.add(reason, entry.example, entry.service);
    else {
      entry.timesMs.push(atMs);
      entry.values.push(value);
      entry.records++;
      if (i + 1 < timesMs.length) before.set(atMs, value);
      if (isNews) addStart(entry.starts, startMs, atMs, value);
      if (mayBeFirst(atMs)) entry.earlier.push({ atMs, value });
      if (isOpening(labels, startMs, atMs)) entry.openings.push(atMs);
    }
  }
}

/**
 * The same of deltas, which add up. A process that is known sends an equal one of the same time again because its answer
 * was lost, whatever else is in the request. @param at when one is written that is of an instant: see delta-times.ts
 */
function takeDeltas(
  entry: SamplesEntry,
  { labels, timesMs, values, startMs, shared }: SeriesSamples,
  { time, rejections, written }: TakeOptions,
  at: (atMs: number, value: number) => number | null,
): void {
  const places = new Map(entry.timesMs.map((atMs, i) => [atMs, i]));
  for (const [i, instant] of timesMs.entries()) {
    const atMs = at(Math.floor(instant), values[i] ?? Number.NaN);
    if (atMs === null) {
      rejections.add(NO_PLACE, entry.example, entry.service);
      continue;
    }
    const place = places.get(atMs) ?? entry.timesMs.length;
    if (place < entry.timesMs.length && !shared) continue;
    const value = (entry.values[place] ?? 0) + (values[i] ?? Number.NaN);
    if (Number.isNaN(value)) continue;
    const reason = sampleRefusal(atMs, value, written.lastMs ?? Number.NEGATIVE_INFINITY, time, false);
    if (reason !== null) rejections.add(reason, entry.example, entry.service);
    else {
      entry.timesMs[place] = atMs;
      entry.values[place] = value;
      entry.records++;
      places.set(atMs, place);
      // a bucket counts since its histogram does
      if (labels.le === undefined || labels.le === "+Inf")
        addDeltaStart(entry.starts, startMs, atMs, value, written.lastMs);
    }
  }
}

function sampleRefusal(atMs: number, value: number, lastMs: number, time: KeptTime, isSecond: boolean): string | null {
  const reason = time.refusal(atMs);
  if (reason !== null) return reason;
  if (Math.abs(value) > MAX_VALUE) return `a value beyond ±${MAX_VALUE} or infinite`;
  if (isSecond) return "another value of the same series and instant";
  return atMs < lastMs - OUT_OF_ORDER_MS ? "more than an hour behind the newest sample of its series" : null;
}

function createSampleTarget({ now }: StoreParts, table: SeriesTable): RecordTarget<SamplesEntry> {
  return {
    signal: "metrics",
    into: "metric_sample (at, value, series_id)",
    tables: ["metric_sample", "metric_minute", "metric_hour"],
    maxRecords: 50_000,
    instantsMs: ({ timesMs }) => timesMs,
    open: async (tx) => {
      const closedMs = await closedUntil(tx, "metrics");
      return {
        append: (rows, { id, timesMs, values }) => {
          for (let i = 0; i < timesMs.length; i++) {
            rows.row(3);
            rows.timestamp(timesMs[i] ?? 0);
            rows.float64(values[i] ?? 0);
            rows.int32(id);
          }
        },
        finish: async (stored) => {
          await moveOpenings(tx, stored, closedMs);
          await noteStarts(tx, stored);
          await moveStarts(tx, stored);
          await noteDistances(tx, stored, closedMs);
          await noteLateSeries(tx, stored, closedMs);
          await noteSeen(tx, stored, now());
          await noteHelp(
            tx,
            stored.filter(({ unseen }) => unseen),
          );
        },
      };
    },
    committed: (stored) => {
      const nowMs = now().getTime();
      for (const { fingerprint, timesMs, values, starts, bornMs } of stored) {
        const slot = table.find(fingerprint);
        if (slot < 0) continue;
        for (const [i, atMs] of timesMs.entries()) table.advance(slot, atMs, values[i] ?? Number.NaN);
        for (const { startMs } of starts) table.noteStart(slot, startMs);
        if (bornMs > 0) table.noteStart(slot, bornMs);
        if (nowMs - table.seenMs(slot) > SEEN_MS) table.noteSeen(slot, nowMs);
      }
    },
  };
}

/** Leaves notes for minutes that are rolled up already. */
async function noteLateSeries(tx: Connection, stored: readonly SamplesEntry[], closedMs: number): Promise<void> {
  const series: number[] = [];
  const minutes: number[] = [];
  for (const { id, timesMs } of stored) {
    let noted = Number.NaN;
    for (const atMs of timesMs) {
      const minute = Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
      if (minute >= closedMs || minute === noted) continue;
      noted = minute;
      series.push(id);
      minutes.push(minute);
    }
  }
  if (series.length > 0)
    await tx.query(
      `insert into rollup_late_series (series_id, bucket_at)
       select series, to_timestamp(minute / 1000) from unnest($1::int4[], $2::float8[]) as u(series, minute)`,
      [series, minutes],
    );
}

async function noteSeen(tx: Connection, stored: readonly SamplesEntry[], now: Date): Promise<void> {
  const ids = stored.filter((entry) => entry.unseen).map((entry) => entry.id);
  if (ids.length === 0) return;
  await tx.query(
    `with held as (select id from metric_series where id = any($1) and last_seen_at < $3 order by id for update)
     update metric_series s set last_seen_at = $2 from held where s.id = held.id`,
    [ids, now, new Date(now.getTime() - SEEN_MS)],
  );
}
