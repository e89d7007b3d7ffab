import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";

/** Control characters that may stand in a value (RFC 9110 section 5.5), all but NUL, CR, LF and the tab. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is meant
const CONTROL = /[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]/g;
const MARK = `control-${randomUUID()}-`;
const MARKS = new RegExp(`${MARK}(..)`, "g");

/** A final head as the instance sent it: one character a byte. */
export interface RawHead {
  status: number;
  reason: string;
  headers: string[];
}

export const hasControl = (value: string): boolean => value.search(CONTROL) !== -1;

/**
 * Sets status, reason and headers of a response, control characters among them. Node refuses to write those, so it is
 * given marks in their place, which are taken back in the text it made of the head.
 */
export function writeRawHead(response: ServerResponse, { status, reason, headers }: RawHead): void {
  if (!hasControl(reason) && !headers.some(hasControl)) {
    response.writeHead(status, reason, headers);
    return;
  }
  response.writeHead(status, marked(reason), headers.map(marked));
  const made = response as unknown as { _header: string };
  made._header = made._header.replace(MARKS, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

const marked = (value: string): string =>
  value.replace(CONTROL, (one) => MARK + one.charCodeAt(0).toString(16).padStart(2, "0"));
