import { randomBytes } from "node:crypto";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const CHANCE = 8;

let last = { time: "", chance: "" };

/**
 * A sortable id: `dep_` + 10 characters of time + 8 of chance (Crockford base 32, as ULID has it).
 * Sorting by id sorts by creation: to the millisecond between processes, exactly within one, where ids of the same
 * millisecond count on from the first (ULID's monotonic ids), so that an audit log reads in the order of what was done.
 */
export function newId(prefix: string, now: number = Date.now()): string {
  let time = "";
  for (let rest = now, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) time = (ALPHABET[rest % 32] ?? "") + time;
  last = { time, chance: (time === last.time ? successor(last.chance) : null) ?? chance() };
  return `${prefix}_${time}${last.chance}`;
}

function chance(): string {
  let text = "";
  for (const byte of randomBytes(CHANCE)) text += ALPHABET[byte % 32] ?? "";
  return text;
}

/** The next one in the order of the alphabet; null after the last. */
function successor(text: string): string | null {
  for (let i = text.length - 1; i >= 0; i--) {
    const digit = ALPHABET.indexOf(text[i] ?? "");
    if (digit < ALPHABET.length - 1) return text.slice(0, i) + ALPHABET[digit + 1] + "0".repeat(text.length - 1 - i);
  }
  return null;
}
