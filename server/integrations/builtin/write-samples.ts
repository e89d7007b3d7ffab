import type { SeriesSamples } from "../../agent/ports/telemetry.ts";
import type { Sender, Written } from "../../agent/ports/telemetry-store.ts";
import { createCreatedSeries, mayTellCreation } from "./created-series.ts";
import type { Connection } from "./database.ts";
import { createDeltaTimes, type DeltaTimes, requestOf } from "./delta-times.ts";
import { type Fingerprint, fingerprintOf } from "./fingerprint.ts";
import { noteHelp } from "./metric-help.ts";
import { addStart, type MetricStart, noteStarts } from "./metric-starts.ts";
import { DAY_MS } from "./partitions.ts";
import { type KeptTime, keptTime } from "./record-checks.ts";
import { createRecordWriter, type Entry, type Prepared, type RecordTarget, type StoreParts } from "./record-writer.ts";
import { createRejections, type Rejections } from "./rejections.ts";
import { closedUntil } from "./rollup-progress.ts";
import { createSeriesRegistry, type Resolved, type SeriesRegistry, type WantedSeries } from "./series-registry.ts";
import { SeriesTable } from "./series-table.ts";
import { senderKey, type ToldKinds } from "./told-kinds.ts";
import { isOpening, moveOpenings } from "./unknown-starts.ts";
import { noteDistances } from "./usual-distance.ts";

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

export function createSampleWriter(parts: StoreParts, told: ToldKinds): SampleWriter {
  const table = new SeriesTable();
  const known: Known = { table, registry: createSeriesRegistry(parts, told), deltaTimes: createDeltaTimes() };
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
}

async function prepare(
  { now, retention, limits }: StoreParts,
  { table, registry, deltaTimes }: Known,
  series: readonly SeriesSamples[],
  sender: Sender,
): Promise<Prepared<SamplesEntry>> {
  const nowMs = now().getTime();
  const time = keptTime(now(), retention.samplesDays, "samples");
  const rejections = createRejections();
  const fingerprints = series.map((one) => fingerprintOf(one.name, one.labels));
  const request = requestOf(series, fingerprints);
  const resolve = (wanted: readonly WantedSeries[]) => registry.resolve(wanted, senderKey(sender));
  const ids = await resolveAll(table, resolve, series, fingerprints, nowMs, limits.maxSeries);
  /** a batch may bring a series in several pieces */
  const entries = new Map<number, SamplesEntry>();
  series.forEach((one, i) => {
    const id = ids[i];
    const fingerprint = fingerprints[i];
    if (id === undefined || fingerprint === undefined) return;
    const service = one.labels.service?.slice(0, 200) ?? "";
    const example = () => `${one.name} ${JSON.stringify(one.labels)}`;
    if (typeof id === "string") {
      rejections.add(id, example, service, one.timesMs.length);
      return;
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
        openings: [],
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
      takeDeltas(entry, one, options, (atMs) => deltaTimes.timeOf(id, atMs, request, one.shared));
    else takeSamples(entry, one, options);
    entry.unseen = slot < 0 || nowMs - table.seenMs(slot) > SEEN_MS;
    if (!known) entries.set(id, entry);
  });
  return { entries: [...entries.values()].filter((entry) => entry.records > 0), rejections };
}

const finite = (ms: number): number | null => (Number.isFinite(ms) ? ms : null);

/** The id of each series or why it has none; what is not remembered is asked of the registry. */
async function resolveAll(
  table: SeriesTable,
  resolve: (wanted: readonly WantedSeries[]) => Promise<Resolved[]>,
  series: readonly SeriesSamples[],
  fingerprints: readonly Fingerprint[],
  nowMs: number,
  maxSeries: number,
): Promise<Resolved[]> {
  const missing: number[] = [];
  const ids = fingerprints.map((fingerprint, i): Resolved => {
    const slot = table.find(fingerprint);
    // one that was silent for long may be gone from the registry
    if (slot >= 0 && nowMs - table.seenMs(slot) < DAY_MS) return table.id(slot);
    missing.push(i);
    return 0;
  });
  if (missing.length === 0) return ids;
  if (table.size > 2 * maxSeries) table.clear();
  const wanted = missing.flatMap((i): WantedSeries[] => {
    const [one, fingerprint] = [series[i], fingerprints[i]];
    return one && fingerprint ? [{ series: one, fingerprint }] : [];
  });
  const resolved = await resolve(wanted);
  missing.forEach((i, k) => {
    const [id, fingerprint] = [resolved[k], fingerprints[i]];
    if (id === undefined || fingerprint === undefined) return;
    ids[i] = id;
    // seen: some time within the last hours; the next write notes it
    if (typeof id === "number") table.add(fingerprint, id, nowMs - 2 * SEEN_MS);
  });
  return ids;
}

interface TakeOptions {
  time: KeptTime;
  rejections: Rejections;
  /** what is remembered of the series; nothing where it is new */
  written: { lastMs?: number; lastValue?: number; startMs?: number };
}

/** Adds to an entry what of a series can be stored. */
function takeSamples(
  entry: SamplesEntry,
  { labels, timesMs, values, kind, startMs }: SeriesSamples,
  { time, rejections, written }: TakeOptions,
): void {
  const before = new Map(entry.timesMs.map((atMs, i) => [atMs, entry.values[i]]));
  const { lastMs = Number.NEGATIVE_INFINITY, lastValue } = written;
  if (lastValue !== undefined) before.set(lastMs, lastValue);
  const isNews = kind === "counter" && startMs !== undefined && startMs !== written.startMs;
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
      if (kind === "counter" && isOpening(labels, startMs, atMs)) entry.openings.push(atMs);
    }
  }
}

/** The same of deltas, which add up. @param at when one is written that is of an instant: see delta-times.ts */
function takeDeltas(
  entry: SamplesEntry,
  { timesMs, values }: SeriesSamples,
  { time, rejections, written }: TakeOptions,
  at: (atMs: number) => number | null,
): void {
  const places = new Map(entry.timesMs.map((atMs, i) => [atMs, i]));
  for (const [i, instant] of timesMs.entries()) {
    const atMs = at(Math.floor(instant));
    if (atMs === null) {
      rejections.add(NO_PLACE, entry.example, entry.service);
      continue;
    }
    const place = places.get(atMs) ?? entry.timesMs.length;
    const value = (entry.values[place] ?? 0) + (values[i] ?? Number.NaN);
    if (Number.isNaN(value)) continue;
    const reason = sampleRefusal(atMs, value, written.lastMs ?? Number.NEGATIVE_INFINITY, time, false);
    if (reason !== null) rejections.add(reason, entry.example, entry.service);
    else {
      entry.timesMs[place] = atMs;
      entry.values[place] = value;
      entry.records++;
      places.set(atMs, place);
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
      for (const { fingerprint, timesMs, values, starts } of stored) {
        const slot = table.find(fingerprint);
        if (slot < 0) continue;
        for (const [i, atMs] of timesMs.entries()) table.advance(slot, atMs, values[i] ?? Number.NaN);
        for (const { startMs } of starts) table.noteStart(slot, startMs);
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
