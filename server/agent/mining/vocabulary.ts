import type { Characters } from "./characters.ts";

/** A word that stands in at least one pattern. */
export interface Word {
  /** never used twice; 0 is the variable */
  readonly id: number;
  readonly text: string;
  readonly hash: number;
  uses: number;
  next: Word | undefined;
}

const BUCKETS = 2 ** 16;

export const VARIABLE: Word = { id: 0, text: "<*>", hash: 0, uses: 0, next: undefined };

/** The words of all patterns, found by a stretch of a line without copying it. A word is gone with its last use. */
export class Vocabulary {
  readonly #buckets = new Array<Word | undefined>(BUCKETS).fill(undefined);
  #lastId = 0;

  find(line: Characters, from: number, to: number, hash: number): Word | undefined {
    let word = this.#buckets[hash & (BUCKETS - 1)];
    while (word && !(word.hash === hash && isAt(word.text, line, from, to))) word = word.next;
    return word;
  }

  /** The word for one more use. */
  take(line: Characters, from: number, to: number, hash: number): Word {
    const found = this.find(line, from, to, hash);
    if (found) {
      found.uses++;
      return found;
    }
    const bucket = hash & (BUCKETS - 1);
    const word = { id: ++this.#lastId, text: copy(line, from, to), hash, uses: 1, next: this.#buckets[bucket] };
    this.#buckets[bucket] = word;
    return word;
  }

  release(word: Word): void {
    if (word === VARIABLE || --word.uses > 0) return;
    const bucket = word.hash & (BUCKETS - 1);
    let before = this.#buckets[bucket];
    if (before === word) {
      this.#buckets[bucket] = word.next;
      return;
    }
    while (before && before.next !== word) before = before.next;
    if (before) before.next = word.next;
  }
}

function isAt(word: string, line: Characters, from: number, to: number): boolean {
  if (word.length !== to - from) return false;
  for (let i = 0; i < word.length; i++) if (word.charCodeAt(i) !== line.codes[from + i]) return false;
  return true;
}

/** A slice would keep the whole line alive. */
function copy(line: Characters, from: number, to: number): string {
  return String.fromCharCode(...line.codes.subarray(from, to));
}
