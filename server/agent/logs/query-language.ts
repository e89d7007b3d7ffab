import type { LogFilter } from "../ports/log-source.ts";
import { LOG_LEVELS, levelOfSeverity, severityOfLevel } from "../ports/telemetry.ts";
import { severityOfWord } from "./lines/levels.ts";
import { refuse, type Token, tokensOf, writeField, writeText } from "./query-text.ts";

/**
 * The query language of logs: words, "phrases", `field:value` with `*`, each with `-` before it to leave lines out,
 * `level:warn` for that level and worse, `service:`, `environment:`, `version:`, `instance:`, `trace:`, `pattern:`.
 */

const MAX_LENGTH = 1_000;
const MAX_TERMS = 32;

/** The names of fields that every line has, and other words for them. */
const ORIGIN = new Map<string, "service" | "environment" | "version" | "instance">([
  ["service", "service"],
  ["environment", "environment"],
  ["env", "environment"],
  ["version", "version"],
  ["instance", "instance"],
]);
const TRACE = new Set(["trace", "traceid", "trace_id"]);
const LEVEL = new Set(["level", "severity"]);
const TRACE_ID = /^[0-9a-f]{32}$/i;
const TRACE_GLOB = /^[0-9a-f]*\*[0-9a-f*]*$/i;

/**
 * The filter that a query asks for. All of its conditions must hold; an empty query holds for every line.
 * @throws AppError INVALID: what is wrong, at which column and what would be right; details { column, length, expected }
 */
export function parseQuery(query: string): LogFilter {
  if (query.length > MAX_LENGTH)
    refuse(MAX_LENGTH + 1, query.length - MAX_LENGTH, `a query has ${MAX_LENGTH} characters at most.`, "Shorten it.");
  const nul = query.indexOf("\0");
  if (nul !== -1) refuse(nul + 1, 1, "no line holds a NUL.", "Leave it out.");
  if (!query.isWellFormed()) refuse(1, query.length, "the query holds half a character.", "Type it anew.");
  const filter: LogFilter = { terms: [] };
  const tokens = tokensOf(query);
  const extra = tokens[MAX_TERMS];
  if (extra) refuse(extra.column, extra.length, `a query has ${MAX_TERMS} conditions at most.`, "Leave some out.");
  for (const token of tokens) apply(filter, token);
  return filter;
}

function apply(filter: LogFilter, token: Token): void {
  const { field, value, negated } = token;
  if (field !== null) applyField(filter, token, field);
  else if (value === "")
    refuse(token.column, token.length, "the quotes are empty.", "Write the text to look for in them.");
  else filter.terms.push({ kind: "text", value, negated });
}

function applyField(filter: LogFilter, token: Token, field: string): void {
  const { value, negated } = token;
  const name = field.toLowerCase();
  const origin = ORIGIN.get(name);
  const picksOne = !negated && !value.includes("*");
  if (LEVEL.has(name)) set(filter, "minSeverity", leastSeverity(token), token);
  else if (name === "pattern") {
    if (!picksOne || value === "")
      refuse(
        token.column,
        token.length,
        "a pattern is picked by its id.",
        "Write pattern: and one id, without - and *.",
      );
    set(filter, "patternId", value, token);
  } else if (TRACE.has(name)) {
    if (!TRACE_ID.test(value) && !TRACE_GLOB.test(value))
      refuse(
        token.column,
        token.length,
        "this is not a trace id.",
        "It has 32 hexadecimal digits, or * for any of them.",
      );
    if (picksOne) set(filter, "traceId", value.toLowerCase(), token);
    else filter.terms.push({ kind: "field", field: "trace", value: value.toLowerCase(), negated });
  } else if (origin && picksOne) set(filter, origin, value, token);
  else filter.terms.push({ kind: "field", field: origin ?? field, value, negated });
}

function leastSeverity({ negated, value, column, length }: Token): number {
  if (negated)
    refuse(
      column,
      length,
      "a level cannot be left out.",
      "Write the least level to show: level:warn shows warn and worse.",
    );
  const level = levelOfSeverity(severityOfWord(value));
  if (level === null)
    refuse(
      column,
      length,
      `"${value}" is not a level.`,
      `Write one of ${LOG_LEVELS.join(", ")}: it and worse are shown.`,
    );
  return severityOfLevel(level);
}

function set<K extends keyof Omit<LogFilter, "terms">>(
  filter: LogFilter,
  key: K,
  value: NonNullable<LogFilter[K]>,
  { field, column, length }: Token,
): void {
  const before: unknown = filter[key];
  if (before !== undefined && before !== value)
    refuse(column, length, `"${field}:" was given before with another value.`, "No line has both: leave one out.");
  filter[key] = value;
}

/** The query of a filter; `parseQuery` reads it back as the same filter. */
export function formatQuery(filter: LogFilter): string {
  const { service, environment, version, instance, minSeverity, traceId, patternId } = filter;
  const fields = { service, environment, version, instance };
  const parts = Object.entries(fields).map(([name, value]) =>
    value === undefined ? null : writeField(name, value, false),
  );
  const level = minSeverity === undefined ? null : levelOfSeverity(minSeverity);
  if (level !== null) parts.push(`level:${level}`);
  if (traceId !== undefined) parts.push(writeField("trace", traceId, false));
  if (patternId !== undefined) parts.push(writeField("pattern", patternId, false));
  for (const term of filter.terms)
    parts.push(
      term.kind === "text" ? writeText(term.value, term.negated) : writeField(term.field, term.value, term.negated),
    );
  return parts.filter((part) => part !== null).join(" ");
}
