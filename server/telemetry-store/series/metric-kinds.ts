import { type MetricMeaning, SERIES_KINDS } from "../../agent/ports/telemetry.ts";
import type { Connection } from "../database.ts";
import { cleanText } from "../write/attributes.ts";

const COUNTER = SERIES_KINDS.indexOf("counter");
const GAUGE = SERIES_KINDS.indexOf("gauge");

/** minutes of series that one correction has rolled up again, the newest first: a kind is mostly told within a minute */
const MOST_AGAIN = 200_000;

/**
 * Corrects the kind of a sender's own series, which it said apart from their samples, after they had been taken for what
 * their name suggests. What was rolled up of them is noted to be rolled up again, as far as there are samples.
 * @param sender as `senderKey` names it
 */
export async function noteKinds(tx: Connection, meanings: readonly MetricMeaning[], sender: string): Promise<void> {
  const told = meanings.filter(({ kind }) => kind === "counter" || kind === "gauge");
  if (told.length === 0) return;
  const values = [
    told.map(({ name }) => cleanText(name)),
    told.map(({ kind }) => (kind === "counter" ? COUNTER : GAUGE)),
    sender,
  ];
  const { rows } = await tx.query<{ id: number }>(
    `with held as (
       select s.id, u.kind from metric_series s join unnest($1::text[], $2::int2[]) as u(name, kind) using (name)
       where s.kind_sender = $3 and s.kind <> u.kind and s.kind in (${GAUGE}, ${COUNTER}) order by s.id for update of s)
     update metric_series s set kind = held.kind from held where s.id = held.id returning s.id`,
    values,
  );
  await rollUpAgain(
    tx,
    rows.map(({ id }) => id),
  );
}

/** The same of series, by id, whose samples now come with another kind: they were scraped before their type was told, say. */
export async function correctKinds(tx: Connection, kinds: ReadonlyMap<number, number>, sender: string): Promise<void> {
  const { rows } = await tx.query<{ id: number }>(
    `with held as (
       select s.id, u.kind from metric_series s join unnest($1::int4[], $2::int2[]) as u(id, kind) using (id)
       where s.kind <> u.kind and s.kind in (${GAUGE}, ${COUNTER}) and coalesce(s.kind_sender, $3) = $3
       order by s.id for update of s)
     update metric_series s set kind = held.kind from held where s.id = held.id returning s.id`,
    [[...kinds.keys()], [...kinds.values()], sender],
  );
  await rollUpAgain(
    tx,
    rows.map(({ id }) => id),
  );
}

async function rollUpAgain(tx: Connection, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.query(
    `insert into rollup_late_series (series_id, bucket_at)
     select distinct series_id, date_bin('1 minute', at, 'epoch') from metric_sample where series_id = any($1::int4[])
     order by 2 desc limit ${MOST_AGAIN}`,
    [ids],
  );
}
