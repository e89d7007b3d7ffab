import type { Rejection } from "../ports/telemetry.ts";
import { clipText } from "../text/clip-text.ts";

/** Reasons told apart; the counts of further ones go to the last. */
const MOST_REASONS = 50;
const MOST_EXAMPLE = 200;
const OTHER = "other reasons";
/** the value goes, and all that stands after it */
const SECRET = /((?:authorization|cookie|api[-_]?key|token|password|secret)["']?\s*[:=]\s*).*$/is;

/** Counts what was left out of a batch by reason, with one example each: see `Rejection`. */
export class RejectionTally {
  readonly #rejections = new Map<string, Rejection>();

  /** `example` is asked only when its reason is new. */
  add(reason: string, example: () => string | null, count = 1): void {
    const key = this.#rejections.has(reason) || this.#rejections.size < MOST_REASONS ? reason : OTHER;
    const known = this.#rejections.get(key);
    if (known) known.count += count;
    else this.#rejections.set(key, { reason: key, count, example: exampleText(example()) });
  }

  /** Most frequent first. */
  list(): Rejection[] {
    return [...this.#rejections.values()].sort((a, b) => b.count - a.count);
  }
}

function exampleText(text: string | null): string | null {
  if (text === null) return null;
  const short = clipText(text, MOST_EXAMPLE * 2).replace(SECRET, "$1…");
  return clipText(short, MOST_EXAMPLE).replaceAll("\0", "\ufffd").toWellFormed();
}
