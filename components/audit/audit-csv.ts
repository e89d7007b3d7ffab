import type { AuditEntryView } from "./entry.ts";

/** A cell of RFC 4180; what a spreadsheet would run as a formula is kept as text by a leading apostrophe. */
function cell(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

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
  return `${[HEAD, ...rows].map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}
