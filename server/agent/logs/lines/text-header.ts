import type { Attributes } from "../../ports/telemetry.ts";
import { isAmbiguous, severityOfWord } from "./levels.ts";
import type { LineContext } from "./line-event.ts";
import { readIso, timeOf, timeWithoutDate } from "./line-time.ts";
import type { TextParts } from "./text-formats.ts";

/**
 * The usual head of a plain line, in any of the orders that log4j, logback, Python, Spring, PostgreSQL, Rust, zap and
 * Serilog write: time, then fields in brackets or between dashes, the level, thread and logger, then the message.
 */

const GAP = /(?:\s+|[|,](?=\s)|-{1,3}(?=\s))*/y;
const BRACKET = /\[([^[\]]{0,200}(?:\[[^[\]]{0,100}\][^[\]]{0,200})?)\]/y;
const PID = /(\d{1,10})(?=\s)/y;
const USER = /([^\s@:]{1,64}@[^\s@:]{1,64})(?=\s)/y;
const NAME_AND_DASH = /([A-Za-z_][\w.$/-]{0,119})(?=\s+[-|]\s)/y;
const LEVEL = /([[(<]?)\s?([A-Za-z]{3,13}[1-5]?)\s?([\])>]?)(:?)(?=[\s:|[\]-]|$)/y;
const LOGGER = /([A-Za-z_$][\w.$/*<>:@-]{0,199})(?:\(\d+\))?(?:\s*:(?=\s)|\s+-(?=\s)|\](?=\s)|(?=\t))/y;
/** a name alone could be the first word of the message */
const QUALIFIED = /[.$/]|::|:\d+$/;
/** a dash or colon that sets the head apart from the message */
const MARK = /\s*(?:-{1,3}|:|\|)\s/y;
/** what follows a level in lower case when it is one */
const SET_APART = /\s*[:|\t]|\s+-\s|\s{2}|\]/y;

const SHORT_DATE = /^(\d\d)\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d)(?=\s)/; // Spark
const COMPACT_DATE = /^(\d\d)(\d\d)(\d\d) (\d\d)(\d\d)(\d\d)(?=\s\d+\s[A-Z]{4})/; // Hadoop's name node
const TIME_OF_DAY = /^\[?(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,6}))?\]?(?=\s)/;
const TIME_AND_LEVEL = /^\[(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,6}))? (?=[A-Z]{3}\])/; // Serilog
const ZONE_NAME = / ([A-Z]{3,5})(?= \[\d+\])/y;

const matchAt = (shape: RegExp, line: string, at: number): RegExpExecArray | null => {
  shape.lastIndex = at;
  return shape.exec(line);
};
const past = (shape: RegExp, line: string, at: number): number => {
  const found = matchAt(shape, line, at);
  return found ? at + found[0].length : at;
};

function readTime(line: string, context: LineContext): { atMs: number | null; end: number } | null {
  const iso = readIso(line, context);
  if (iso) {
    const zone = matchAt(ZONE_NAME, line, iso.end);
    return zone && severityOfWord(zone[1] ?? "") === 0 ? { ...iso, end: iso.end + zone[0].length } : iso;
  }
  const dated = SHORT_DATE.exec(line) ?? COMPACT_DATE.exec(line);
  if (dated) {
    const [all, year, month, day, hour, minute, second] = dated;
    const date = { year: 2_000 + Number(year), month: Number(month), day: Number(day) };
    return { atMs: timeOf(date, { hour, minute, second }, undefined, context), end: all.length };
  }
  const timed = TIME_AND_LEVEL.exec(line) ?? TIME_OF_DAY.exec(line);
  if (!timed) return null;
  const [all, hour, minute, second, fraction] = timed;
  return { atMs: timeWithoutDate({ hour, minute, second, fraction }, context), end: all.length };
}

/** Reads the head; null when the line has neither a time nor a level where one is usual. */
export function readHeader(line: string, context: LineContext): TextParts | null {
  const code = line.charCodeAt(0);
  const mayHaveTime = (code >= 48 && code <= 57) || code === 91 || code === 40;
  const time = mayHaveTime ? readTime(line, context) : null;
  const start = time?.end ?? 0;
  const head = readLevel(line, start, time !== null);
  if (head) return { atMs: time?.atMs ?? null, severity: head.severity, ...readSource(line, head) };
  if (!time) return null;
  return { atMs: time.atMs, severity: 0, body: line.slice(past(GAP, line, start)), attributes: {} };
}

interface Head {
  severity: number;
  end: number;
  attributes: Attributes;
}

/** The level, past the fields that may stand before it. Without a time it has to stand out more. */
function readLevel(line: string, start: number, afterTime: boolean): Head | null {
  const attributes: Attributes = {};
  let at = start;
  for (let field = 0; field < 5; field++) {
    at = past(GAP, line, at);
    const level = levelAt(line, at, afterTime);
    if (level) return { ...level, attributes };
    const bracket = matchAt(BRACKET, line, at);
    const plain = bracket ? null : fieldAt(line, at, afterTime);
    const next = bracket ?? plain?.found;
    if (!next) return null;
    setField(attributes, bracket ? null : (plain?.name ?? null), next[1] ?? "");
    at += next[0].length;
  }
  return null;
}

function fieldAt(line: string, at: number, afterTime: boolean): { name: string; found: RegExpExecArray } | null {
  if (!afterTime) return null;
  for (const [name, shape] of FIELDS) {
    const found = matchAt(shape, line, at);
    if (found) return { name, found };
  }
  return null;
}
const FIELDS = [
  ["process.pid", PID],
  ["user.name", USER],
  ["logger", NAME_AND_DASH],
] as const;

/** In brackets stands a process when it is a number, else a thread. */
function setField(attributes: Attributes, name: string | null, value: string): void {
  const isNumber = /^\d{1,10}$/.test(value);
  const key = name ?? (isNumber ? "process.pid" : "thread.name");
  if (value !== "" && !Object.hasOwn(attributes, key)) attributes[key] = isNumber ? Number(value) : value;
}

function levelAt(line: string, at: number, afterTime: boolean): { severity: number; end: number } | null {
  const found = matchAt(LEVEL, line, at);
  if (!found) return null;
  const [all, open = "", word = "", close = "", colon = ""] = found;
  const severity = severityOfWord(word);
  if (severity === 0) return null;
  const bracketed = open !== "" && close !== "";
  const isUpper = word === word.toUpperCase();
  const end = at + all.length;
  if (bracketed) return { severity, end };
  // `Error: …` is the name of an exception, and belongs to the message
  if (!afterTime && colon !== "" && !isUpper && word !== word.toLowerCase()) return null;
  if (isAmbiguous(word) && !(colon !== "" && isUpper && afterTime)) return null;
  if (isUpper || colon !== "") return { severity, end };
  return afterTime && matchAt(SET_APART, line, end) ? { severity, end } : null;
}

/** Thread and logger behind the level, when something sets them apart from the message. */
function readSource(line: string, head: Head): Pick<TextParts, "body" | "attributes"> {
  const { attributes } = head;
  let at = past(GAP, line, head.end);
  const seen: string[] = [];
  let sourceEnd = at;
  for (let field = 0; field < 4; field++) {
    const logger = matchAt(LOGGER, line, at);
    if (logger && QUALIFIED.test(logger[1] ?? "")) {
      setField(attributes, "logger", logger[1] ?? "");
      sourceEnd = at + logger[0].length;
      for (const value of seen.splice(0)) setField(attributes, null, value);
      break;
    }
    const bracket = matchAt(BRACKET, line, at) ?? (field === 0 ? matchAt(SPRING_PID, line, at) : null);
    if (!bracket) break;
    seen.push(bracket[1] ?? "");
    at += bracket[0].length;
    const marked = past(MARK, line, at);
    if (marked > at) {
      sourceEnd = marked;
      for (const value of seen.splice(0)) setField(attributes, null, value);
    }
    at = past(GAP, line, at);
  }
  return { body: line.slice(past(GAP_OR_COLON, line, sourceEnd)), attributes };
}
const SPRING_PID = /(\d{1,10})(?= ---)/y;
const GAP_OR_COLON = /(?:\s+|[:|](?=\s)|-(?=\s))*/y;
