import { SERIES_KINDS, type SeriesSamples, STREAM_START } from "../../agent/ports/telemetry.ts";
import type { Database } from "../database.ts";
import { type Fingerprint, fingerprintOf } from "../write/fingerprint.ts";
import { NOT_KNOWN, ownerStart, ownStart, type SeriesOwner, scopeHash, UNNAMED } from "./series-owner.ts";
import type { SeriesRegistry } from "./series-registry.ts";
import type { SeriesTable } from "./series-table.ts";

/**
 * One name and one set of labels may be written by several: two scopes of a process that name an instrument alike,
 * processes that share an id, a sender that changes from totals to deltas. Each is a series of its own. The first keeps
 * the plain labels, as series that were there before have them; the others get `otel_scope_…` or `stream_start` besides.
 */

const DELTA = SERIES_KINDS.indexOf("delta");
/** temporality, scope, start, and start to the microsecond */
const MOST_MOVES = 4;

export interface PlacedSeries {
  /** with the labels under which it is stored */
  series: SeriesSamples;
  fingerprint: Fingerprint;
  id: number;
  refusal: string | null;
}

export interface Places {
  table: SeriesTable;
  registry: SeriesRegistry;
  database: Database;
  nowMs: number;
  /** asks for those that are not remembered */
  resolve(missing: readonly PlacedSeries[]): Promise<void>;
}

/** Finds the series of each, or why it has none. */
export async function placeSeries(places: Places, series: readonly SeriesSamples[]): Promise<PlacedSeries[]> {
  const { table, registry, nowMs } = places;
  const placed = series.map(
    (one): PlacedSeries => ({ series: one, fingerprint: fingerprintOf(one.name, one.labels), id: 0, refusal: null }),
  );
  let open: readonly PlacedSeries[] = placed;
  for (let move = 0; open.length > 0; move++) {
    const missing = open.filter((one) => !isRemembered(table, one, nowMs));
    if (missing.length > 0) await places.resolve(missing);
    if (move === MOST_MOVES) break;
    await rememberNewest(places, open);
    const claims = new Map<number, SeriesOwner>();
    open = moved(table, open, new Set(missing), claims);
    if (claims.size > 0) await registry.noteOwners(claims);
  }
  return placed;
}

function isRemembered(table: SeriesTable, one: PlacedSeries, nowMs: number): boolean {
  const slot = table.find(one.fingerprint);
  // one that was silent for long may be gone from the registry
  if (slot < 0 || nowMs - table.seenMs(slot) >= REMEMBERED_MS) return false;
  one.id = table.id(slot);
  return true;
}
const REMEMBERED_MS = 24 * 3_600_000;

/** @returns those that belong to another series than they were looked up as, with what it is called */
function moved(
  table: SeriesTable,
  open: readonly PlacedSeries[],
  fresh: ReadonlySet<PlacedSeries>,
  claims: Map<number, SeriesOwner>,
): readonly PlacedSeries[] {
  let newest: Map<number, number> | null = null;
  const others: PlacedSeries[] = [];
  for (const [i, one] of open.entries()) {
    if (one.refusal !== null) continue;
    const own = table.find(one.fingerprint);
    if (own < 0) continue;
    const start = ownStart(one.series);
    const isOther = (slot: number) => start !== 0 && start !== table.ownerMs(slot);
    const slot = isOther(own) || fresh.has(one) ? decisiveSlot(table, one.series, own) : own;
    const changes = isOther(slot);
    if (changes) newest ??= newestOf(open.slice(0, i));
    const inBatch = newest?.get(table.id(slot)) ?? Number.NEGATIVE_INFINITY;
    const lastMs = changes ? Math.max(table.lastMs(slot), inBatch) : 0;
    if (variantOf(table, slot, one, lastMs, claims)) others.push(one);
    else {
      if (slot !== own) follow(table, own, slot, claims);
      if (newest) noteNewest(newest, one);
    }
  }
  return others;
}

/** A histogram belongs together: whose a bucket is, the one that holds all says, also of a bound that comes later. */
function decisiveSlot(table: SeriesTable, { name, labels }: SeriesSamples, own: number): number {
  if (labels.le === undefined || labels.le === WHOLE) return own;
  const whole = table.find(fingerprintOf(name, { ...labels, le: WHOLE }));
  return whole < 0 ? own : whole;
}
const WHOLE = "+Inf";

function follow(table: SeriesTable, slot: number, whole: number, claims: Map<number, SeriesOwner>): void {
  const [scope, startMs] = [table.scope(whole), table.ownerMs(whole)];
  if (table.scope(slot) !== scope || table.ownerMs(slot) !== startMs) claim(table, slot, claims, { scope, startMs });
}

const newestOf = (before: readonly PlacedSeries[]): Map<number, number> => {
  const newest = new Map<number, number>();
  for (const one of before) noteNewest(newest, one);
  return newest;
};
const noteNewest = (newest: Map<number, number>, { id, series: { timesMs } }: PlacedSeries): void => {
  newest.set(id, Math.max(newest.get(id) ?? Number.NEGATIVE_INFINITY, timesMs.at(-1) ?? 0));
};

/** Renames what the series of this slot does not hold. @returns whether it did */
function variantOf(
  table: SeriesTable,
  slot: number,
  one: PlacedSeries,
  lastMs: number,
  claims: Map<number, SeriesOwner>,
): boolean {
  const { series } = one;
  if ((table.kind(slot) === DELTA) !== (series.kind === "delta"))
    return rename(one, {}, { __temporality__: series.kind === "delta" ? "delta" : "cumulative" });
  const [scope, owner] = [scopeHash(series.scope), table.scope(slot)];
  if (owner === NOT_KNOWN) {
    if (scope !== UNNAMED) claim(table, slot, claims, { scope });
  } else if (scope !== owner)
    return scope === UNNAMED ? rename(one, {}, { __scope__: "unnamed" }) : rename(one, series.scope ?? {});
  const start = ownStart(series);
  const began = table.ownerMs(slot);
  if (start === 0 || start === began) return false;
  const isFirst = began === 0 ? ownerStart(series) !== 0 : start > began && lastMs < start;
  if (isFirst) claim(table, slot, claims, { startMs: start });
  // of the process before, and late; who writes beside a newer one, or since before it began, is another one
  if (isFirst || began === 0 || (start < began && (series.timesMs[0] ?? 0) < began)) return false;
  const iso = new Date(start).toISOString();
  const exact = `${iso.slice(0, -1)}${String(Math.floor((start % 1) * 1_000)).padStart(3, "0")}Z`;
  return rename(one, { [STREAM_START]: series.labels[STREAM_START] === undefined ? iso : exact });
}

function claim(
  table: SeriesTable,
  slot: number,
  claims: Map<number, SeriesOwner>,
  { scope = table.scope(slot), startMs = table.ownerMs(slot) }: Partial<SeriesOwner>,
): void {
  table.noteOwner(slot, scope, startMs);
  claims.set(table.id(slot), { scope, startMs });
}

/** @param hidden tells it apart without being shown */
function rename(one: PlacedSeries, added: Readonly<Record<string, string>>, hidden?: Record<string, string>): boolean {
  const labels = { ...one.series.labels };
  for (const [label, value] of Object.entries(added)) {
    const own = labels[label];
    if (own !== undefined && label !== STREAM_START) labels[`exported_${label}`] = own;
    labels[label] = value;
  }
  one.series = { ...one.series, labels };
  one.fingerprint = fingerprintOf(one.series.name, { ...labels, ...hidden });
  return true;
}

/** A process that just began does not know what was written before it: asked where another start is told. */
async function rememberNewest({ table, database }: Places, open: readonly PlacedSeries[]): Promise<void> {
  const slots = new Map<number, number>();
  let since = Number.POSITIVE_INFINITY;
  for (const { series, fingerprint, refusal } of open) {
    const start = ownStart(series);
    if (start === 0 || refusal !== null) continue;
    const slot = table.find(fingerprint);
    if (slot < 0 || table.ownerMs(slot) === 0 || start <= table.ownerMs(slot) || Number.isFinite(table.lastMs(slot)))
      continue;
    slots.set(table.id(slot), slot);
    since = Math.min(since, start);
  }
  if (slots.size === 0) return;
  const rows = await database.read<{ series_id: number; last_ms: number }>(
    `select series_id, extract(epoch from max(at))::float8 * 1000 as last_ms from metric_sample
     where series_id = any($1::int4[]) and at >= $2 group by series_id`,
    [[...slots.keys()], new Date(since)],
  );
  for (const { series_id: id, last_ms: lastMs } of rows) table.advance(slots.get(id) ?? -1, lastMs, Number.NaN);
}
