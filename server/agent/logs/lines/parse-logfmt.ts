import { eventOfFields } from "./field-roles.ts";
import type { LineContext, LineEvent } from "./line-event.ts";

/** `key=value key="quoted value"`, as Heroku, logrus and go-kit write it. */

const MAX_LENGTH = 65_536;
const PAIR = /([A-Za-z_@][\w.@/-]{0,127})=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?:\s+|$)/sy;
const ESCAPES: Record<string, string> = { n: "\n", t: "\t", r: "\r" };

const unescaped = (text: string): string =>
  text.includes("\\")
    ? text.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (_, code: string | undefined, character: string) =>
        code === undefined ? (ESCAPES[character] ?? character) : String.fromCharCode(Number.parseInt(code, 16)),
      )
    : text;

/** A line that consists of pairs and nothing else, two at least; null for any other. */
export function parseLogfmt(line: string, context: LineContext): LineEvent | null {
  if (line.length > MAX_LENGTH) return null;
  const fields: Record<string, string> = {};
  let pairs = 0;
  PAIR.lastIndex = 0;
  while (PAIR.lastIndex < line.length) {
    const found = PAIR.exec(line);
    if (!found) return null;
    const [, key = "", quoted, bare = ""] = found;
    if (key !== "__proto__") fields[key] = quoted === undefined ? bare : unescaped(quoted);
    pairs++;
  }
  return pairs >= 2 ? eventOfFields(fields, line, context) : null;
}
