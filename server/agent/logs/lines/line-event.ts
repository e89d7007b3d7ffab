import type { Attributes } from "../../ports/telemetry.ts";

/** What one line of text says, whatever format it is written in. */
export interface LineEvent {
  /** SeverityNumber of OpenTelemetry; 0: the line does not say */
  severity: number;
  /** the message without the time, level and fields that stood before it; at most 32 KiB */
  body: string;
  attributes: Attributes;
  /** the line's own time, ms since 1970; null when it has none, or none that can be believed */
  atMs: number | null;
  /** 32 hex digits in lower case */
  traceId: string | null;
  /** 16 hex digits in lower case */
  spanId: string | null;
}

/** What is known of a line besides its text. */
export interface LineContext {
  /** when the line came in, ms since 1970: gives a year, a day and a check to times that leave them out */
  receivedMs: number;
  /** east of UTC in minutes, for times that name no zone; UTC when left out */
  offsetMinutes?: number;
}

const BODY_BYTES = 32 * 1024;
/** Attribute of a body that was cut: how many characters it had. */
const TRUNCATED_FROM = "operate.truncated_from";

const NUL = "\0";
const ESCAPE = String.fromCharCode(27);
/** CSI sequences (colours, cursor) and OSC sequences (titles, links) of ECMA-48. */
const ANSI = new RegExp(`${ESCAPE}(?:\\[[0-?]*[ -/]*[@-~]|\\][^\\x07${ESCAPE}]*(?:\\x07|${ESCAPE}\\\\)?)`, "g");

/** Text that a terminal would show and PostgreSQL can store: no escape sequences, NUL bytes or halves of surrogates. */
export function cleanText(text: string): string {
  const plain = text.includes(ESCAPE) ? text.replace(ANSI, "") : text;
  const storable = plain.includes(NUL) ? plain.replaceAll(NUL, "\uFFFD") : plain;
  return storable.isWellFormed() ? storable : storable.toWellFormed();
}

const encoder = new TextEncoder();
const scratch = new Uint8Array(BODY_BYTES);

/** Cuts the body to 32 KiB of UTF-8, in place, and says so in an attribute. */
export function capBody(event: LineEvent): LineEvent {
  const { body } = event;
  if (body.length * 3 <= BODY_BYTES) return event;
  const { read } = encoder.encodeInto(body, scratch);
  if (read < body.length) {
    event.body = `${body.slice(0, read)}…`;
    event.attributes[TRUNCATED_FROM] = body.length;
  }
  return event;
}
