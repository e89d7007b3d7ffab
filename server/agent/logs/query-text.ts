import { AppError } from "../kernel/errors.ts";

/** The words of a query with the columns they stand at, before they are given a meaning. */

export interface Token {
  negated: boolean;
  /** null for a word or phrase */
  field: string | null;
  value: string;
  quoted: boolean;
  /** 1 for the first character */
  column: number;
  length: number;
}

/** @throws AppError INVALID always: what is wrong with the query, and at which column. */
export function refuse(column: number, length: number, problem: string, expected: string): never {
  throw new AppError("INVALID", `Column ${column}: ${problem} ${expected}`, { details: { column, length, expected } });
}

const FIELD = /([A-Za-z_@][\w.@/$-]{0,127}):/y;
const BLANKS = /\s*/y;
const BARE = /\S+/y;

/** What people try who know other systems, and what stands in its place here. Only words that are not quoted. */
const FOREIGN: readonly [shape: RegExp, problem: (word: string) => string, expected: string][] = [
  [
    /^(?:AND|&&?)$/,
    (word) => `"${word}" is not needed: all conditions must hold anyway.`,
    "Leave it out, or quote it to search for it.",
  ],
  [
    /^(?:OR|\|\|?)$/,
    (word) => `"${word}" is not available: all conditions must hold.`,
    "Search twice, use * in a field's value, or quote it to search for it.",
  ],
  [/^NOT$/, () => '"NOT" is written as a minus here.', "Put - directly before the condition: -timeout."],
  [/^!./, () => '"!" is written as a minus here.', "Put - directly before the condition: -timeout."],
  [
    /^[()]/,
    () => "parentheses are not available: all conditions must hold.",
    "Leave them out, or quote them to search for them.",
  ],
  [
    /^\/.*[\\[\]^$|()+?*{}].*\/[a-z]*$/,
    () => "regular expressions are not available.",
    "Use words, or * in a field's value; quote the text to search for it as it stands.",
  ],
  [
    /^(?:[A-Za-z_@][\w.@]*)?(?:=~|!=|!~|>=?|<=?|==)(?=$|-?\d|")|^=$/,
    () => "comparisons are not available: a field is compared as text.",
    "Write field:value, with * for any characters, or quote it to search for it.",
  ],
  [/^\|[=~]/, () => "this is LogQL.", "Write the words to look for, with - before those to leave out."],
];

function refuseForeign(word: string, column: number): void {
  for (const [shape, problem, expected] of FOREIGN)
    if (shape.test(word)) refuse(column, word.length, problem(word), expected);
}

/** @throws AppError INVALID with details { column, length, expected } for what cannot be read. */
export function tokensOf(query: string): Token[] {
  const tokens: Token[] = [];
  let at = past(BLANKS, query, 0);
  while (at < query.length) {
    const token = tokenAt(query, at);
    tokens.push(token);
    at = past(BLANKS, query, at + token.length);
  }
  return tokens;
}

function past(shape: RegExp, query: string, at: number): number {
  shape.lastIndex = at;
  return shape.test(query) ? shape.lastIndex : at;
}

function tokenAt(query: string, start: number): Token {
  const negated = query[start] === "-";
  const from = negated ? start + 1 : start;
  if (negated && past(BARE, query, from) === from)
    refuse(start + 1, 1, "a minus stands alone.", 'Put it directly before a condition, or quote it: "-".');
  FIELD.lastIndex = from;
  const named = FIELD.exec(query);
  const field = named && isField(query, FIELD.lastIndex) ? (named[1] ?? null) : null;
  const { value, quoted, end } = valueAt(query, field === null ? from : from + field.length + 1, field);
  return { negated, field, value, quoted, column: start + 1, length: end - start };
}

/** An address (`https://…`) and a path in code (`std::vector`) are words, whatever colons they hold. */
const isField = (query: string, at: number): boolean => !query.startsWith("//", at) && query[at] !== ":";

function valueAt(query: string, at: number, field: string | null): { value: string; quoted: boolean; end: number } {
  if (query[at] === '"') return quotedAt(query, at);
  const end = past(BARE, query, at);
  const value = query.slice(at, end);
  if (value === "" && field !== null)
    refuse(
      at - field.length,
      field.length + 1,
      `"${field}:" has no value.`,
      `Put one directly behind the colon, or quote it to search for it: "${field}:".`,
    );
  refuseForeign(value, at + 1);
  if (field === null && value.includes("*"))
    refuse(
      at + 1,
      value.length,
      "* works in a field's value only.",
      "Leave it out: a word is found anywhere in a line.",
    );
  return { value, quoted: false, end };
}

function quotedAt(query: string, start: number): { value: string; quoted: boolean; end: number } {
  let value = "";
  for (let at = start + 1; at < query.length; at++) {
    const character = query[at];
    if (character === "\\" && (query[at + 1] === '"' || query[at + 1] === "\\")) {
      value += query[++at];
    } else if (character === '"') {
      const end = at + 1;
      if (end < query.length && past(BLANKS, query, end) === end)
        refuse(end + 1, 1, "the quote has ended here.", 'Put a space behind it, or write \\" for a quote inside.');
      return { value, quoted: true, end };
    } else value += character;
  }
  return refuse(start + 1, query.length - start, "the quote that begins here is not closed.", 'Add a " at the end.');
}

/** Words that say the same without quotes. */
const PLAIN = /^[\p{L}\p{N}_./][^\s"*():\\]*$/u;
const PLAIN_VALUE = /^(?!\/\/)[\p{L}\p{N}_./*][^\s"():\\]*$/u;

const isForeign = (text: string): boolean => FOREIGN.some(([shape]) => shape.test(text));
const quote = (text: string): string => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;

/** One condition as a query has it. */
export const writeText = (text: string, negated: boolean): string =>
  `${negated ? "-" : ""}${PLAIN.test(text) && !isForeign(text) ? text : quote(text)}`;
export const writeField = (field: string, value: string, negated: boolean): string =>
  `${negated ? "-" : ""}${field}:${PLAIN_VALUE.test(value) && !isForeign(value) ? value : quote(value)}`;
