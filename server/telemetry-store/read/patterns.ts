import type { StoredPattern } from "../../agent/ports/telemetry-store.ts";
import type { Connection, Database } from "../database.ts";
import { cleanText } from "../write/attributes.ts";

/** how exact the last sight of a pattern is */
const SEEN_MS = 60_000;

/** The newest patterns, for a miner that starts; those that were merged into another are left out. */
export const loadPatterns = (database: Database, limit: number): Promise<StoredPattern[]> =>
  database.read<StoredPattern & { [key: string]: unknown }>(
    "select id, template from log_pattern where merged_into is null order by last_seen_at desc, id desc limit $1",
    [limit],
  );

/** The id under which each template is shown, made where it is new. Two processes that ask at once get the same. */
export async function patternIds(
  database: Database,
  templates: readonly string[],
  now: Date,
): Promise<Map<string, number>> {
  // in one order, as two processes that make the same templates would otherwise wait for each other
  const clean = [...new Set(templates.map(cleanText))].sort();
  const find = (query: Pick<Connection, "query">) =>
    query.query<{ template: string; id: number }>(
      `select template, coalesce(merged_into, id) as id from log_pattern
       where md5(template) = any(select md5(t) from unnest($1::text[]) t)`,
      [clean],
    );
  const ids = await database.transact(async (tx) => {
    const known = new Map((await find(tx)).rows.map((row) => [row.template, row.id]));
    const missing = clean.filter((template) => !known.has(template));
    if (missing.length === 0) return known;
    await tx.query(
      `insert into log_pattern (template, first_seen_at, last_seen_at)
       select t, $2, $2 from unnest($1::text[]) t on conflict do nothing`,
      [missing, now],
    );
    return new Map((await find(tx)).rows.map((row) => [row.template, row.id]));
  });
  return new Map(
    templates.flatMap((template) => {
      const id = ids.get(cleanText(template));
      return id === undefined ? [] : [[template, id] as const];
    }),
  );
}

/**
 * `from` reads as `template` from now on; when another pattern has that template, `from` and all that was merged into
 * it are shown under that one. @returns the id that stands
 */
export function generalisePattern(database: Database, from: number, template: string): Promise<number> {
  const clean = cleanText(template);
  return database.transact(async (tx) => {
    // one at a time: two merges that cross would leave a pattern that is merged into a merged one
    await tx.query("select pg_advisory_xact_lock(7310010, 2)");
    const { rows: own } = await tx.query<{ id: number }>(
      "select coalesce(merged_into, id) as id from log_pattern where id = $1",
      [from],
    );
    const root = own[0]?.id;
    if (root === undefined) return from;
    const { rows } = await tx.query<{ id: number }>(
      "select coalesce(merged_into, id) as id from log_pattern where md5(template) = md5($1)",
      [clean],
    );
    const other = rows[0]?.id;
    if (other === root) return root;
    if (other === undefined) {
      await tx.query("update log_pattern set template = $2 where id = $1", [root, clean]);
      return root;
    }
    await merge(tx, root, other);
    return other;
  });
}

/** What a person said of the one that disappears goes over where the other has nothing. */
async function merge(tx: Connection, from: number, into: number): Promise<void> {
  await tx.query(
    `update log_pattern as i set first_seen_at = least(i.first_seen_at, f.first_seen_at),
       last_seen_at = greatest(i.last_seen_at, f.last_seen_at), name = coalesce(i.name, f.name),
       pinned = i.pinned or f.pinned, alert = coalesce(i.alert, f.alert)
     from log_pattern as f where i.id = $2 and f.id = $1`,
    [from, into],
  );
  await tx.query("update log_pattern set merged_into = $2 where id = $1 or merged_into = $1", [from, into]);
}

/** Notes when patterns were seen, each at most once a minute. */
export function createPatternSeenTimes() {
  const noted = new Map<number, number>();
  return async (tx: Connection, seen: Map<number, { firstMs: number; lastMs: number }>): Promise<void> => {
    const news = [...seen].filter(([id, { lastMs }]) => lastMs - (noted.get(id) ?? Number.NEGATIVE_INFINITY) > SEEN_MS);
    if (news.length === 0) return;
    news.sort(([a], [b]) => a - b);
    await tx.query(
      `with seen as (select * from unnest($1::int4[], $2::float8[], $3::float8[]) as u(id, first_ms, last_ms)),
         held as (select id from log_pattern where id = any($1) order by id for update)
       update log_pattern p set first_seen_at = least(p.first_seen_at, to_timestamp(first_ms / 1000)),
         last_seen_at = greatest(p.last_seen_at, to_timestamp(last_ms / 1000))
       from seen join held using (id) where p.id = seen.id`,
      [news.map(([id]) => id), news.map(([, { firstMs }]) => firstMs), news.map(([, { lastMs }]) => lastMs)],
    );
    for (const [id, { lastMs }] of news) noted.set(id, lastMs);
  };
}
