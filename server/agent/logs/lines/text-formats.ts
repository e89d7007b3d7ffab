import type { Attributes } from "../../ports/telemetry.ts";
import { severityOfLetter, severityOfPriority, severityOfWord } from "./levels.ts";
import type { LineContext } from "./line-event.ts";
import { monthOf, readIso, timeOf, timeWithoutYear } from "./line-time.ts";

/** Formats of plain text that are known as a whole: where each has its time, level and fields. */

export interface TextParts {
  atMs: number | null;
  severity: number;
  body: string;
  attributes: Attributes;
}

interface TextFormat {
  /** characters a line may begin with; tested before the expression */
  begins: string;
  shape: RegExp;
  read(found: RegExpExecArray, context: LineContext, line: string): TextParts | null;
}

const DIGITS = "0123456789";
const MONTH_LETTERS = "JFMASOND";

/** Fields that a line has, under OpenTelemetry's names where there are some. */
function fields(given: Record<string, string | number | undefined>): Attributes {
  const kept: Attributes = {};
  for (const [key, value] of Object.entries(given))
    if (value !== undefined && value !== "" && value !== "-") kept[key] = value;
  return kept;
}

const whole = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
const statusSeverity = (status: number): number => (status >= 500 ? 17 : status >= 400 ? 13 : 9);
const rest = (found: RegExpExecArray, line: string): string => line.slice(found[0].length);

/** read by itself: within one expression each way to part a long request would be tried */
const REQUEST = /^([A-Z]{3,12}) ([^\s"?]{1,2000})/;

/** `10.0.0.1 - - [25/Nov/2026:10:00:00 +0000] "GET /cart HTTP/1.1" 500 12 "-" "curl/8"`: nginx, Apache, Envoy */
const accessLog: TextFormat = {
  begins: "",
  shape:
    /^(?:\S{1,255}:\d{1,5} )?(\S{1,255}) \S{1,80} (\S{1,200}) \[(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-]\d{4})\] (?="([^"]{0,16000})" (\d{3}) (\d{1,15}|-))/,
  read: (found, context, line) => {
    const [, client, user, day, month = "", year, hour, minute, second, zone, request = "", status, bytes] = found;
    const [, method, path] = REQUEST.exec(request) ?? [];
    const date = { year: Number(year), month: monthOf(month), day: Number(day) };
    return {
      atMs: timeOf(date, { hour, minute, second }, zone, context),
      severity: statusSeverity(Number(status)),
      body: rest(found, line),
      attributes: fields({
        ...{ "client.address": client, "user.name": user, "http.request.method": method, "url.path": path },
        ...{ "http.response.status_code": whole(status), "http.response.body.size": whole(bytes) },
      }),
    };
  },
};

/** `[Sun Dec 04 04:47:44.123456 2005] [core:error] [pid 35:tid 12] …` */
const apacheError: TextFormat = {
  begins: "[",
  shape:
    /^\[[A-Z][a-z]{2} ([A-Z][a-z]{2}) ( ?\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))? (\d{4})\] \[(?:([\w-]{0,40}):)?([a-z]{3,8}[1-8]?)\] (?:\[pid (\d{1,10})(?::tid \d{1,20})?\] )?(?:\[client ([^\]]{1,80})\] )?/,
  read: (found, context, line) => {
    const [, month = "", day, hour, minute, second, fraction, year, module, level = "", pid, client] = found;
    const date = { year: Number(year), month: monthOf(month), day: Number(day) };
    return {
      atMs: timeOf(date, { hour, minute, second, fraction }, undefined, context),
      severity: severityOfWord(level.replace(/[1-8]$/, "")),
      body: rest(found, line),
      attributes: fields({ logger: module, "process.pid": whole(pid), "client.address": client }),
    };
  },
};

/** `2026/11/25 10:00:00 [error] 123#7: *9 connect() failed …` */
const nginxError: TextFormat = {
  begins: DIGITS,
  shape: /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[([a-z]{4,6})\] (\d{1,10})#(\d{1,10}): (?:\*\d{1,20} )?/,
  read: (found, context, line) => {
    const [, level = "", pid, thread] = found;
    return {
      atMs: readIso(line, context)?.atMs ?? null,
      severity: severityOfWord(level),
      body: rest(found, line),
      attributes: fields({ "process.pid": whole(pid), "thread.id": whole(thread) }),
    };
  },
};

/** `E1125 10:00:00.000000   12 server.go:10] …`: klog and glog */
const klog: TextFormat = {
  begins: "IWEFD",
  shape: /^([IWEFD])(\d\d)(\d\d) (\d\d):(\d\d):(\d\d)\.(\d{6}) +(\d{1,10}) ([^\s:\]]{1,200}):(\d{1,7})\] ?/,
  read: (found, context, line) => {
    const [, letter = "", month, day, hour, minute, second, fraction, thread, file, number] = found;
    return {
      atMs: timeWithoutYear({ month: Number(month), day: Number(day) }, { hour, minute, second, fraction }, context),
      severity: severityOfLetter(letter),
      body: rest(found, line),
      attributes: fields({
        ...{ "thread.id": whole(thread), "code.file.path": file, "code.line.number": whole(number) },
      }),
    };
  },
};

/** `<34>Oct 11 22:14:15 host su[230]: …`, with or without the priority. RFC 3164. */
const syslog: TextFormat = {
  begins: `<${MONTH_LETTERS}`,
  shape:
    /^(?:<(\d{1,3})>)?([A-Z][a-z]{2}) ([ \d]?\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))? (?:([\w.:-]{1,255}) )?([^\s[\]:<>]{1,100})(?: [\d.]{1,12})?(?:\[(\d{1,10})\])?: /,
  read: (found, context, line) => {
    const [, priority, month = "", day, hour, minute, second, fraction, host, program, pid] = found;
    if (monthOf(month) === 0) return null;
    return {
      atMs: timeWithoutYear({ month: monthOf(month), day: Number(day) }, { hour, minute, second, fraction }, context),
      severity: priority === undefined ? 0 : severityOfPriority(Number(priority)),
      body: rest(found, line),
      attributes: fields({ "host.name": host, program, "process.pid": whole(pid) }),
    };
  },
};

/** `<165>1 2026-11-25T10:00:00.003Z host app 12 ID47 [x@1 a="b"] …`. RFC 5424. */
const syslog5424: TextFormat = {
  begins: "<",
  shape:
    /^<(\d{1,3})>1 (\S{1,40}) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) (?:-|(?:\[(?:[^\]"\\]|"(?:[^"\\]|\\.)*")*\])+) ?(?:\uFEFF)?/,
  read: (found, context, line) => {
    const [, priority, time = "", host, program, pid, message] = found;
    return {
      atMs: readIso(time, context)?.atMs ?? null,
      severity: severityOfPriority(Number(priority)),
      body: rest(found, line),
      attributes: fields({ "host.name": host, program, "process.pid": whole(pid), "message.id": message }),
    };
  },
};

/** `1:M 25 Nov 2026 10:00:00.123 * …`: Redis and Valkey */
const redis: TextFormat = {
  begins: DIGITS,
  shape: /^(\d{1,10}):[XCSM] (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d)\.(\d{3}) ([.*#-]) /,
  read: (found, context, line) => {
    const [, pid, day, month = "", year, hour, minute, second, fraction, sign = ""] = found;
    const date = { year: Number(year), month: monthOf(month), day: Number(day) };
    return {
      atMs: timeOf(date, { hour, minute, second, fraction }, undefined, context),
      severity: { ".": 5, "-": 5, "*": 10, "#": 13 }[sign] ?? 0,
      body: rest(found, line),
      attributes: fields({ "process.pid": whole(pid) }),
    };
  },
};

/** `E, [2026-11-25T10:00:00.123456 #12] ERROR -- api: …`: Ruby's Logger */
const ruby: TextFormat = {
  begins: "DIWEFA",
  shape: /^([DIWEFA]), \[(\d{4}-\d\d-\d\dT[\d:.]{8,15}) #(\d{1,10})\] +[A-Z]{3,7} -- ([^:]{0,100}): /,
  read: (found, context, line) => {
    const [, letter = "", time = "", pid, program] = found;
    return {
      atMs: readIso(time, context)?.atMs ?? null,
      severity: letter === "A" ? 0 : severityOfLetter(letter),
      body: rest(found, line),
      attributes: fields({ "process.pid": whole(pid), program }),
    };
  },
};

/** `WARNING:shop.cart:…` of Python's basicConfig, `fail: Shop.Cart[7]` of .NET's console */
const levelAndLogger: TextFormat = {
  begins: "DIWECTtdiwefc",
  shape: /^(?:([A-Z]{4,8}):([\w.]{1,200}):|(trce|dbug|info|warn|fail|crit): ([\w.]{1,200})\[\d{1,9}\]\s*)/,
  read: (found, _, line) => {
    const [, upper, logger, lower = "", category] = found;
    const severity = lower === "crit" ? 21 : severityOfWord(upper ?? lower);
    if (severity === 0) return null;
    return { atMs: null, severity, body: rest(found, line), attributes: fields({ logger: logger ?? category }) };
  },
};

const FORMATS: readonly TextFormat[] = [
  ...[apacheError, nginxError, klog, syslog, syslog5424, redis, ruby, levelAndLogger, accessLog],
];

/** The parts of a line in one of these formats; null for any other. */
export function readKnownFormat(line: string, context: LineContext): TextParts | null {
  const first = line.charAt(0);
  for (const { begins, shape, read } of FORMATS) {
    if (begins !== "" && !begins.includes(first)) continue;
    const found = shape.exec(line);
    const parts = found && read(found, context, line);
    if (parts) return parts;
  }
  return null;
}
