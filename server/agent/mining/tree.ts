import type { Pattern } from "./patterns.ts";
import type { ScannedLine } from "./scanner.ts";
import { gapsOf, render } from "./template.ts";
import { VARIABLE, type Vocabulary, type Word } from "./vocabulary.ts";

/** Patterns with the same number of words. */
interface Level {
  /** changes with every one of them */
  version: number;
  readonly leaves: Map<Word, Pattern[]>;
  /** those that start with a word, by everything after it */
  readonly siblings: Map<string, Pattern[]>;
}

const NONE: readonly Pattern[] = [];

/**
 * Drain's tree of depth four: the root, the number of words, the first word, the patterns. He, Zhu, Zheng, Lyu: Drain:
 * An Online Log Parsing Approach with Fixed Depth Tree, ICWS 2017.
 */
export class PatternTree {
  readonly #vocabulary: Vocabulary;
  readonly #levels: (Level | undefined)[] = [];
  #lastKey = 0;
  #size = 0;

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  get size(): number {
    return this.#size;
  }

  level(count: number): Level {
    let level = this.#levels[count];
    if (!level) {
      level = { version: 0, leaves: new Map(), siblings: new Map() };
      this.#levels[count] = level;
    }
    return level;
  }

  leaf(count: number, first: Word | undefined): readonly Pattern[] {
    return (first && this.#levels[count]?.leaves.get(first)) ?? NONE;
  }

  /** Patterns that start with a word and go on as `rest` says. */
  siblingsOf(count: number, rest: string): readonly Pattern[] {
    return this.#levels[count]?.siblings.get(rest) ?? NONE;
  }

  all(): Pattern[] {
    return this.#levels.flatMap((level) => [...(level?.leaves.values() ?? [])].flat());
  }

  /** A pattern from a line; positions for which `isVariable` is true are variables besides the line's own. */
  create(line: ScannedLine, isVariable: (position: number) => boolean, usedAt: number): Pattern {
    const words: Word[] = [];
    for (let i = 0; i < line.count; i++) {
      const hash = line.hashes[i] ?? 0;
      const word = hash !== 0 && !isVariable(i);
      words.push(word ? this.#vocabulary.take(line, line.starts[i] ?? 0, line.ends[i] ?? 0, hash) : VARIABLE);
    }
    const gaps = gapsOf(line);
    const variables = words.filter((word) => word === VARIABLE).length;
    const pattern = { key: ++this.#lastKey, words, variables, gaps, template: render(words, gaps), usedAt };
    this.#insert(pattern);
    return pattern;
  }

  /** Makes positions of a pattern variable. */
  widen(pattern: Pattern, positions: ReadonlySet<number>): void {
    this.#takeOut(pattern);
    for (const i of positions) {
      const word = pattern.words[i];
      if (!word || word === VARIABLE) continue;
      this.#vocabulary.release(word);
      pattern.words[i] = VARIABLE;
      pattern.variables++;
    }
    pattern.template = render(pattern.words, pattern.gaps);
    this.#insert(pattern);
  }

  remove(pattern: Pattern): void {
    this.#takeOut(pattern);
    for (const word of pattern.words) this.#vocabulary.release(word);
  }

  #insert(pattern: Pattern): void {
    const level = this.level(pattern.words.length);
    const first = pattern.words[0] ?? VARIABLE;
    level.version++;
    this.#size++;
    put(level.leaves, first, pattern);
    if (first !== VARIABLE) put(level.siblings, restOf(pattern), pattern);
  }

  #takeOut(pattern: Pattern): void {
    const level = this.level(pattern.words.length);
    const first = pattern.words[0] ?? VARIABLE;
    level.version++;
    this.#size--;
    take(level.leaves, first, pattern);
    if (first !== VARIABLE) take(level.siblings, restOf(pattern), pattern);
  }
}

/** Names what comes after the first word. */
export function restOf(pattern: Pattern): string {
  let rest = "";
  for (let i = 1; i < pattern.words.length; i++) rest += `${pattern.words[i]?.id},`;
  return rest;
}

function put<Key>(lists: Map<Key, Pattern[]>, key: Key, pattern: Pattern): void {
  const list = lists.get(key);
  if (list) list.push(pattern);
  else lists.set(key, [pattern]);
}

/** The order within a list means nothing. */
function take<Key>(lists: Map<Key, Pattern[]>, key: Key, pattern: Pattern): void {
  const list = lists.get(key);
  const last = list?.pop();
  if (!list || !last) return;
  if (list.length === 0) lists.delete(key);
  if (last !== pattern) list[list.indexOf(pattern)] = last;
}
