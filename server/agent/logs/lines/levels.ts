/**
 * Words and numbers for severity as SeverityNumber, after appendix B of OpenTelemetry's "Logs Data Model". There syslog's
 * `crit` is an error and the `critical` of Python and .NET is fatal.
 */

const WORDS: Record<number, string> = {
  1: "trace trc trce finest silly",
  5: "debug debug1 debug2 debug3 debug4 debug5 dbg dbug fine finer verbose vrb",
  7: "config",
  9: "info inf information informational log http note system",
  10: "notice",
  13: "warn warning wrn",
  17: "error err eror fail severe",
  18: "crit dpanic",
  19: "alert",
  21: "fatal ftl critical panic emerg emergency",
};
const LETTERS: Record<string, number> = { t: 1, d: 5, v: 5, i: 9, n: 10, w: 13, e: 17, c: 18, a: 19, f: 21 };
/** Words that begin a sentence as often as they name a level. */
const AMBIGUOUS = new Set("log http note system config fine finer fail silly verbose alert panic".split(" "));

const SEVERITIES = new Map(
  Object.entries(WORDS).flatMap(([severity, words]) =>
    words.split(" ").map((word) => [word, Number(severity)] as const),
  ),
);

/** 0 when it is not the name of a level. */
export const severityOfWord = (word: string): number => SEVERITIES.get(word.toLowerCase()) ?? 0;

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
