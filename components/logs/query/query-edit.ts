/** Changes the text of a query as a click asks for it. The server parses; this only needs to find the terms. */

interface Term {
  /** null: a word or phrase */
  field: string | null;
  value: string;
  negated: boolean;
  /** as it stands in the query */
  text: string;
}

const TERM = /(-?)(?:([\w.@/-]+):)?("(?:[^"\\]|\\.)*"?|\S+)/g;
const unquote = (text: string): string =>
  text.startsWith('"') ? text.replace(/^"|"$/g, "").replace(/\\(.)/g, "$1") : text;

/** The terms of a query, also of one that is not finished or not valid. */
export function termsOf(query: string): Term[] {
  return [...query.matchAll(TERM)].map(([text, minus, field, value]) => ({
    field: field ?? null,
    value: unquote(value ?? ""),
    negated: minus === "-",
    text,
  }));
}

/** longer values are cut and end in a wildcard */
const LONGEST_VALUE = 120;

/** The value as a query has it: in quotes unless it is one plain word. */
export function writeValue(value: string): string {
  const short = value.length > LONGEST_VALUE ? `${value.slice(0, LONGEST_VALUE)}*` : value;
  return /^[\p{L}\p{N}_./@*][\p{L}\p{N}_./@*-]*$/u.test(short) ? short : `"${short.replace(/["\\]/g, "\\$&")}"`;
}

/** The query that also asks for `field:value`, or for its absence; a term that says the opposite, or the same, goes. */
export function withField(query: string, field: string, value: string, negated = false): string {
  const added = `${negated ? "-" : ""}${field}:${writeValue(value)}`;
  const kept = termsOf(query).filter((term) => !(term.field === field && writeValue(term.value) === writeValue(value)));
  return [...kept.map((term) => term.text), added].join(" ");
}

/** The query without any term on the field. */
export const withoutField = (query: string, field: string): string =>
  termsOf(query)
    .filter((term) => term.field !== field)
    .map((term) => term.text)
    .join(" ");

/** A query and one more part of a query, as a pattern's own. */
export const alsoAsk = (query: string, part: string): string =>
  termsOf(query).some((term) => term.text === part) ? query : [query.trim(), part].filter(Boolean).join(" ");

/** What a line has because of the query, to be marked in it: words and phrases that are asked for. */
export const wordsToMark = (query: string): string[] =>
  termsOf(query)
    .filter((term) => term.field === null && !term.negated && term.value.length > 0)
    .map((term) => term.value);
