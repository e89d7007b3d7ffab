import { MOST_NAME } from "../http/body/text.ts";

/** One line that holds a sample: `name{label="value",…} value [timestamp] [# exemplar]`. */

export interface Line {
  /** from 1 */
  number: number;
  text: string;
  openMetrics: boolean;
}

export interface Sample {
  name: string;
  labels: [string, string][];
  value: number;
  /** null: not said */
  timeMs: number | null;
}

const MOST_LINE = 64 * 1024;
const MOST_LABELS = 128;
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const NOT_FINITE = new Map([
  ["nan", Number.NaN],
  ["inf", Number.POSITIVE_INFINITY],
  ["+inf", Number.POSITIVE_INFINITY],
  ["-inf", Number.NEGATIVE_INFINITY],
]);

/** The sample of a line; a text says why there is none. */
export function parseSample({ text, openMetrics }: Line): Sample | string {
  if (text.length > MOST_LINE) return `it is longer than ${MOST_LINE} characters`;
  const start = skipBlanks(text, 0);
  const nameEnd = endOfName(text, start, true);
  if (nameEnd === start) return "it does not begin with the name of a metric";
  if (nameEnd - start > MOST_NAME) return `the name is longer than ${MOST_NAME} characters`;
  const name = text.slice(start, nameEnd);
  const labels: [string, string][] = [];
  let at = skipBlanks(text, nameEnd);
  if (text[at] === "{") {
    const end = readLabels(text, at + 1, labels);
    if (typeof end === "string") return end;
    at = skipBlanks(text, end);
  } else if (at === nameEnd) return "a blank is expected after the name";

  const valueEnd = endOfToken(text, at);
  const value = numberOf(text.slice(at, valueEnd));
  if (value === null) return "the value is no number";
  at = skipBlanks(text, valueEnd);
  let timeMs: number | null = null;
  if (at < text.length && text[at] !== "#") {
    const timeEnd = endOfToken(text, at);
    const time = numberOf(text.slice(at, timeEnd));
    if (time === null || !Number.isFinite(time)) return "the timestamp is no number";
    timeMs = Math.round(openMetrics ? time * 1000 : time);
    at = skipBlanks(text, timeEnd);
  }
  return at < text.length && text[at] !== "#"
    ? "something stands after the timestamp"
    : { name, labels, value, timeMs };
}

/** Reads on after the brace into `labels`. @returns the position after the closing brace, or what is wrong */
function readLabels(text: string, from: number, labels: [string, string][]): number | string {
  for (let at = skipBlanks(text, from); ; at = skipBlanks(text, at)) {
    if (text[at] === "}") return at + 1;
    if (labels.length >= MOST_LABELS) return `it has more than ${MOST_LABELS} labels`;
    const nameEnd = endOfName(text, at, false);
    if (nameEnd === at) return `the name of a label is expected at column ${at + 1}`;
    const name = text.slice(at, nameEnd);
    at = skipBlanks(text, nameEnd);
    if (text[at] !== "=") return `= is expected at column ${at + 1}`;
    at = skipBlanks(text, at + 1);
    if (text[at] !== '"') return `a quote is expected at column ${at + 1}`;
    const end = closingQuote(text, at + 1);
    if (end === -1) return `the quote at column ${at + 1} is not closed`;
    if (labels.some(([other]) => other === name)) return `it has the label ${name} twice`;
    labels.push([name, unescaped(text.slice(at + 1, end))]);
    at = skipBlanks(text, end + 1);
    if (text[at] === ",") at++;
    else if (text[at] !== "}") return `a comma or a brace is expected at column ${at + 1}`;
  }
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  for (let code = text.charCodeAt(at); code === 32 || code === 9 || code === 13; code = text.charCodeAt(at)) at++;
  return at;
}

function endOfToken(text: string, from: number): number {
  let at = from;
  for (let code = text.charCodeAt(at); code > 32; code = text.charCodeAt(at)) at++;
  return at;
}

/** Letters, digits and underscores, not beginning with a digit; in the name of a metric colons, too. */
function endOfName(text: string, from: number, colons: boolean): number {
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const letter = (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95;
    const digit = code >= 48 && code <= 57;
    if (!letter && !(digit && at > from) && !(colons && code === 58)) break;
  }
  return at;
}

function closingQuote(text: string, from: number): number {
  let end = text.indexOf('"', from);
  while (end !== -1 && backslashesBefore(text, end, from) % 2 === 1) end = text.indexOf('"', end + 1);
  return end;
}

function backslashesBefore(text: string, end: number, from: number): number {
  let at = end;
  while (at > from && text[at - 1] === "\\") at--;
  return end - at;
}

/** `\\`, `\"` and `\n`; a backslash before anything else stands for itself */
const unescaped = (quoted: string): string =>
  quoted.includes("\\")
    ? quoted.replace(/\\([\\"n])/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped))
    : quoted;

function numberOf(token: string): number | null {
  if (DECIMAL.test(token)) return Number(token);
  return NOT_FINITE.get(token.toLowerCase().replace("infinity", "inf")) ?? null;
}
