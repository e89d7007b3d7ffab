import { SERIES_KINDS, type SeriesSamples, STREAM_START } from "../../agent/ports/telemetry.ts";
import type { Connection } from "../database.ts";
import { DAY_MS } from "../partitions/partitions.ts";
import { cleanText } from "../write/attributes.ts";
import { type Fingerprint, fingerprintOf, fingerprintText } from "../write/fingerprint.ts";
import type { StoreParts } from "../write/record-writer.ts";
import type { ReportedKinds } from "../write/reported-kinds.ts";
import { createSeriesLimits, type NewSeries, type Query } from "./series-limits.ts";
import { NOT_KNOWN, ownerStart, type SeriesOwner, type StoredId, scopeHash } from "./series-owner.ts";

/** of one statement: bounds what a batch of a million series takes */
const CHUNK = 5_000;
const LOCK = "select pg_advisory_xact_lock(7310010, 3)";

export interface WantedSeries {
  fingerprint: Fingerprint;
  series: SeriesSamples;
}

/** A series, or why there is none. */
export type Resolved = StoredId | string;

interface Candidate extends NewSeries, SeriesOwner {
  key: string;
  labels: Record<string, string>;
  kind: number;
  unit: string;
  environment: string;
  /** who may tell its kind later */
  kindSender: string | null;
}

interface StoredSeries extends StoredId {
  key: string;
  name: string;
  labels: Record<string, string>;
  seen_ms: number;
}

/** Series by their fingerprints, in the order they were asked for; new ones are made as far as the limits allow. */
export interface SeriesRegistry {
  /** @param sender as `senderKey` names it */
  resolve(wanted: readonly WantedSeries[], sender: string): Promise<Resolved[]>;
  /** Keeps whose the series of these ids are from now on. */
  noteOwners(owners: ReadonlyMap<number, SeriesOwner>): Promise<void>;
}

export function createSeriesRegistry(
  { database, retention, limits, now }: StoreParts,
  told: ReportedKinds,
): SeriesRegistry {
  const oldestSeen = () => now().getTime() - retention.samplesDays * DAY_MS;
  const bounds = createSeriesLimits(limits, () => new Date(oldestSeen()));

  /** Under a lock, with a fresh count: several writers together keep to the limits, too. */
  const make = (candidates: ReadonlyMap<string, Candidate>): Promise<Map<string, Resolved>> =>
    database.transact(async (tx) => {
      await tx.query(LOCK);
      const query: Query = async (sql, values) => (await tx.query(sql, values)).rows;
      await bounds.count(query);
      const inUse = await bounds.setsInUse(query, [...candidates.values()]);
      const made = new Map<string, Resolved>();
      const admitted: Candidate[] = [];
      for (const candidate of candidates.values()) {
        const reason = bounds.admit(candidate, inUse);
        if (reason === null) admitted.push(candidate);
        else made.set(candidate.key, reason);
      }
      await insertSeries(tx, admitted, now(), new Date(oldestSeen()));
      const keys = admitted.map(({ key }) => key);
      for (const row of await findSeries(query, keys)) made.set(row.key, row);
      return made;
    });

  const resolveChunk = async (wanted: readonly WantedSeries[], sender: string): Promise<Resolved[]> => {
    const candidates = wanted.map((one) => candidateOf(one, told, sender));
    const stored = new Map(
      (
        await findSeries(
          database.read,
          candidates.flatMap((c) => (typeof c === "string" ? [] : [c.key])),
        )
      ).map((row) => [row.key, row]),
    );
    const inUse = (row: StoredSeries | undefined): row is StoredSeries =>
      row !== undefined && row.seen_ms >= oldestSeen();
    const fresh = candidates.filter((c): c is Candidate => typeof c !== "string" && !inUse(stored.get(c.key)));
    if (fresh.length > 0) await bounds.refresh(database.read);
    const sets = fresh.length > 0 ? await bounds.setsInUse(database.read, fresh) : new Set<string>();
    const open = new Map(fresh.flatMap((c) => (bounds.refusal(c, sets) === null ? [[c.key, c] as const] : [])));
    const made = open.size > 0 ? await make(open) : new Map<string, Resolved>();
    return candidates.map((candidate) => {
      if (typeof candidate === "string") return candidate;
      const row = stored.get(candidate.key);
      if (row && !isSame(row, candidate))
        return `${candidate.name}: its name and labels have the same fingerprint as another series; change a label`;
      return inUse(row)
        ? row
        : (made.get(candidate.key) ?? bounds.refusal(candidate, sets) ?? "the series could not be made");
    });
  };
  return {
    resolve: async (wanted, sender) => {
      const resolved: Resolved[] = [];
      for (let i = 0; i < wanted.length; i += CHUNK)
        for (const one of await resolveChunk(wanted.slice(i, i + CHUNK), sender)) resolved.push(one);
      return resolved;
    },
    noteOwners: (owners) => database.transact((tx) => noteOwners(tx, owners)),
  };
}

const MAX_NAME_LENGTH = 200;
const MAX_LABELS = 100;
const MAX_LABELS_LENGTH = 16_384;

/** A series as it would be stored, or why it cannot be. */
function candidateOf({ fingerprint, series }: WantedSeries, told: ReportedKinds, sender: string): Candidate | string {
  const name = cleanText(series.name);
  if (name === "") return "a metric without a name";
  if (name.length > MAX_NAME_LENGTH) return `a metric's name of more than ${MAX_NAME_LENGTH} characters`;
  const labels: Record<string, string> = {};
  let [size, length] = [0, 0];
  for (const [key, value] of Object.entries(series.labels)) {
    if (value === "") continue;
    labels[cleanText(key)] = cleanText(value);
    size++;
    length += key.length + value.length;
  }
  if (size > MAX_LABELS || length > MAX_LABELS_LENGTH)
    return `${name}: more than ${MAX_LABELS} labels or ${MAX_LABELS_LENGTH} characters in them`;
  const { service = "", environment = "" } = labels;
  if (service.length > MAX_NAME_LENGTH || environment.length > MAX_NAME_LENGTH)
    return `${name}: a service or environment of more than ${MAX_NAME_LENGTH} characters`;
  const kind = SERIES_KINDS.indexOf(told.kindOf(series, sender));
  const kindSender = series.kindGuessed ? cleanText(sender) : null;
  const unit = cleanText(series.unit);
  const key = fingerprintText(fingerprint);
  return {
    ...{ key, labelSet: labelSetOf(series) ?? key, name, labels, kind, unit, service, environment, kindSender },
    ...{ scope: scopeHash(series.scope), startMs: ownerStart(series) },
  };
}

/** Of one of the streams that only their start tells apart, the fingerprint of what they share. */
function labelSetOf({ name, labels }: WantedSeries["series"]): string | null {
  const { [STREAM_START]: start, ...shared } = labels;
  return start ? fingerprintText(fingerprintOf(name, shared)) : null;
}

const isSame = (row: StoredSeries, { name, labels }: Candidate): boolean => {
  const keys = Object.keys(labels);
  return (
    row.name === name &&
    keys.length === Object.keys(row.labels).length &&
    keys.every((key) => row.labels[key] === labels[key])
  );
};

const findSeries = (query: Query, keys: readonly string[]): Promise<StoredSeries[]> =>
  keys.length === 0
    ? Promise.resolve([])
    : query<StoredSeries & { [key: string]: unknown }>(
        `select id, fingerprint::text as key, name, labels, kind, coalesce(scope_hash, ${NOT_KNOWN}) as scope,
           coalesce(owner_start_ms, 0) as "startMs", extract(epoch from last_seen_at)::float8 * 1000 as seen_ms
         from metric_series where fingerprint = any($1::int8[])`,
        [keys],
      );

/** Makes series, or takes those up again that had been silent for longer than samples are kept. */
async function insertSeries(tx: Connection, candidates: readonly Candidate[], now: Date, oldest: Date): Promise<void> {
  if (candidates.length === 0) return;
  await tx.query(
    `insert into metric_series as s (fingerprint, name, labels, kind, unit, service, environment, kind_sender,
       stream_of, scope_hash, owner_start_ms, created_at, last_seen_at)
     select u.*, $12, $12 from unnest($1::int8[], $2::text[], $3::jsonb[], $4::int2[], $5::text[], $6::text[], $7::text[],
       $8::text[], $9::int8[], $10::int4[], $11::float8[]) as u
     on conflict (fingerprint) do update set last_seen_at = excluded.last_seen_at,
       ${["kind", "kind_sender", "scope_hash", "owner_start_ms"]
         .map((column) => `${column} = case when s.last_seen_at < $13 then excluded.${column} else s.${column} end`)
         .join(", ")}`,
    [
      candidates.map((c) => c.key),
      candidates.map((c) => c.name),
      candidates.map((c) => JSON.stringify(c.labels)),
      candidates.map((c) => c.kind),
      candidates.map((c) => c.unit),
      candidates.map((c) => c.service),
      candidates.map((c) => c.environment),
      candidates.map((c) => c.kindSender),
      candidates.map((c) => (c.labelSet === c.key ? null : c.labelSet)),
      candidates.map((c) => c.scope),
      candidates.map((c) => c.startMs || null),
      now,
      oldest,
    ],
  );
}

async function noteOwners(tx: Connection, owners: ReadonlyMap<number, SeriesOwner>): Promise<void> {
  const all = [...owners].sort(([a], [b]) => a - b);
  await tx.query(
    `update metric_series s set scope_hash = nullif(u.scope, ${NOT_KNOWN}), owner_start_ms = nullif(u.start_ms, 0)
     from unnest($1::int4[], $2::int4[], $3::float8[]) as u(id, scope, start_ms) where s.id = u.id`,
    [all.map(([id]) => id), all.map(([, { scope }]) => scope), all.map(([, { startMs }]) => startMs)],
  );
}
