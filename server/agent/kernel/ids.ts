import { randomBytes } from "node:crypto";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/**
 * A sortable id: `dep_` + 10 characters of time + 8 of chance (Crockford base 32, as ULID has it).
 * Sorting by id sorts by creation to the millisecond.
 */
export function newId(prefix: string, now: number = Date.now()): string {
  let time = "";
  for (let rest = now, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) time = (ALPHABET[rest % 32] ?? "") + time;
  let chance = "";
  for (const byte of randomBytes(8)) chance += ALPHABET[byte % 32] ?? "";
  return `${prefix}_${time}${chance}`;
}
