import { capBody, cleanText, type LineContext, type LineEvent } from "./line-event.ts";
import { timeOfValue } from "./line-time.ts";
import { parseJson, unwrapDocker } from "./parse-json.ts";
import { parseLogfmt } from "./parse-logfmt.ts";
import { readKnownFormat } from "./text-formats.ts";
import { readHeader } from "./text-header.ts";

/** Kubernetes' container log: `2026-11-25T10:00:00.123456789Z stdout F …` */
const CONTAINER = /^(\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:\d\d)) (stdout|stderr) [FP] /;

/**
 * What one line of stdout, a file or Loki says: JSON, logfmt, or plain text with its time and level in the usual
 * places. Never throws, whatever the line holds; lines joined by `join-lines.ts` are one event with their first line's
 * head. `severity` is 0 and `atMs` null where the line does not say.
 */
export function parseLine(text: string, context: LineContext): LineEvent {
  const line = cleanText(text.trimEnd());
  const wrapped = line.charCodeAt(0) === 123 ? unwrapDocker(line) : unwrapContainer(line);
  if (!wrapped) return capBody(parsePlain(line, context));
  const event = parsePlain(cleanText(wrapped.log), context);
  event.atMs ??= timeOfValue(wrapped.time, context);
  event.attributes = { "log.iostream": wrapped.stream, ...event.attributes };
  return capBody(event);
}

function unwrapContainer(line: string): { log: string; stream: string; time: unknown } | null {
  const found = CONTAINER.exec(line);
  return found && { log: line.slice(found[0].length), stream: found[2] ?? "", time: found[1] };
}

const parsePlain = (line: string, context: LineContext): LineEvent =>
  parseJson(line, context) ?? parseLogfmt(line, context) ?? parseText(line, context);

function parseText(line: string, context: LineContext): LineEvent {
  const parts = readKnownFormat(line, context) ?? readHeader(line, context);
  const event = parts ?? { atMs: null, severity: 0, body: line, attributes: {} };
  // behind syslog's head stands what the program itself wrote
  const inner = parts !== null && parts.severity === 0 && parts.body !== line ? readHeader(parts.body, context) : null;
  if (inner && inner.severity > 0 && inner.atMs === null)
    Object.assign(event, {
      severity: inner.severity,
      body: inner.body,
      attributes: { ...inner.attributes, ...event.attributes },
    });
  if (event.body === "") event.body = line;
  if (event.severity === 0) event.severity = severityOfFailure(event.body);
  return { ...event, traceId: null, spanId: null };
}

/** How runtimes begin what they print when a program fails. */
const FAILURE =
  /^(?:Uncaught |Unhandled exception|Exception in thread |Traceback \(most recent call last\)|thread '[^']{0,100}'(?: \(\d+\))? panicked at |PHP (?:Fatal|Parse) error|(?:[A-Za-z_$][\w$]{0,99}(?:\.|::)){0,12}[A-Za-z_$]?[\w$]{0,99}(?:Error|Exception)(?::\s|$|\n))/;
const CRASH = /^(?:panic: |fatal error: )/;
const STACK_FRAME = /\n[^\S\n]+(?:at |from )\S|\nTraceback |\ngoroutine \d/;
const NODE_WARNING = /^\(node:\d+\) (?:\[\w{1,20}\] )?\w{0,40}Warning: /;

function severityOfFailure(body: string): number {
  if (CRASH.test(body)) return 21;
  if (FAILURE.test(body)) return 17;
  if (NODE_WARNING.test(body)) return 13;
  return body.includes("\n") && STACK_FRAME.test(body.slice(0, 4_096)) ? 17 : 0;
}
