import { withoutConfidential } from "../agent/kernel/confidential/confidential.ts";
import type { ScrapeNote } from "../agent/ports/ingest-store.ts";
import type { Database } from "./database.ts";
import { cleanText } from "./write/attributes.ts";

/** What the collector remembers besides telemetry: how far it read, and how its scrapes went. */

/** Where each stream of lines stands. */
export async function streamPositions(database: Database): Promise<Map<string, string>> {
  const rows = await database.read<{ stream: string; position: string }>(
    "select stream, position from stream_position",
    [],
  );
  return new Map(rows.map((row) => [row.stream, row.position]));
}

export async function noteScrape(database: Database, note: ScrapeNote): Promise<void> {
  await database.transact((tx) =>
    tx.query(
      `insert into scrape_state as s (target, last_at, ok, duration_ms, samples, error) values ($1, $2, $3, $4, $5, $6)
       on conflict (target) do update set last_at = excluded.last_at, ok = excluded.ok,
         duration_ms = excluded.duration_ms, samples = excluded.samples, error = excluded.error
       where s.last_at <= excluded.last_at`,
      [
        note.target,
        note.at,
        note.ok,
        note.durationMs,
        note.samples,
        note.error && cleanText(withoutConfidential(note.error)),
      ],
    ),
  );
}

/** How the last scrape of each target went, by name. */
export const scrapes = (database: Database): Promise<ScrapeNote[]> =>
  database.read<ScrapeNote & { [key: string]: unknown }>(
    `select target, last_at as at, ok, duration_ms as "durationMs", samples, error from scrape_state order by target`,
    [],
  );
