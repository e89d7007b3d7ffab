import { severityOfLevel } from "../ports/telemetry.ts";

/**
 * What senders call levels: syslog's words (RFC 5424) and those of the usual loggers, on the scale of OpenTelemetry
 * (logs data model, appendix B).
 */
const LEVELS = {
  trace: ["trace", "trc", "verbose", "finest", "finer", "silly"],
  debug: ["debug", "dbg", "fine"],
  info: ["info", "information", "informational", "inf", "notice", "log", "config", "http"],
  warn: ["warn", "warning", "wrn"],
  error: ["error", "err", "severe"],
  fatal: ["fatal", "crit", "critical", "alert", "emerg", "emergency", "panic", "dpanic", "ftl"],
} as const;

const SEVERITIES = new Map<string, number>();
for (const level of ["trace", "debug", "info", "warn", "error", "fatal"] as const)
  for (const word of LEVELS[level]) SEVERITIES.set(word, severityOfLevel(level));

const NUMBERED = /^(trace|debug|info|warn|error|fatal)([2-4])$/;

/** The SeverityNumber of a level's word, whatever its case (`WARN`, `critical`, `INFO2`); 0 for a word that names none. */
export function severityOfWord(word: string): number {
  const known = SEVERITIES.get(word);
  if (known !== undefined || word.length > 16) return known ?? 0;
  const lower = word.trim().toLowerCase();
  const numbered = NUMBERED.exec(lower);
  if (numbered?.[1] === undefined) return SEVERITIES.get(lower) ?? 0;
  return (SEVERITIES.get(numbered[1]) ?? 0) + Number(numbered[2]) - 1;
}
