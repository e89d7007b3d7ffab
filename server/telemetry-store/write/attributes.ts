import type { AttributeValue } from "../../agent/ports/telemetry.ts";

/** `\u0000` and lone surrogates, as JSON.stringify writes them: jsonb takes neither */
const UNSTORABLE = /\\u(0000|d[89a-f])/;

/**
 * JSON that jsonb takes: NUL and lone surrogates become U+FFFD. @throws RangeError for a value nested so deeply that
 * it cannot be written out.
 */
export function storableJson(value: unknown): string {
  const json = JSON.stringify(value);
  return UNSTORABLE.test(json) ? JSON.stringify(clean(value as AttributeValue)) : json;
}

export const cleanText = (text: string): string => text.replaceAll("\0", "\uFFFD").toWellFormed();

function clean(value: AttributeValue): AttributeValue {
  if (typeof value === "string") return cleanText(value);
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [cleanText(key), clean(part)]));
}

export const isEmpty = (record: object): boolean => {
  for (const _ in record) return false;
  return true;
};
