import type { MetricMeaning, SeriesSamples } from "../../agent/ports/telemetry.ts";
import type { Sender } from "../../agent/ports/telemetry-store.ts";
import type { Connection, Database } from "../database.ts";
import { cleanText } from "../write/attributes.ts";
import { type ReportedKinds, senderKey } from "../write/reported-kinds.ts";
import { noteKinds } from "./metric-kinds.ts";

const MAX_LENGTH = 500;

/**
 * Keeps what senders say the metrics of these series mean, one text a name: of several senders that disagree, the last.
 * Nothing is kept of names without series: what may be sent of those has no end.
 * Series come with it in every batch: give those that have not been seen for a while.
 */
export async function noteHelp(tx: Connection, series: Iterable<Pick<SeriesSamples, "name" | "help">>): Promise<void> {
  const helps = new Map<string, string>();
  for (const { name, help } of series) if (help) helps.set(cleanText(name), cleanText(help.slice(0, MAX_LENGTH)));
  if (helps.size === 0) return;
  // in order: two writers that lock the same rows must not wait for each other
  await tx.query(
    `insert into metric_help (name, help) select * from unnest($1::text[], $2::text[]) as u(name, help)
     where exists (select from metric_series s where s.name = u.name) order by name
     on conflict (name) do update set help = excluded.help where metric_help.help <> excluded.help`,
    [[...helps.keys()], [...helps.values()]],
  );
}

/** Keeps what is said apart from any samples. */
export async function noteMeanings(
  database: Database,
  told: ReportedKinds,
  meanings: readonly MetricMeaning[],
  sender: Sender,
): Promise<void> {
  const by = senderKey(sender);
  const news = told.news(meanings, by);
  if (news.length === 0) return;
  await database.transact(async (tx) => {
    await noteHelp(tx, news);
    await noteKinds(tx, news, by);
  });
  told.noted(news, by);
}

/** Forgets what belongs to no series any more. */
export async function forgetHelp(tx: Connection): Promise<void> {
  await tx.query("delete from metric_help h where not exists (select from metric_series s where s.name = h.name)", []);
}
