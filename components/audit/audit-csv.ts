import { toCsv } from "../lib/csv.ts";
import type { AuditEntryView } from "./entry.ts";

const HEAD = [
  "at",
  "actor_kind",
  "actor_id",
  "actor_name",
  "via",
  "action",
  "outcome",
  "target_type",
  "target_id",
  "error_code",
  "reason",
  "request_id",
  "before",
  "after",
];

const jsonOf = (value: unknown): string => (value === null || value === undefined ? "" : JSON.stringify(value));

/** Audit entries as CSV with a head line, times as ISO 8601 in UTC. */
export function auditCsv(entries: readonly AuditEntryView[]): string {
  const rows = entries.map((entry) => [
    entry.at,
    entry.actor.kind,
    entry.actor.id,
    entry.actor.name,
    entry.via,
    entry.action,
    entry.outcome,
    entry.target?.type ?? "",
    entry.target?.id ?? "",
    entry.errorCode ?? "",
    entry.reason ?? "",
    entry.requestId,
    jsonOf(entry.before),
    jsonOf(entry.after),
  ]);
  return toCsv([HEAD, ...rows]);
}
