import { severityOfName } from "../../text/severity-words.ts";

/** What lines say of their level, as SeverityNumber: words, letters and numbers. */

/** PostgreSQL's five levels of it, which are not those of the specification */
const NUMBERED_DEBUG = /^debug[1-5]$/i;
const LETTERS: Record<string, number> = { t: 1, d: 5, v: 5, i: 9, n: 10, w: 13, e: 17, c: 18, a: 19, f: 21 };
/** Words that begin a sentence as often as they name a level. */
const AMBIGUOUS = new Set("log http note system config fine finer fail silly verbose alert panic".split(" "));

/** 0 when it is not the name of a level. */
export const severityOfWord = (word: string): number => (NUMBERED_DEBUG.test(word) ? 5 : severityOfName(word));

/** The first letter, as klog, Ruby and MongoDB (`D2`) write it. */
export const severityOfLetter = (letter: string): number => LETTERS[letter.charAt(0).toLowerCase()] ?? 0;

export const isAmbiguous = (word: string): boolean => AMBIGUOUS.has(word.toLowerCase());

const SYSLOG = [21, 19, 18, 17, 13, 10, 9, 5] as const;

/** Of a syslog PRI value (facility × 8 + severity) or a bare severity 0–7. RFC 5424, 6.2.1. */
export const severityOfPriority = (priority: number): number => SYSLOG[priority % 8] ?? 0;

const TENS = [1, 5, 9, 13, 17, 21] as const;

/** pino and bunyan count 10–60, Google Cloud 100–800. Other numbers say nothing: 0. */
function severityOfNumber(value: number): number {
  if (value >= 10 && value < 70) return TENS[Math.floor(value / 10) - 1] ?? 0;
  if (value >= 100 && value <= 800) return [5, 9, 10, 13, 17, 18, 19, 21][Math.floor(value / 100) - 1] ?? 0;
  return 0;
}

/** The value of a field that holds a level: a word, a letter, a number or a number as text; else 0. */
export function severityOfValue(value: unknown): number {
  if (typeof value === "number") return severityOfNumber(value);
  if (typeof value !== "string" || value.length > 20) return 0;
  const word = value.trim();
  if (/^\d+$/.test(word)) return severityOfNumber(Number(word));
  return word.length === 1 ? severityOfLetter(word) : severityOfWord(word);
}
