import { eventOfFields } from "./field-roles.ts";
import type { LineContext, LineEvent } from "./line-event.ts";

/** Longer objects are kept as text: reading them takes milliseconds, and nearly all of it would be dropped. */
const MAX_LENGTH = 1_048_576;

/** The fields of a line that is one JSON object; null when it is not. */
function fieldsOf(line: string): Record<string, unknown> | null {
  if (line.charCodeAt(0) !== 123 || !line.endsWith("}") || line.length > MAX_LENGTH) return null;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null; // a brace alone does not make it JSON
  }
}

/** A structured line; null when it is not a JSON object. */
export function parseJson(line: string, context: LineContext): LineEvent | null {
  const fields = fieldsOf(line);
  return fields === null ? null : eventOfFields(fields, line, context);
}

/** The line inside of what Docker's json-file driver writes: `{"log":"…\n","stream":"stdout","time":"…"}`. */
export function unwrapDocker(line: string): { log: string; stream: string; time: unknown } | null {
  if (!line.startsWith('{"log":"')) return null;
  const fields = fieldsOf(line);
  if (fields === null || typeof fields.log !== "string" || typeof fields.stream !== "string") return null;
  return { log: fields.log.trimEnd(), stream: fields.stream, time: fields.time };
}
